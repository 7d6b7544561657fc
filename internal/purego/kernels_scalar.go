package purego

// scalar are the kernels in plain Go, for every platform. Eight sums and their operands are what the
// registers of amd64 hold.
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

func convolveScalar(y []float32, channel, yPixel int, x []float32, xPixel int, offsets []int, weights []float32, pixels int, add bool) {
	for p := range pixels {
		for lane := 0; lane < lanes; lane += 2 {
			sums := dot4x2(x[p*xPixel+lane:], offsets, weights)
			for m := range tile {
				to := (*[2]float32)(y[m*channel+p*yPixel+lane:])
				if add {
					to[0] += sums[m][0]
					to[1] += sums[m][1]
				} else {
					*to = sums[m]
				}
			}
		}
	}
}

// dot4x2 is Σk weights[k*tile + m] · x[offsets[k] + lane] for four channels m and two lanes.
//
// It is a function of its own to keep the sums in registers. The bounds checks help with that: without
// them the compiler moves all products before all sums, which are then too many to hold.
func dot4x2(x []float32, offsets []int, weights []float32) [tile][2]float32 {
	var c00, c01, c10, c11, c20, c21, c30, c31 float32
	for k, o := range offsets {
		v0, v1 := x[o], x[o+1]
		w := weights[k*tile]
		c00 += w * v0
		c01 += w * v1
		w = weights[k*tile+1]
		c10 += w * v0
		c11 += w * v1
		w = weights[k*tile+2]
		c20 += w * v0
		c21 += w * v1
		w = weights[k*tile+3]
		c30 += w * v0
		c31 += w * v1
	}
	return [tile][2]float32{{c00, c01}, {c10, c11}, {c20, c21}, {c30, c31}}
}

func correlateScalar(sums []float32, dy []float32, channel int, x []float32, xPixel int, offsets [2]int, segments []segment, pixels int) {
	var c00, c01, c10, c11, c20, c21, c30, c31 float32
	for lane := range lanes {
		for _, s := range segments {
			d0 := dy[s.dy+lane:]
			d1 := dy[s.dy+lane+channel:]
			d2 := dy[s.dy+lane+2*channel:]
			d3 := dy[s.dy+lane+3*channel:]
			x0 := x[s.x+lane+offsets[0]:]
			x1 := x[s.x+lane+offsets[1]:]
			for p := range pixels {
				v0, v1 := x0[p*xPixel], x1[p*xPixel]
				d := d0[p*lanes]
				c00 += d * v0
				c01 += d * v1
				d = d1[p*lanes]
				c10 += d * v0
				c11 += d * v1
				d = d2[p*lanes]
				c20 += d * v0
				c21 += d * v1
				d = d3[p*lanes]
				c30 += d * v0
				c31 += d * v1
			}
		}
	}
	for i, c := range [2 * tile]float32{c00, c10, c20, c30, c01, c11, c21, c31} {
		sums[i] += c
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

func affineScalar(y, x []float32, r rows, a affine) {
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

func affineSumsScalar(sum, product, dy, x []float32, r rows, a affineGradient) {
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

func affineBackwardScalar(dy, x []float32, r rows, a affineGradient) {
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
