package main

import "github.com/fastresnet/fastresnet/internal/engine/cpu/kernels/_asm/layout"

// activation writes one kind of activation for one register of floats, with those of the pool.
type activation struct {
	*assembler
	*pool
	kind int
}

// scaled is value·gain + shift, in a new register.
func (f activation) scaled(value, gain, shift v) v {
	sum := f.take()
	f.move(shift, sum)
	f.multiplyAdd(value, gain, sum)
	return sum
}

// value is f(x), which may replace x. NaN stays NaN.
func (f activation) value(x v) v {
	switch f.kind {
	case layout.ReLU:
		zero := f.take()
		f.zero(zero)
		f.maximum(zero, x, x)
	case layout.CELU:
		scaled := f.coefficient(inverseAt)
		f.multiply(scaled, x, scaled)
		s, e := f.exponential(scaled)
		below := f.constant("one")
		f.subtract(below, s, below)
		f.multiplyAdd(e, s, below)
		alpha := f.coefficient(alphaAt)
		f.multiply(alpha, below, below)
		f.notPositive(x, alpha) // not of NaN
		f.insert(alpha, below, x)
	case layout.GELU:
		low, high := f.constant("normalLow"), f.constant("normalHigh")
		f.maximum(low, x, x)
		f.minimum(high, x, high)
		cumulative, _ := f.normal(high)
		f.multiply(cumulative, x, x)
	case layout.SiLU:
		low := f.constant("exponentLow")
		f.maximum(low, x, x)
		sigmoid, _ := f.sigmoid(x)
		f.multiply(sigmoid, x, x)
	}
	return x
}

// gradient is d·f'(gain·x + shift), which replaces d.
func (f activation) gradient(d, x, gain, shift v) v {
	if f.kind == layout.Identity {
		return d
	}
	value := f.scaled(x, gain, shift)
	switch f.kind {
	case layout.ReLU:
		f.positive(value, value)
		f.and(value, d, d)
	case layout.CELU:
		zero := f.take()
		f.zero(zero)
		f.minimum(zero, value, value)
		inverse := f.coefficient(inverseAt)
		f.multiply(inverse, value, value)
		s, e := f.exponential(value)
		f.move(s, zero)
		f.multiplyAdd(e, s, zero)
		f.multiply(zero, d, d)
	case layout.GELU:
		low, high := f.constant("normalLow"), f.constant("normalHigh")
		f.maximum(low, value, value)
		f.minimum(high, value, value)
		f.move(value, low)
		cumulative, density := f.normal(low)
		f.multiplyAdd(density, value, cumulative)
		f.multiply(cumulative, d, d)
	case layout.SiLU:
		low, high := f.constant("exponentLow"), f.constant("exponentHigh")
		f.maximum(low, value, value)
		f.minimum(high, value, value)
		f.give(low, high)
		sigmoid, e := f.sigmoid(value)
		f.multiply(sigmoid, e, e)
		factor := f.constant("one")
		f.multiplyAdd(e, value, factor)
		f.multiply(sigmoid, d, d)
		f.multiply(factor, d, d)
	}
	return d
}

// coefficient is a new register with a number of the coefficients in every lane.
func (f activation) coefficient(at x) v {
	c := f.take()
	f.line("VLD1R (%v), [%s]", at, c.floats())
	return c
}

// exponential is exponential of package kernels, but where x is NaN: s and e with e^x = s·(1+e). It destroys x.
func (f activation) exponential(x v) (s, e v) {
	c := f.constant("exponentLow")
	f.maximum(c, x, x)
	biased := f.constant("roundingBias")
	f.read("log2E", c)
	f.multiplyAdd(c, x, biased)
	n := f.take()
	f.read("roundingBias", c)
	f.subtract(c, biased, n)
	f.read("minusLn2High", c)
	f.multiplyAdd(c, n, x)
	f.read("minusLn2Low", c)
	f.multiplyAdd(c, n, x)
	f.give(c, n)
	q := f.polynomial(x, "power6", "power5", "power4", "power3", "power2")
	f.multiply(x, q, q)
	f.multiplyAdd(q, x, x)
	f.shiftLeft(23, biased, biased)
	f.read("one", q)
	f.addIntegers(q, biased, biased)
	f.give(q)
	return biased, x
}

// sigmoid is sigmoid of package kernels.
func (f activation) sigmoid(x v) (value, e v) {
	negative := f.take()
	f.negate(x, negative)
	s, more := f.exponential(negative)
	e = f.take()
	f.move(s, e)
	f.multiplyAdd(more, s, e)
	one := s
	f.read("one", one)
	value = more
	f.add(one, e, value)
	f.divide(value, one, value)
	f.give(one)
	return value, e
}

// normal is normal of package kernels. It destroys x.
func (f activation) normal(x v) (cumulative, density v) {
	square := f.take()
	f.multiply(x, x, square)
	c := f.constant("minusHalf")
	f.multiply(c, square, square)
	s, e := f.exponential(square)
	density = c
	f.move(s, density)
	f.multiplyAdd(e, s, density)
	f.read("normalDensity", e)
	f.multiply(e, density, density)
	size, t := e, f.constant("one")
	f.absolute(x, size)
	f.read("normalT", s)
	f.multiplyAdd(s, size, t)
	f.give(s)
	one := size
	f.read("one", one)
	f.divide(t, one, t)
	tail := f.polynomial(t, "normal5", "normal4", "normal3", "normal2", "normal1")
	f.multiply(t, tail, tail)
	f.multiply(density, tail, tail)
	f.subtract(tail, one, one)
	f.positive(x, x)
	f.insert(x, one, tail)
	f.give(t, one, x)
	return tail, density
}

// polynomial is that of x with the given coefficients, the highest power's first, in a new register.
func (f activation) polynomial(x v, coefficients ...string) v {
	q, next := f.constant(coefficients[0]), f.take()
	for _, c := range coefficients[1:] {
		f.read(c, next)
		f.multiplyAdd(q, x, next)
		q, next = next, q
	}
	f.give(next)
	return q
}

// constant is a new register with a field of wide of package kernels.
func (f activation) constant(name string) v {
	c := f.take()
	f.read(name, c)
	return c
}

// read loads one of them.
func (f activation) read(name string, to v) { f.load(constants, layout.ConstantOffset(name), to) }
