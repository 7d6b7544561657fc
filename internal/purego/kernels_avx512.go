//go:build goexperiment.simd && amd64

package purego

import (
	"simd/archsimd"
	"unsafe"
)

// avx512 are the kernels for AVX-512: a vector is a register. Moments and pools wait for memory and gain
// nothing over AVX2.
//
// The compiler gives vectors 15 registers, which hold 8 sums and their operands; with 12 sums, or two taps
// or pixels in one iteration, it spills. A multiply-add replaces its first factor, so that is one which is
// not needed again where possible.
var avx512 = kernels{
	name:            "AVX-512",
	convolve:        convolveAVX512,
	correlate:       correlateAVX512,
	moments:         momentsAVX2,
	affine:          affineAVX512,
	affineSums:      affineSumsAVX512,
	affineBackward:  affineBackwardAVX512,
	maxPool:         maxPoolAVX2,
	maxPoolBackward: maxPoolBackwardAVX2,
}

func load16(p unsafe.Pointer, i int) archsimd.Float32x16 {
	return archsimd.LoadFloat32x16((*[16]float32)(unsafe.Add(p, i*4)))
}

func store16(v archsimd.Float32x16, p unsafe.Pointer, i int) {
	v.Store((*[16]float32)(unsafe.Add(p, i*4)))
}

func convolveAVX512(y []float32, channel, yPixel int, x []float32, xPixel int, offsets []int, weights []float32, pixels int, add bool) {
	w := unsafe.Pointer(unsafe.SliceData(weights))
	p := 0
	for ; p+2 <= pixels; p += 2 {
		yp, x0, x1 := unsafe.Pointer(&y[p*yPixel]), unsafe.Pointer(&x[p*xPixel]), unsafe.Pointer(&x[(p+1)*xPixel])
		convolve2AVX512(yp, channel, yPixel, x0, x1, offsets, w, add)
	}
	if p < pixels {
		convolve1AVX512(unsafe.Pointer(&y[p*yPixel]), channel, unsafe.Pointer(&x[p*xPixel]), offsets, w, add)
	}
}

// convolve2AVX512 is convolve for two pixels, whose taps start at x0 and x1.
func convolve2AVX512(y unsafe.Pointer, channel, yPixel int, x0, x1 unsafe.Pointer, offsets []int, weights unsafe.Pointer, add bool) {
	var c00, c01, c10, c11, c20, c21, c30, c31 archsimd.Float32x16
	if add {
		c00, c01 = load16(y, 0), load16(y, yPixel)
		c10, c11 = load16(y, channel), load16(y, channel+yPixel)
		c20, c21 = load16(y, 2*channel), load16(y, 2*channel+yPixel)
		c30, c31 = load16(y, 3*channel), load16(y, 3*channel+yPixel)
	}
	for k, o := range offsets {
		v0, v1, w := load16(x0, o), load16(x1, o), (*[tile]float32)(unsafe.Add(weights, k*tile*4))
		b := archsimd.BroadcastFloat32x16(w[0])
		c00, c01 = b.MulAdd(v0, c00), b.MulAdd(v1, c01)
		b = archsimd.BroadcastFloat32x16(w[1])
		c10, c11 = b.MulAdd(v0, c10), b.MulAdd(v1, c11)
		b = archsimd.BroadcastFloat32x16(w[2])
		c20, c21 = b.MulAdd(v0, c20), b.MulAdd(v1, c21)
		b = archsimd.BroadcastFloat32x16(w[3])
		c30, c31 = v0.MulAdd(b, c30), v1.MulAdd(b, c31)
	}
	store16(c00, y, 0)
	store16(c01, y, yPixel)
	store16(c10, y, channel)
	store16(c11, y, channel+yPixel)
	store16(c20, y, 2*channel)
	store16(c21, y, 2*channel+yPixel)
	store16(c30, y, 3*channel)
	store16(c31, y, 3*channel+yPixel)
}

// convolve1AVX512 is convolve for one pixel, whose taps start at x.
func convolve1AVX512(y unsafe.Pointer, channel int, x unsafe.Pointer, offsets []int, weights unsafe.Pointer, add bool) {
	var c0, c1, c2, c3 archsimd.Float32x16
	if add {
		c0, c1, c2, c3 = load16(y, 0), load16(y, channel), load16(y, 2*channel), load16(y, 3*channel)
	}
	for k, o := range offsets {
		v, w := load16(x, o), (*[tile]float32)(unsafe.Add(weights, k*tile*4))
		c0 = archsimd.BroadcastFloat32x16(w[0]).MulAdd(v, c0)
		c1 = archsimd.BroadcastFloat32x16(w[1]).MulAdd(v, c1)
		c2 = archsimd.BroadcastFloat32x16(w[2]).MulAdd(v, c2)
		c3 = archsimd.BroadcastFloat32x16(w[3]).MulAdd(v, c3)
	}
	store16(c0, y, 0)
	store16(c1, y, channel)
	store16(c2, y, 2*channel)
	store16(c3, y, 3*channel)
}

