package purego

// scalar are the kernels in plain Go, for every platform.
var scalar = kernels{
	name:            "scalar",
	convolve:        convolveScalar,
	correlate:       correlateScalar,
	moments:         momentsScalar,
	affine:          affineScalar,
	affineSums:      affineSumsScalar,
	affineBackward:  affineBackwardScalar,
	maxPool:         maxPoolScalar,
	maxPoolBackward: maxPoolBackwardScalar,
}

func convolveScalar(y []float32, channel, yPixel int, x []float32, xPixel int, offsets []int, weights []float32, channels, pixels int, add bool) {
	for p := range pixels {
		for lane := 0; lane < lanes; lane += 4 {
			for m := 0; m < channels; m += 2 {
				to0 := (*[4]float32)(y[m*channel+p*yPixel+lane:])
				to1 := (*[4]float32)(y[(m+1)*channel+p*yPixel+lane:])
				var from0, from1 [4]float32
				if add {
					from0, from1 = *to0, *to1
				}
				*to0, *to1 = dot2x4(from0, from1, x[p*xPixel+lane:], offsets, weights, m, channels)
			}
		}
	}
}

// dot2x4 adds Σk weights[k*channels + m] · x[offsets[k] + lane] to from, for channel m and the next, and four lanes:
// eight sums and their operands are what the registers of amd64 hold.
func dot2x4(from0, from1 [4]float32, x []float32, offsets []int, weights []float32, m, channels int) (to0, to1 [4]float32) {
	c00, c01, c02, c03 := from0[0], from0[1], from0[2], from0[3]
	c10, c11, c12, c13 := from1[0], from1[1], from1[2], from1[3]
	for k, o := range offsets {
		v := (*[4]float32)(x[o:])
		w0, w1 := weights[k*channels+m], weights[k*channels+m+1]
		c00 += w0 * v[0]
		c10 += w1 * v[0]
		c01 += w0 * v[1]
		c11 += w1 * v[1]
		c02 += w0 * v[2]
		c12 += w1 * v[2]
		c03 += w0 * v[3]
		c13 += w1 * v[3]
	}
	return [4]float32{c00, c01, c02, c03}, [4]float32{c10, c11, c12, c13}
}

func correlateScalar(sums []float32, dy []float32, channel int, x []float32, xPixel int, offsets []int, segments []segment, channels, pixels int) {
	for m := 0; m < channels; m += 2 {
		var c00, c01, c02, c03, c10, c11, c12, c13 float32
		for lane := range lanes {
			for _, s := range segments {
				d0, d1 := dy[m*channel+s.dy+lane:], dy[(m+1)*channel+s.dy+lane:]
				x0, x1 := x[offsets[0]+s.x+lane:], x[offsets[1]+s.x+lane:]
				x2, x3 := x[offsets[2]+s.x+lane:], x[offsets[3]+s.x+lane:]
				for p := range pixels {
					v0, v1 := d0[p*lanes], d1[p*lanes]
					v := x0[p*xPixel]
					c00 += v0 * v
					c10 += v1 * v
					v = x1[p*xPixel]
					c01 += v0 * v
					c11 += v1 * v
					v = x2[p*xPixel]
					c02 += v0 * v
					c12 += v1 * v
					v = x3[p*xPixel]
					c03 += v0 * v
					c13 += v1 * v
				}
			}
		}
		for j, c := range [correlateTaps][2]float32{{c00, c10}, {c01, c11}, {c02, c12}, {c03, c13}} {
			sums[j*channels+m] += c[0]
			sums[j*channels+m+1] += c[1]
		}
	}
}

func momentsScalar(sum, squares, x []float32, r rows) {
	clear(sum[:lanes])
	clear(squares[:lanes])
	for i := range r.count {
		row := x[i*r.stride:][:r.length]
		for j, v := range row {
			sum[j%lanes] += v
		}
	}
	var mean [lanes]float32
	for lane := range mean {
		mean[lane] = sum[lane] / float32(r.count*r.length/lanes)
	}
	for i := range r.count {
		row := x[i*r.stride:][:r.length]
		for j, v := range row {
			d := v - mean[j%lanes]
			squares[j%lanes] += d * d
		}
	}
}

func affineScalar(y, x []float32, r rows, a *affine) {
	for i := range r.count {
		row := x[i*r.stride:][:r.length]
		out := y[i*r.stride:][:r.length]
		for j := 0; j < len(row); j += lanes {
			to := (*vector)(out[j:])
			for lane, v := range (*vector)(row[j:]) {
				v = a.gain[lane]*v + a.shift[lane]
				switch a.f.kind {
				case identity:
				case relu:
					v = max(v, 0)
				default:
					v = a.f.value(v)
				}
				to[lane] = v
			}
		}
	}
}

func affineSumsScalar(sum, product, dy, x []float32, r rows, a *affineGradient) {
	sums, products := (*vector)(sum), (*vector)(product)
	*sums, *products = vector{}, vector{}
	for i := range r.count {
		row := x[i*r.stride:][:r.length]
		gradient := dy[i*r.stride:][:r.length]
		for j := 0; j < len(row); j += lanes {
			from := (*vector)(gradient[j:])
			for lane, v := range (*vector)(row[j:]) {
				d := from[lane]
				switch a.f.kind {
				case identity:
				case relu:
					if a.gain[lane]*v+a.shift[lane] <= 0 {
						d = 0
					}
				default:
					d *= a.f.slope(a.gain[lane]*v + a.shift[lane])
				}
				sums[lane] += d
				products[lane] += d * (v - a.mean[lane])
			}
		}
	}
}

func affineBackwardScalar(dy, x []float32, r rows, a *affineGradient) {
	for i := range r.count {
		row := x[i*r.stride:][:r.length]
		gradient := dy[i*r.stride:][:r.length]
		for j := 0; j < len(row); j += lanes {
			from, to := (*vector)(gradient[j:]), (*vector)(row[j:])
			for lane, v := range to {
				d := from[lane]
				switch a.f.kind {
				case identity:
				case relu:
					if a.gain[lane]*v+a.shift[lane] <= 0 {
						d = 0
					}
				default:
					d *= a.f.slope(a.gain[lane]*v + a.shift[lane])
				}
				to[lane] = a.gain[lane]*d + (a.xGain[lane]*v + a.constant[lane])
			}
		}
	}
}

func maxPoolScalar(y, x []float32, w window) {
	for ; len(y) > 0; y, x = y[lanes:], x[w.width*lanes:] {
		best := (*[lanes]float32)(y)
		*best = [lanes]float32(x)
		for i := range w.height {
			for j := range w.width {
				for lane, v := range [lanes]float32(x[i*w.stride+j*lanes:]) {
					if v > best[lane] {
						best[lane] = v
					}
				}
			}
		}
	}
}

func maxPoolBackwardScalar(dy, x []float32, w window) {
	for ; len(dy) > 0; dy, x = dy[lanes:], x[w.width*lanes:] {
		var at [lanes]int
		best := [lanes]float32(x)
		for i := range w.height {
			for j := range w.width {
				offset := i*w.stride + j*lanes
				pixel := (*[lanes]float32)(x[offset:])
				for lane, v := range pixel {
					if v > best[lane] {
						best[lane], at[lane] = v, offset
					}
				}
				*pixel = [lanes]float32{}
			}
		}
		for lane, offset := range at {
			x[offset+lane] = dy[lane]
		}
	}
}
