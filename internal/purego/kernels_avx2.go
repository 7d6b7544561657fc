//go:build goexperiment.simd && amd64

package purego

import (
	"simd/archsimd"
	"unsafe"
)

// avx2 are the kernels for AVX2 with FMA: a vector is two registers.
//
// Here and in the kernels for AVX-512, convolve, correlate and maxPool read and write without bounds checks
// exactly the elements that the formulas in kernels name. product, conv and maxPool keep those inside of
// their tensors, whose borders are wide enough for every tap.
var avx2 = kernels{
	name:            "AVX2",
	convolve:        convolveAVX2,
	correlate:       correlateAVX2,
	moments:         momentsAVX2,
	affine:          affineAVX2,
	affineSums:      affineSumsAVX2,
	affineBackward:  affineBackwardAVX2,
	maxPool:         maxPoolAVX2,
	maxPoolBackward: maxPoolBackwardAVX2,
}

func load8(p unsafe.Pointer, i int) archsimd.Float32x8 {
	return archsimd.LoadFloat32x8((*[8]float32)(unsafe.Add(p, i*4)))
}

func store8(v archsimd.Float32x8, p unsafe.Pointer, i int) {
	v.Store((*[8]float32)(unsafe.Add(p, i*4)))
}

func convolveAVX2(y []float32, channel, yPixel int, x []float32, xPixel int, offsets []int, weights []float32, pixels int, add bool) {
	wp := unsafe.Pointer(unsafe.SliceData(weights))
	for p := range pixels {
		yp, xp := unsafe.Pointer(&y[p*yPixel]), unsafe.Pointer(&x[p*xPixel])
		var c00, c01, c10, c11, c20, c21, c30, c31 archsimd.Float32x8
		if add {
			c00, c01 = load8(yp, 0), load8(yp, 8)
			c10, c11 = load8(yp, channel), load8(yp, channel+8)
			c20, c21 = load8(yp, 2*channel), load8(yp, 2*channel+8)
			c30, c31 = load8(yp, 3*channel), load8(yp, 3*channel+8)
		}
		for k, o := range offsets {
			x0, x1, w := load8(xp, o), load8(xp, o+8), (*[tile]float32)(unsafe.Add(wp, k*tile*4))
			b := archsimd.BroadcastFloat32x8(w[0])
			c00, c01 = b.MulAdd(x0, c00), b.MulAdd(x1, c01)
			b = archsimd.BroadcastFloat32x8(w[1])
			c10, c11 = b.MulAdd(x0, c10), b.MulAdd(x1, c11)
			b = archsimd.BroadcastFloat32x8(w[2])
			c20, c21 = b.MulAdd(x0, c20), b.MulAdd(x1, c21)
			b = archsimd.BroadcastFloat32x8(w[3])
			c30, c31 = x0.MulAdd(b, c30), x1.MulAdd(b, c31)
		}
		store8(c00, yp, 0)
		store8(c01, yp, 8)
		store8(c10, yp, channel)
		store8(c11, yp, channel+8)
		store8(c20, yp, 2*channel)
		store8(c21, yp, 2*channel+8)
		store8(c30, yp, 3*channel)
		store8(c31, yp, 3*channel+8)
	}
}

func correlateAVX2(sums []float32, dy []float32, channel int, x []float32, xPixel int, offsets [2]int, segments []segment, pixels int) {
	var c00, c01, c10, c11, c20, c21, c30, c31 archsimd.Float32x8
	for half := 0; half < lanes; half += 8 {
		for _, s := range segments {
			d := unsafe.Pointer(&dy[s.dy+half])
			p0, p1 := unsafe.Pointer(&x[s.x+half+offsets[0]]), unsafe.Pointer(&x[s.x+half+offsets[1]])
			for range pixels {
				x0, x1 := load8(p0, 0), load8(p1, 0)
				v := load8(d, 0)
				c00, c01 = v.MulAdd(x0, c00), v.MulAdd(x1, c01)
				v = load8(d, channel)
				c10, c11 = v.MulAdd(x0, c10), v.MulAdd(x1, c11)
				v = load8(d, 2*channel)
				c20, c21 = v.MulAdd(x0, c20), v.MulAdd(x1, c21)
				v = load8(d, 3*channel)
				c30, c31 = x0.MulAdd(v, c30), x1.MulAdd(v, c31)
				d, p0, p1 = unsafe.Add(d, lanes*4), unsafe.Add(p0, xPixel*4), unsafe.Add(p1, xPixel*4)
			}
		}
	}
	addSums4(sums, c00, c10, c20, c30)
	addSums4(sums[tile:], c01, c11, c21, c31)
}

