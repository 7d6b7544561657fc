package kernels

import (
	"math"
	"unsafe"
)

// scalar are the kernels in plain Go, for every platform.
var scalar = Set{
	Name:                  "scalar",
	Lanes:                 lanes,
	WideTile:              wideTile,
	NarrowTile:            narrowTile,
	Taps:                  correlateTaps,
	Convolve:              convolveScalar,
	Correlate:             correlateScalar,
	ChannelBlocks:         1,
	ConvolveChannels:      convolveChannelsScalar,
	Transpose:             transposeScalar,
	Moments:               momentsScalar,
	Affine:                affineScalar,
	AffineSums:            affineSumsScalar,
	AffineBackward:        affineBackwardScalar,
	MaxPool:               maxPoolScalar,
	MaxPoolBackward:       maxPoolBackwardScalar,
	MaxPoolAffineBackward: maxPoolAffineBackwardScalar,
	WinogradChannels:      64,
	Winograd:              winogradScalar,
}

// Both products go through a tile by three channels, or two of a narrow one, and two lanes or taps: six sums and their
// products are what the registers of amd64 hold, and with more the compiler keeps some in memory. Where it can see no
// end of a slice it also checks every index, which takes half of the time, so these loops use addresses.

func convolveScalar(y []float32, channel, yPixel int, x []float32, xPixel int, offsets []int, weights []float32, channels, pixels int, add bool) {
	step := 3
	if channels == narrowTile {
		step = 2
	}
	w := unsafe.Pointer(unsafe.SliceData(weights))
	for p := range pixels {
		for lane := 0; lane < lanes; lane += 2 {
			for m := 0; m < channels; m += step {
				var sums [3][2]float32
				for i := range step {
					if add {
						sums[i] = [2]float32(y[(m+i)*channel+p*yPixel+lane:])
					}
				}
				from, weights := unsafe.Pointer(&x[p*xPixel+lane]), unsafe.Add(w, m*floatBytes)
				if step == 3 { // called by name, so that the sums stay off the heap
					dot3x2(&sums, from, offsets, weights, channels*floatBytes)
				} else {
					dot2x2(&sums, from, offsets, weights, channels*floatBytes)
				}
				for i := range step {
					copy(y[(m+i)*channel+p*yPixel+lane:], sums[i][:])
				}
			}
		}
	}
}

// floatBytes is the size of a float32.
const floatBytes = 4

// dot3x2 adds Σk w[k*step + m] · x[offsets[k] + lane] to sums, for three channels m and two lanes; step is in bytes.
func dot3x2(sums *[3][2]float32, x unsafe.Pointer, offsets []int, w unsafe.Pointer, step int) {
	c00, c01, c10, c11, c20, c21 := sums[0][0], sums[0][1], sums[1][0], sums[1][1], sums[2][0], sums[2][1]
	at := 0
	for _, o := range offsets {
		v, weights := (*[2]float32)(unsafe.Add(x, o*floatBytes)), (*[3]float32)(unsafe.Add(w, at))
		v0, v1 := v[0], v[1]
		c00 += weights[0] * v0
		c01 += weights[0] * v1
		c10 += weights[1] * v0
		c11 += weights[1] * v1
		c20 += weights[2] * v0
		c21 += weights[2] * v1
		at += step
	}
	*sums = [3][2]float32{{c00, c01}, {c10, c11}, {c20, c21}}
}

// dot2x2 is dot3x2 for two channels.
func dot2x2(sums *[3][2]float32, x unsafe.Pointer, offsets []int, w unsafe.Pointer, step int) {
	c00, c01, c10, c11 := sums[0][0], sums[0][1], sums[1][0], sums[1][1]
	at := 0
	for _, o := range offsets {
		v, weights := (*[2]float32)(unsafe.Add(x, o*floatBytes)), (*[2]float32)(unsafe.Add(w, at))
		v0, v1 := v[0], v[1]
		c00 += weights[0] * v0
		c01 += weights[0] * v1
		c10 += weights[1] * v0
		c11 += weights[1] * v1
		at += step
	}
	*sums = [3][2]float32{{c00, c01}, {c10, c11}}
}

