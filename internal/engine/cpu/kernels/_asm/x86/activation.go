package main

import (
	"github.com/fastresnet/fastresnet/internal/engine/cpu/kernels/_asm/layout"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// activation is one kind of activation, in one kernel.
type activation struct {
	*assembler
	kind         int
	coefficients reg.GPVirtual
	zeros        reg.VecVirtual
}

func (a *assembler) activation(kind int, coefficients reg.GPVirtual) activation {
	f := activation{assembler: a, kind: kind, coefficients: coefficients}
	if kind != layout.Identity {
		f.zeros = a.zero()
	}
	return f
}

// value is f(v), which may replace v. NaN stays NaN: of two operands that cannot be ordered, the maximum is the second,
// which is the first in Go's order.
func (f activation) value(v reg.VecVirtual) reg.VecVirtual {
	switch f.kind {
	case layout.ReLU:
		f.VMAXPS(v, f.zeros, v)
	case layout.CELU:
		positive := f.compare(notLessOrEqual, v, f.zeros)
		scaled := f.vec()
		f.VMULPS(f.spread(layout.Inverse), v, scaled)
		s, e := f.exponential(scaled)
		below := f.vec()
		f.VSUBPS(constant("one"), s, below)
		f.VFMADD231PS(e, s, below)
		f.VMULPS(f.spread(layout.Alpha), below, below)
		return f.choose(positive, v, below)
	case layout.GELU:
		low := f.load(constant("normalLow"))
		f.VMAXPS(v, low, v)
		within := f.vec()
		f.VMOVAPS(v, within)
		f.VMINPS(constant("normalHigh"), within, within)
		cumulative, _ := f.normal(within)
		f.VMULPS(cumulative, v, v)
	case layout.SiLU:
		low := f.load(constant("exponentLow"))
		f.VMAXPS(v, low, v)
		sigmoid, _ := f.sigmoid(v)
		f.VMULPS(sigmoid, v, v)
	}
	return v
}

// gradient is d·f'(gain·x + shift), which replaces d.
func (f activation) gradient(d, x reg.VecVirtual, gain, shift operand.Op) reg.VecVirtual {
	if f.kind == layout.Identity {
		return d
	}
	v := f.multiplyAdd(x, gain, shift)
	switch f.kind {
	case layout.ReLU:
		return f.keep(f.compare(greater, v, f.zeros), d)
	case layout.CELU:
		f.VMINPS(v, f.zeros, v)
		f.VMULPS(f.spread(layout.Inverse), v, v)
		s, e := f.exponential(v)
		f.VFMADD231PS(e, s, s)
		f.VMULPS(s, d, d)
	case layout.GELU:
		f.VMAXPS(constant("normalLow"), v, v)
		f.VMINPS(constant("normalHigh"), v, v)
		cumulative, density := f.normal(v)
		f.VFMADD231PS(density, v, cumulative)
		f.VMULPS(cumulative, d, d)
	case layout.SiLU:
		f.VMAXPS(constant("exponentLow"), v, v)
		f.VMINPS(constant("exponentHigh"), v, v)
		sigmoid, e := f.sigmoid(v)
		f.VMULPS(sigmoid, e, e)
		f.VFMADD213PS(constant("one"), e, v)
		f.VMULPS(sigmoid, d, d)
		f.VMULPS(v, d, d)
	}
	return d
}

// spread is a new register with one of the coefficients that are numbers in every lane.
func (f activation) spread(offset int) reg.VecVirtual {
	v := f.vec()
	f.VBROADCASTSS(address(f.coefficients, offset), v)
	return v
}

// exponential is exponential of package kernels, but where x is NaN: s and f with e^x = s·(1+f). It destroys x.
func (a *assembler) exponential(x reg.VecVirtual) (s, f reg.VecVirtual) {
	a.VMAXPS(constant("exponentLow"), x, x)
	biased := a.load(constant("roundingBias"))
	a.VFMADD231PS(constant("log2E"), x, biased)
	n := a.vec()
	a.VSUBPS(constant("roundingBias"), biased, n)
	a.VFMADD231PS(constant("minusLn2High"), n, x)
	a.VFMADD231PS(constant("minusLn2Low"), n, x)
	q := a.polynomial(x, "power6", "power5", "power4", "power3", "power2")
	a.VMULPS(x, q, q)
	a.VFMADD213PS(x, x, q)
	a.VPSLLD(operand.Imm(23), biased, biased)
	a.VPADDD(constant("one"), biased, biased)
	return biased, q
}

// sigmoid is sigmoid of package kernels.
func (f activation) sigmoid(x reg.VecVirtual) (value, e reg.VecVirtual) {
	negative := f.vec()
	f.VSUBPS(x, f.zeros, negative)
	e, more := f.exponential(negative)
	f.VFMADD231PS(more, e, e)
	one, value := f.load(constant("one")), f.vec()
	f.VADDPS(one, e, value)
	f.VDIVPS(value, one, value)
	return value, e
}

// normal is normal of package kernels. It destroys x.
func (a *assembler) normal(x reg.VecVirtual) (cumulative, density reg.VecVirtual) {
	square := a.vec()
	a.VMULPS(x, x, square)
	a.VMULPS(constant("minusHalf"), square, square)
	density, f := a.exponential(square)
	a.VFMADD231PS(f, density, density)
	a.VMULPS(constant("normalDensity"), density, density)
	zero, size := a.zero(), a.vec()
	a.VSUBPS(x, zero, size)
	a.VMAXPS(size, x, size)
	one := a.load(constant("one"))
	a.VFMADD132PS(constant("normalT"), one, size)
	a.VDIVPS(size, one, size)
	tail := a.polynomial(size, "normal5", "normal4", "normal3", "normal2", "normal1")
	a.VMULPS(size, tail, tail)
	a.VMULPS(density, tail, tail)
	a.VSUBPS(tail, one, one)
	return a.choose(a.compare(greater, x, zero), one, tail), density
}

// polynomial is that of x with the given coefficients, the highest power's first.
func (a *assembler) polynomial(x reg.VecVirtual, coefficients ...string) reg.VecVirtual {
	q := a.load(constant(coefficients[0]))
	for _, c := range coefficients[1:] {
		a.VFMADD213PS(constant(c), x, q)
	}
	return q
}

// constant is where a field of wide of package kernels is.
func constant(name string) operand.Mem {
	return operand.NewDataAddr(operand.Symbol{Name: "·wide"}, layout.ConstantOffset(name))
}