// addSums4 adds the sums of four vectors to four numbers.
func addSums4(sums []float32, a, b, c, d archsimd.Float32x8) {
	v := a.AddPairsGrouped(b).AddPairsGrouped(c.AddPairsGrouped(d))
	v.GetLo().Add(v.GetHi()).Add(archsimd.LoadFloat32x4Slice(sums)).StoreSlice(sums)
}

func momentsAVX2(sum, squares, x []float32, r rows) {
	var s0, s1, q0, q1 archsimd.Float32x8
	for i := range r.count {
		row := x[i*r.stride:][:r.length]
		for j := 0; j < len(row); j += lanes {
			p := unsafe.Pointer(&row[j])
			s0, s1 = s0.Add(load8(p, 0)), s1.Add(load8(p, 8))
		}
	}
	inverse := archsimd.BroadcastFloat32x8(float32(lanes) / float32(r.count*r.length))
	mean0, mean1 := s0.Mul(inverse), s1.Mul(inverse)
	for i := range r.count {
		row := x[i*r.stride:][:r.length]
		for j := 0; j < len(row); j += lanes {
			p := unsafe.Pointer(&row[j])
			d0, d1 := load8(p, 0).Sub(mean0), load8(p, 8).Sub(mean1)
			q0, q1 = d0.MulAdd(d0, q0), d1.MulAdd(d1, q1)
		}
	}
	s0.StoreSlice(sum)
	s1.StoreSlice(sum[8:])
	q0.StoreSlice(squares)
	q1.StoreSlice(squares[8:])
}

// halves are the two registers of a vector.
func halves(v *vector) (low, high archsimd.Float32x8) {
	return load8(unsafe.Pointer(v), 0), load8(unsafe.Pointer(v), 8)
}

func affineAVX2(y, x []float32, r rows, a affine) {
	gain0, gain1 := halves(&a.gain)
	shift0, shift1 := halves(&a.shift)
	var zero archsimd.Float32x8
	for i := range r.count {
		row := x[i*r.stride:][:r.length]
		out := y[i*r.stride:][:r.length]
		for j := 0; j < len(row); j += lanes {
			p, q := unsafe.Pointer(&row[j]), unsafe.Pointer(&out[j])
			v0, v1 := load8(p, 0).MulAdd(gain0, shift0), load8(p, 8).MulAdd(gain1, shift1)
			switch a.f.kind {
			case identity:
			case relu:
				// A maximum could hide NaN: see exponential8.
				v0, v1 = zero.Merge(v0, v0.LessEqual(zero)), zero.Merge(v1, v1.LessEqual(zero))
			case celu:
				v0, v1 = celu8(v0, a.f.alpha, a.f.inverse), celu8(v1, a.f.alpha, a.f.inverse)
			case gelu:
				v0, v1 = gelu8(v0), gelu8(v1)
			}
			store8(v0, q, 0)
			store8(v1, q, 8)
		}
	}
}