func correlateScalar(sums []float32, dy []float32, channel int, x []float32, xPixel int, offsets []int, segments []Segment, channels, pixels int) {
	step := 3
	if channels == narrowTile {
		step = 2
	}
	for j := 0; j < correlateTaps; j += 2 {
		for m := 0; m < channels; m += step {
			var products [3][2]float32
			for lane := range lanes {
				d, x0, x1 := unsafe.Pointer(&dy[m*channel+lane]), unsafe.Pointer(&x[offsets[j]+lane]), unsafe.Pointer(&x[offsets[j+1]+lane])
				if step == 3 {
					correlate3x2(&products, d, channel*floatBytes, x0, x1, xPixel*floatBytes, segments, pixels)
				} else {
					correlate2x2(&products, d, channel*floatBytes, x0, x1, xPixel*floatBytes, segments, pixels)
				}
			}
			for i := range step {
				sums[j*channels+m+i] += products[i][0]
				sums[(j+1)*channels+m+i] += products[i][1]
			}
		}
	}
}

// correlate3x2 adds Σs Σp dy[m*channel + s.Dy + p*lanes] · x[s.X + p*xPixel] to sums, for three channels m and each of
// two x; channel and xPixel are in bytes.
func correlate3x2(sums *[3][2]float32, dy unsafe.Pointer, channel int, x0, x1 unsafe.Pointer, xPixel int, segments []Segment, pixels int) {
	c00, c01, c10, c11, c20, c21 := sums[0][0], sums[0][1], sums[1][0], sums[1][1], sums[2][0], sums[2][1]
	for _, s := range segments {
		d, x0, x1 := unsafe.Add(dy, s.Dy*floatBytes), unsafe.Add(x0, s.X*floatBytes), unsafe.Add(x1, s.X*floatBytes)
		row, column := 0, 0
		for range pixels {
			v0, v1 := *(*float32)(unsafe.Add(x0, column)), *(*float32)(unsafe.Add(x1, column))
			d0, d1, d2 := *(*float32)(unsafe.Add(d, row)), *(*float32)(unsafe.Add(d, row+channel)), *(*float32)(unsafe.Add(d, row+2*channel))
			c00 += d0 * v0
			c01 += d0 * v1
			c10 += d1 * v0
			c11 += d1 * v1
			c20 += d2 * v0
			c21 += d2 * v1
			row, column = row+lanes*floatBytes, column+xPixel
		}
	}
	*sums = [3][2]float32{{c00, c01}, {c10, c11}, {c20, c21}}
}

// correlate2x2 is correlate3x2 for two channels.
func correlate2x2(sums *[3][2]float32, dy unsafe.Pointer, channel int, x0, x1 unsafe.Pointer, xPixel int, segments []Segment, pixels int) {
	c00, c01, c10, c11 := sums[0][0], sums[0][1], sums[1][0], sums[1][1]
	for _, s := range segments {
		d, x0, x1 := unsafe.Add(dy, s.Dy*floatBytes), unsafe.Add(x0, s.X*floatBytes), unsafe.Add(x1, s.X*floatBytes)
		row, column := 0, 0
		for range pixels {
			v0, v1 := *(*float32)(unsafe.Add(x0, column)), *(*float32)(unsafe.Add(x1, column))
			d0, d1 := *(*float32)(unsafe.Add(d, row)), *(*float32)(unsafe.Add(d, row+channel))
			c00 += d0 * v0
			c01 += d0 * v1
			c10 += d1 * v0
			c11 += d1 * v1
			row, column = row+lanes*floatBytes, column+xPixel
		}
	}
	*sums = [3][2]float32{{c00, c01}, {c10, c11}}
}

func transposeScalar(y []float32, yRow int, x []float32, xRow int) {
	for i := range lanes {
		for j, v := range (*Vector)(x[i*xRow:]) {
			y[j*yRow+i] = v
		}
	}
}

func momentsScalar(sum, squares, x []float32, r Rows) {
	clear(sum[:lanes])
	clear(squares[:lanes])
	for i := range r.Count {
		row := x[i*r.Stride:][:r.Length]
		for j, v := range row {
			sum[j%lanes] += v
		}
	}
	var mean [lanes]float32
	for lane := range mean {
		mean[lane] = sum[lane] / float32(r.Count*r.Length/lanes)
	}
	for i := range r.Count {
		row := x[i*r.Stride:][:r.Length]
		for j, v := range row {
			d := v - mean[j%lanes]
			squares[j%lanes] += d * d
		}
	}
}

