package main

import (
	"math"

	"github.com/fastresnet/fastresnet/internal/engine/cpu/kernels/_asm/layout"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// moments goes through the rows twice, with several sums, since an addition has to wait for the one before.
func (a *assembler) moments() {
	a.function("moments", "func(sum, squares, x []float32, "+rowsParameter+")")
	several := 4 / a.parts()
	sums := a.zeros(several)
	a.eachVector("sum", []string{"x"}, several, func(turn int, at []operand.Mem) {
		for part, s := range sums[turn] {
			a.VADDPS(a.part(at[0], part), s, s)
		}
	})
	a.storeSum(sums, "sum")

	a.Comment("The mean is the sum over the number of vectors.")
	count, length, number, one := a.GP64(), a.GP64(), a.XMM(), a.GP32()
	a.Load(a.Param("r").Field("Count"), count)
	a.Load(a.Param("r").Field("Length"), length)
	a.SHRQ(operand.Imm(4), length)
	a.IMULQ(count, length)
	a.VXORPS(number, number, number)
	a.VCVTSI2SSQ(length, number, number)
	inverse := a.XMM()
	a.MOVL(operand.Imm(uint64(math.Float32bits(1))), one)
	a.MOVD(one, inverse)
	a.VDIVSS(number, inverse, inverse)
	mean := a.vec()
	a.VBROADCASTSS(inverse, mean)
	var means []reg.VecVirtual
	at := a.base("sum")
	for part := range a.parts() {
		m := a.vec()
		a.VMULPS(address(at, part*a.floats*layout.FloatBytes), mean, m)
		means = append(means, m)
	}
	squares := a.zeros(several)
	a.eachVector("square", []string{"x"}, several, func(turn int, at []operand.Mem) {
		for part, s := range squares[turn] {
			d := a.load(a.part(at[0], part))
			a.VSUBPS(means[part], d, d)
			a.VFMADD231PS(d, d, s)
		}
	})
	a.storeSum(squares, "squares")
	a.end()
}

// eachActivation writes body once for every kind of activation, and jumps to that of the coefficients.
func (a *assembler) eachActivation(coefficients reg.GPVirtual, body func(kind int)) {
	kind := a.GP64()
	a.MOVQ(address(coefficients, layout.Kind), kind)
	for k := len(layout.Kinds) - 1; k > layout.Identity; k-- {
		a.CMPQ(kind, operand.Imm(uint64(k)))
		a.JEQ(operand.LabelRef(layout.Kinds[k]))
	}
	for k, name := range layout.Kinds {
		if k != layout.Identity {
			a.Label(name)
		}
		body(k)
		a.end()
	}
}

// coefficient are the parts of one of the vectors of coefficients: registers, or memory where an activation of AVX2
// needs the registers.
func (a *assembler) coefficient(coefficients reg.GPVirtual, offset, kind int) []operand.Op {
	var parts []operand.Op
	for part := range a.parts() {
		at := a.part(address(coefficients, offset), part)
		if a.floats != layout.Lanes && exponential(kind) {
			parts = append(parts, at)
		} else {
			parts = append(parts, a.load(at))
		}
	}
	return parts
}

// exponential says whether a kind of activation is computed with e^x, which takes many registers.
func exponential(kind int) bool {
	return kind == layout.CELU || kind == layout.GELU || kind == layout.SiLU
}

// multiplyAdd is v·gain + shift, in a new register.
func (a *assembler) multiplyAdd(v reg.VecVirtual, gain, shift operand.Op) reg.VecVirtual {
	sum := a.load(shift)
	a.VFMADD231PS(gain, v, sum)
	return sum
}

// turnsOf is how many vectors of a row are taken in one turn.
func (a *assembler) turnsOf(kind int) int {
	if exponential(kind) {
		return 1
	}
	return 4 / a.parts()
}

func (a *assembler) affine() {
	a.function("affine", "func(y, x []float32, "+rowsParameter+", a *byte)")
	coefficients := a.param("a")
	a.eachActivation(coefficients, func(kind int) {
		gain, shift := a.coefficient(coefficients, layout.Gain, kind), a.coefficient(coefficients, layout.Shift, kind)
		f := a.activation(kind, coefficients)
		a.eachVector(layout.Kinds[kind], []string{"y", "x"}, a.turnsOf(kind), func(_ int, at []operand.Mem) {
			for part := range a.parts() {
				v := a.load(a.part(at[1], part))
				a.VMOVUPS(f.value(a.multiplyAdd(v, gain[part], shift[part])), a.part(at[0], part))
			}
		})
	})
}

func (a *assembler) affineSums() {
	a.function("affineSums", "func(sum, product, dy, x []float32, "+rowsParameter+", a *byte)")
	coefficients := a.param("a")
	a.eachActivation(coefficients, func(kind int) {
		gain, shift := a.coefficient(coefficients, layout.Gain, kind), a.coefficient(coefficients, layout.Shift, kind)
		mean := a.coefficient(coefficients, layout.Mean, kind)
		f := a.activation(kind, coefficients)
		several := max(1, a.turnsOf(kind)/2)
		sums, products := a.zeros(several), a.zeros(several)
		a.eachVector(layout.Kinds[kind], []string{"dy", "x"}, several, func(turn int, at []operand.Mem) {
			for part := range a.parts() {
				v := a.load(a.part(at[1], part))
				d := f.gradient(a.load(a.part(at[0], part)), v, gain[part], shift[part])
				a.VADDPS(d, sums[turn][part], sums[turn][part])
				a.VSUBPS(mean[part], v, v)
				a.VFMADD231PS(d, v, products[turn][part])
			}
		})
		a.storeSum(sums, "sum")
		a.storeSum(products, "product")
	})
}

func (a *assembler) affineBackward() {
	a.function("affineBackward", "func(dy, x []float32, "+rowsParameter+", a *byte)")
	coefficients := a.param("a")
	a.eachActivation(coefficients, func(kind int) {
		gain, shift := a.coefficient(coefficients, layout.Gain, kind), a.coefficient(coefficients, layout.Shift, kind)
		xGain, constant := a.coefficient(coefficients, layout.XGain, kind), a.coefficient(coefficients, layout.Constant, kind)
		f := a.activation(kind, coefficients)
		a.eachVector(layout.Kinds[kind], []string{"dy", "x"}, a.turnsOf(kind), func(_ int, at []operand.Mem) {
			for part := range a.parts() {
				v := a.load(a.part(at[1], part))
				d := f.gradient(a.load(a.part(at[0], part)), v, gain[part], shift[part])
				y := a.multiplyAdd(v, xGain[part], constant[part])
				a.VFMADD231PS(gain[part], d, y)
				a.VMOVUPS(y, a.part(at[1], part))
			}
		})
	})
}