func correlateAVX512(sums []float32, dy []float32, channel int, x []float32, xPixel int, offsets [2]int, segments []segment, pixels int) {
	var c00, c01, c10, c11, c20, c21, c30, c31 archsimd.Float32x16
	for _, s := range segments {
		d := unsafe.Pointer(&dy[s.dy])
		p0, p1 := unsafe.Pointer(&x[s.x+offsets[0]]), unsafe.Pointer(&x[s.x+offsets[1]])
		for range pixels {
			x0, x1 := load16(p0, 0), load16(p1, 0)
			v := load16(d, 0)
			c00, c01 = v.MulAdd(x0, c00), v.MulAdd(x1, c01)
			v = load16(d, channel)
			c10, c11 = v.MulAdd(x0, c10), v.MulAdd(x1, c11)
			v = load16(d, 2*channel)
			c20, c21 = v.MulAdd(x0, c20), v.MulAdd(x1, c21)
			v = load16(d, 3*channel)
			c30, c31 = x0.MulAdd(v, c30), x1.MulAdd(v, c31)
			d, p0, p1 = unsafe.Add(d, lanes*4), unsafe.Add(p0, xPixel*4), unsafe.Add(p1, xPixel*4)
		}
	}
	addSums4(sums, fold(c00), fold(c10), fold(c20), fold(c30))
	addSums4(sums[tile:], fold(c01), fold(c11), fold(c21), fold(c31))
}

// fold adds the halves of a vector.
func fold(v archsimd.Float32x16) archsimd.Float32x8 { return v.GetLo().Add(v.GetHi()) }

func affineAVX512(y, x []float32, r rows, a affine) {
	gain, shift := archsimd.LoadFloat32x16(&a.gain), archsimd.LoadFloat32x16(&a.shift)
	var zero archsimd.Float32x16
	for i := range r.count {
		row := x[i*r.stride:][:r.length]
		out := y[i*r.stride:][:r.length]
		for j := 0; j < len(row); j += lanes {
			v := load16(unsafe.Pointer(&row[j]), 0).MulAdd(gain, shift)
			switch a.f.kind {
			case identity:
			case relu:
				v = zero.Merge(v, v.LessEqual(zero))
			case celu:
				v = celu16(v, a.f.alpha, a.f.inverse)
			case gelu:
				v = gelu16(v)
			}
			store16(v, unsafe.Pointer(&out[j]), 0)
		}
	}
}

func affineSumsAVX512(sum, product, dy, x []float32, r rows, a affineGradient) {
	gain, shift, mean := archsimd.LoadFloat32x16(&a.gain), archsimd.LoadFloat32x16(&a.shift), archsimd.LoadFloat32x16(&a.mean)
	var zero, s, p archsimd.Float32x16
	for i := range r.count {
		row := x[i*r.stride:][:r.length]
		gradient := dy[i*r.stride:][:r.length]
		for j := 0; j < len(row); j += lanes {
			v, d := load16(unsafe.Pointer(&row[j]), 0), load16(unsafe.Pointer(&gradient[j]), 0)
			switch a.f.kind {
			case identity:
			case relu:
				d = d.Masked(v.MulAdd(gain, shift).Greater(zero))
			case celu:
				d = d.Mul(celuSlope16(v.MulAdd(gain, shift), a.f.inverse))
			case gelu:
				d = d.Mul(geluSlope16(v.MulAdd(gain, shift)))
			}
			s = s.Add(d)
			p = d.MulAdd(v.Sub(mean), p)
		}
	}
	s.StoreSlice(sum)
	p.StoreSlice(product)
}

func affineBackwardAVX512(dy, x []float32, r rows, a affineGradient) {
	gain, shift := archsimd.LoadFloat32x16(&a.gain), archsimd.LoadFloat32x16(&a.shift)
	xGain, constant := archsimd.LoadFloat32x16(&a.xGain), archsimd.LoadFloat32x16(&a.constant)
	var zero archsimd.Float32x16
	for i := range r.count {
		row := x[i*r.stride:][:r.length]
		gradient := dy[i*r.stride:][:r.length]
		for j := 0; j < len(row); j += lanes {
			p := unsafe.Pointer(&row[j])
			v, d := load16(p, 0), load16(unsafe.Pointer(&gradient[j]), 0)
			switch a.f.kind {
			case identity:
			case relu:
				d = d.Masked(v.MulAdd(gain, shift).Greater(zero))
			case celu:
				d = d.Mul(celuSlope16(v.MulAdd(gain, shift), a.f.inverse))
			case gelu:
				d = d.Mul(geluSlope16(v.MulAdd(gain, shift)))
			}
			store16(d.MulAdd(gain, v.MulAdd(xGain, constant)), p, 0)
		}
	}
}
