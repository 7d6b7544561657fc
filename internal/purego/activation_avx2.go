//go:build goexperiment.simd && amd64

package purego

import "simd/archsimd"

// first8 is the first half of a vector.
func first8(v *vector) archsimd.Float32x8 { return archsimd.LoadFloat32x8((*[8]float32)(v[:])) }

// exponential8 is exponential, but not for NaN: what a maximum is then depends on the order of its operands,
// which the compiler swaps as it likes. celu8 and gelu8 see to NaN with comparisons.
func exponential8(x archsimd.Float32x8) (s, f archsimd.Float32x8) {
	x = x.Max(first8(&wide.exponentLow))
	biased := x.MulAdd(first8(&wide.log2E), first8(&wide.roundingBias))
	n := biased.Sub(first8(&wide.roundingBias))
	r := n.MulAdd(first8(&wide.minusLn2Low), n.MulAdd(first8(&wide.minusLn2High), x))
	q := r.MulAdd(first8(&wide.power6), first8(&wide.power5))
	q = q.MulAdd(r, first8(&wide.power4))
	q = q.MulAdd(r, first8(&wide.power3))
	q = q.MulAdd(r, first8(&wide.power2))
	s = biased.AsInt32x8().ShiftAllLeft(23).Add(first8(&wide.one).AsInt32x8()).AsFloat32x8()
	return s, q.MulAdd(r.Mul(r), r)
}

// normal8 is normal.
func normal8(x archsimd.Float32x8) (cumulative, density archsimd.Float32x8) {
	var zero archsimd.Float32x8
	s, f := exponential8(x.Mul(x).Mul(first8(&wide.minusHalf)))
	density = f.MulAdd(s, s).Mul(first8(&wide.normalDensity))
	t := first8(&wide.one).Div(zero.Sub(x).Max(x).MulAdd(first8(&wide.normalT), first8(&wide.one)))
	q := t.MulAdd(first8(&wide.normal5), first8(&wide.normal4))
	q = q.MulAdd(t, first8(&wide.normal3))
	q = q.MulAdd(t, first8(&wide.normal2))
	q = q.MulAdd(t, first8(&wide.normal1))
	tail := q.Mul(t).Mul(density)
	return first8(&wide.one).Sub(tail).Merge(tail, x.Greater(zero)), density
}

func celu8(x archsimd.Float32x8, alpha, inverse float32) archsimd.Float32x8 {
	var zero archsimd.Float32x8
	s, f := exponential8(x.Mul(archsimd.BroadcastFloat32x8(inverse)))
	below := f.MulAdd(s, s.Sub(first8(&wide.one))).Mul(archsimd.BroadcastFloat32x8(alpha))
	return below.Merge(x, x.LessEqual(zero))
}

func celuSlope8(x archsimd.Float32x8, inverse float32) archsimd.Float32x8 {
	var zero archsimd.Float32x8
	s, f := exponential8(zero.Min(x).Mul(archsimd.BroadcastFloat32x8(inverse)))
	return f.MulAdd(s, s)
}

func gelu8(x archsimd.Float32x8) archsimd.Float32x8 {
	low := first8(&wide.normalLow)
	x = low.Merge(x, x.Less(low))
	cumulative, _ := normal8(x.Min(first8(&wide.normalHigh)))
	return cumulative.Mul(x)
}

func geluSlope8(x archsimd.Float32x8) archsimd.Float32x8 {
	x = x.Max(first8(&wide.normalLow)).Min(first8(&wide.normalHigh))
	cumulative, density := normal8(x)
	return density.MulAdd(x, cumulative)
}
