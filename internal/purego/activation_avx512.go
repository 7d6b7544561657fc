//go:build goexperiment.simd && amd64

package purego

import "simd/archsimd"

// exponential16 is exponential, and like exponential8 not for NaN. Here and below, constants are loaded
// without a helper, which would be one call too many for the compiler to inline exponentials into kernels.
func exponential16(x archsimd.Float32x16) (s, f archsimd.Float32x16) {
	x = x.Max(archsimd.LoadFloat32x16(&wide.exponentLow))
	biased := x.MulAdd(archsimd.LoadFloat32x16(&wide.log2E), archsimd.LoadFloat32x16(&wide.roundingBias))
	n := biased.Sub(archsimd.LoadFloat32x16(&wide.roundingBias))
	r := n.MulAdd(archsimd.LoadFloat32x16(&wide.minusLn2Low), n.MulAdd(archsimd.LoadFloat32x16(&wide.minusLn2High), x))
	q := r.MulAdd(archsimd.LoadFloat32x16(&wide.power6), archsimd.LoadFloat32x16(&wide.power5))
	q = q.MulAdd(r, archsimd.LoadFloat32x16(&wide.power4))
	q = q.MulAdd(r, archsimd.LoadFloat32x16(&wide.power3))
	q = q.MulAdd(r, archsimd.LoadFloat32x16(&wide.power2))
	s = biased.AsInt32x16().ShiftAllLeft(23).Add(archsimd.LoadFloat32x16(&wide.one).AsInt32x16()).AsFloat32x16()
	return s, q.MulAdd(r.Mul(r), r)
}

// normal16 is normal.
func normal16(x archsimd.Float32x16) (cumulative, density archsimd.Float32x16) {
	var zero archsimd.Float32x16
	s, f := exponential16(x.Mul(x).Mul(archsimd.LoadFloat32x16(&wide.minusHalf)))
	density = f.MulAdd(s, s).Mul(archsimd.LoadFloat32x16(&wide.normalDensity))
	t := archsimd.LoadFloat32x16(&wide.one).Div(zero.Sub(x).Max(x).MulAdd(archsimd.LoadFloat32x16(&wide.normalT), archsimd.LoadFloat32x16(&wide.one)))
	q := t.MulAdd(archsimd.LoadFloat32x16(&wide.normal5), archsimd.LoadFloat32x16(&wide.normal4))
	q = q.MulAdd(t, archsimd.LoadFloat32x16(&wide.normal3))
	q = q.MulAdd(t, archsimd.LoadFloat32x16(&wide.normal2))
	q = q.MulAdd(t, archsimd.LoadFloat32x16(&wide.normal1))
	tail := q.Mul(t).Mul(density)
	return archsimd.LoadFloat32x16(&wide.one).Sub(tail).Merge(tail, x.Greater(zero)), density
}

func celu16(x archsimd.Float32x16, alpha, inverse float32) archsimd.Float32x16 {
	var zero archsimd.Float32x16
	s, f := exponential16(x.Mul(archsimd.BroadcastFloat32x16(inverse)))
	below := f.MulAdd(s, s.Sub(archsimd.LoadFloat32x16(&wide.one))).Mul(archsimd.BroadcastFloat32x16(alpha))
	return below.Merge(x, x.LessEqual(zero))
}

func celuSlope16(x archsimd.Float32x16, inverse float32) archsimd.Float32x16 {
	var zero archsimd.Float32x16
	s, f := exponential16(zero.Min(x).Mul(archsimd.BroadcastFloat32x16(inverse)))
	return f.MulAdd(s, s)
}

func gelu16(x archsimd.Float32x16) archsimd.Float32x16 {
	low := archsimd.LoadFloat32x16(&wide.normalLow)
	x = low.Merge(x, x.Less(low))
	cumulative, _ := normal16(x.Min(archsimd.LoadFloat32x16(&wide.normalHigh)))
	return cumulative.Mul(x)
}

func geluSlope16(x archsimd.Float32x16) archsimd.Float32x16 {
	x = x.Max(archsimd.LoadFloat32x16(&wide.normalLow)).Min(archsimd.LoadFloat32x16(&wide.normalHigh))
	cumulative, density := normal16(x)
	return density.MulAdd(x, cumulative)
}