func affineSumsAVX2(sum, product, dy, x []float32, r rows, a affineGradient) {
	gain0, gain1 := halves(&a.gain)
	shift0, shift1 := halves(&a.shift)
	mean0, mean1 := halves(&a.mean)
	var zero, s0, s1, p0, p1 archsimd.Float32x8
	for i := range r.count {
		row := x[i*r.stride:][:r.length]
		gradient := dy[i*r.stride:][:r.length]
		for j := 0; j < len(row); j += lanes {
			p, q := unsafe.Pointer(&row[j]), unsafe.Pointer(&gradient[j])
			v0, v1, d0, d1 := load8(p, 0), load8(p, 8), load8(q, 0), load8(q, 8)
			switch a.f.kind {
			case identity:
			case relu:
				d0 = d0.Masked(v0.MulAdd(gain0, shift0).Greater(zero))
				d1 = d1.Masked(v1.MulAdd(gain1, shift1).Greater(zero))
			case celu:
				d0 = d0.Mul(celuSlope8(v0.MulAdd(gain0, shift0), a.f.inverse))
				d1 = d1.Mul(celuSlope8(v1.MulAdd(gain1, shift1), a.f.inverse))
			case gelu:
				d0 = d0.Mul(geluSlope8(v0.MulAdd(gain0, shift0)))
				d1 = d1.Mul(geluSlope8(v1.MulAdd(gain1, shift1)))
			}
			s0, s1 = s0.Add(d0), s1.Add(d1)
			p0, p1 = d0.MulAdd(v0.Sub(mean0), p0), d1.MulAdd(v1.Sub(mean1), p1)
		}
	}
	s0.StoreSlice(sum)
	s1.StoreSlice(sum[8:])
	p0.StoreSlice(product)
	p1.StoreSlice(product[8:])
}

func affineBackwardAVX2(dy, x []float32, r rows, a affineGradient) {
	gain0, gain1 := halves(&a.gain)
	shift0, shift1 := halves(&a.shift)
	xGain0, xGain1 := halves(&a.xGain)
	constant0, constant1 := halves(&a.constant)
	var zero archsimd.Float32x8
	for i := range r.count {
		row := x[i*r.stride:][:r.length]
		gradient := dy[i*r.stride:][:r.length]
		for j := 0; j < len(row); j += lanes {
			p, q := unsafe.Pointer(&row[j]), unsafe.Pointer(&gradient[j])
			v0, v1, d0, d1 := load8(p, 0), load8(p, 8), load8(q, 0), load8(q, 8)
			switch a.f.kind {
			case identity:
			case relu:
				d0 = d0.Masked(v0.MulAdd(gain0, shift0).Greater(zero))
				d1 = d1.Masked(v1.MulAdd(gain1, shift1).Greater(zero))
			case celu:
				d0 = d0.Mul(celuSlope8(v0.MulAdd(gain0, shift0), a.f.inverse))
				d1 = d1.Mul(celuSlope8(v1.MulAdd(gain1, shift1), a.f.inverse))
			case gelu:
				d0 = d0.Mul(geluSlope8(v0.MulAdd(gain0, shift0)))
				d1 = d1.Mul(geluSlope8(v1.MulAdd(gain1, shift1)))
			}
			store8(d0.MulAdd(gain0, v0.MulAdd(xGain0, constant0)), p, 0)
			store8(d1.MulAdd(gain1, v1.MulAdd(xGain1, constant1)), p, 8)
		}
	}
}

func maxPoolAVX2(y, x []float32, w window) {
	for i := 0; i < len(y); i += 8 {
		p := unsafe.Pointer(&x[i/lanes*w.width*lanes+i%lanes])
		windowMaximum(p, w).StoreSlice(y[i:])
	}
}

// windowMaximum is the maximum of a window, lane by lane, in one half of its vectors.
func windowMaximum(p unsafe.Pointer, w window) archsimd.Float32x8 {
	best := load8(p, 0)
	for i := range w.height {
		for j := range w.width {
			best = best.Max(load8(p, i*w.stride+j*lanes))
		}
	}
	return best
}

// maxPoolBackwardAVX2 gives what is left of the gradient to whatever equals the maximum.
func maxPoolBackwardAVX2(dy, x []float32, w window) {
	for i := 0; i < len(dy); i += 8 {
		p := unsafe.Pointer(&x[i/lanes*w.width*lanes+i%lanes])
		best := windowMaximum(p, w)
		left := archsimd.LoadFloat32x8Slice(dy[i:])
		for i := range w.height {
			for j := range w.width {
				offset := i*w.stride + j*lanes
				v := load8(p, offset)
				store8(left.Masked(v.Equal(best)), p, offset)
				left = left.Masked(v.NotEqual(best))
			}
		}
	}
}