func affineScalar(y, x []float32, r Rows, a *Affine) {
	gain, shift, f := a.Gain, a.Shift, a.F // copies: what is written cannot change them
	for i := range r.Count {
		row := x[i*r.Stride:][:r.Length]
		out := y[i*r.Stride:][:r.Length]
		for j := 0; j < len(row); j += lanes {
			to := (*Vector)(out[j:])
			for lane, v := range (*Vector)(row[j:]) {
				v = gain[lane]*v + shift[lane]
				switch f.Kind {
				case Identity:
				case ReLU:
					v = max(v, 0)
				default:
					v = f.Value(v)
				}
				to[lane] = v
			}
		}
	}
}

func affineSumsScalar(sum, product, dy, x []float32, r Rows, a *AffineGradient) {
	gain, shift, mean, f := a.Gain, a.Shift, a.Mean, a.F
	sums, products := (*Vector)(sum), (*Vector)(product)
	*sums, *products = Vector{}, Vector{}
	for i := range r.Count {
		row := x[i*r.Stride:][:r.Length]
		gradient := dy[i*r.Stride:][:r.Length]
		for j := 0; j < len(row); j += lanes {
			from := (*Vector)(gradient[j:])
			for lane, v := range (*Vector)(row[j:]) {
				d := from[lane]
				switch f.Kind {
				case Identity:
				case ReLU:
					d = where(gain[lane]*v+shift[lane], d)
				default:
					d *= f.Slope(gain[lane]*v + shift[lane])
				}
				sums[lane] += d
				products[lane] += d * (v - mean[lane])
			}
		}
	}
}

func affineBackwardScalar(dy, x []float32, r Rows, a *AffineGradient) {
	gain, shift, xGain, constant, f := a.Gain, a.Shift, a.XGain, a.Constant, a.F
	for i := range r.Count {
		row := x[i*r.Stride:][:r.Length]
		gradient := dy[i*r.Stride:][:r.Length]
		for j := 0; j < len(row); j += lanes {
			from, to := (*Vector)(gradient[j:]), (*Vector)(row[j:])
			for lane, v := range to {
				d := from[lane]
				switch f.Kind {
				case Identity:
				case ReLU:
					d = where(gain[lane]*v+shift[lane], d)
				default:
					d *= f.Slope(gain[lane]*v + shift[lane])
				}
				to[lane] = gain[lane]*d + (xGain[lane]*v + constant[lane])
			}
		}
	}
}

// where is d if v > 0, and otherwise 0, without a jump that no processor could foresee.
func where(v, d float32) float32 {
	bits := int32(math.Float32bits(v)) // greater than 0 like v, but for NaN
	mask := -bits >> 31 &^ (bits >> 31)
	return math.Float32frombits(math.Float32bits(d) & uint32(mask))
}

// sign is 1, or -1 for a window whose maximum is the least value: that is the greatest with other signs.
func (w Window) sign() float32 {
	if w.Least {
		return -1
	}
	return 1
}

func maxPoolScalar(y, x []float32, w Window) {
	sign := w.sign()
	for ; len(y) > 0; y, x = y[lanes:], x[w.Width*lanes:] {
		best := (*[lanes]float32)(y)
		*best = [lanes]float32(x)
		for i := range w.Height {
			for j := range w.Width {
				for lane, v := range [lanes]float32(x[i*w.Stride+j*lanes:]) {
					if sign*v > sign*best[lane] {
						best[lane] = v
					}
				}
			}
		}
	}
}

func maxPoolBackwardScalar(dy, x []float32, w Window) {
	w.Least = false
	spreadScalar(dy, x, w, func(pixel *[lanes]float32) { *pixel = [lanes]float32{} })
}

func maxPoolAffineBackwardScalar(dy, x []float32, w Window, a *AffineGradient) {
	gain, constant := a.XGain, a.Constant
	spreadScalar(dy, x, w, func(pixel *[lanes]float32) {
		for lane, v := range pixel {
			pixel[lane] = gain[lane]*v + constant[lane]
		}
	})
}

// spreadScalar has f replace pixels, and then dy the first maximum of each window.
func spreadScalar(dy, x []float32, w Window, f func(pixel *[lanes]float32)) {
	sign := w.sign()
	for ; len(dy) > 0; dy, x = dy[lanes:], x[w.Width*lanes:] {
		var at [lanes]int
		best := [lanes]float32(x)
		for i := range w.Height {
			for j := range w.Width {
				offset := i*w.Stride + j*lanes
				pixel := (*[lanes]float32)(x[offset:])
				for lane, v := range pixel {
					if sign*v > sign*best[lane] {
						best[lane], at[lane] = v, offset
					}
				}
				f(pixel)
			}
		}
		for lane, offset := range at {
			x[offset+lane] = dy[lane]
		}
	}
}
