package main

import (
	"fmt"
	"math"

	"github.com/fastresnet/fastresnet/internal/engine/cpu/kernels/_asm/layout"
	"github.com/fastresnet/fastresnet/internal/engine/cpu/kernels/_asm/winograd"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// transform multiplies the columns of each matrix by T, into memory of its own, and then the rows of what is there. A
// column, or a row, is in registers as a whole: up to six vectors, what they become, and the factors. AVX2 does it for
// one half of the lanes after the other.
func (a *assembler) transform(t winograd.Transform) {
	a.Function(t.Name + a.name) // not NOSPLIT: it has more on the stack than that allows
	a.SignatureExpr("func(y []float32, to struct{Row, Column, Step int}, x []float32, from struct{Row, Column, Step int}, count int)")
	const line = 64 // bytes of the cache, where the memory starts
	register := a.floats * layout.FloatBytes
	half := a.GP64()
	a.LEAQ(a.AllocLocal(t.To*t.From*register+line), half)
	a.ADDQ(operand.Imm(line-1), half)
	a.ANDQ(operand.I8(-line), half)
	factors := map[float64]reg.VecVirtual{}
	for _, f := range t.Factors() {
		factors[f] = a.constant(float32(f))
	}
	x, y, count := a.base("x"), a.base("y"), a.param("count")
	a.repeat("matrix", count, func() {
		for part := range a.parts() {
			lane := part * register
			column, next := a.copyOf(x), a.field("from", "Column")
			from := a.line(a.field("from", "Row"), t.From)
			for j := range t.From {
				var in []reg.VecVirtual
				for i := range t.From {
					in = append(in, a.load(from(column, i, lane)))
				}
				for i, v := range a.steps(t, in, factors) {
					a.VMOVUPS(v, address(half, (i*t.From+j)*register))
				}
				if j+1 < t.From {
					a.ADDQ(next, column)
				}
			}
			row, next := a.copyOf(y), a.field("to", "Row")
			to := a.line(a.field("to", "Column"), t.To)
			for i := range t.To {
				var in []reg.VecVirtual
				for j := range t.From {
					in = append(in, a.load(address(half, (i*t.From+j)*register)))
				}
				for j, v := range a.steps(t, in, factors) {
					a.VMOVUPS(v, to(row, j, lane))
				}
				if i+1 < t.To {
					a.ADDQ(next, row)
				}
			}
		}
		a.ADDQ(a.field("from", "Step"), x)
		a.ADDQ(a.field("to", "Step"), y)
	})
	a.end()
}

// field is a new register with a field of an argument, a distance in elements, in bytes.
func (a *assembler) field(argument, name string) reg.GPVirtual {
	r := a.GP64()
	a.Load(a.Param(argument).Field(name), r)
	a.SHLQ(operand.Imm(2), r)
	return r
}

// line addresses up to six vectors that are a distance apart.
func (a *assembler) line(distance reg.GPVirtual, n int) func(base reg.Register, i, displacement int) operand.Mem {
	var three, five reg.GPVirtual
	if n > 3 {
		three = a.GP64()
		a.LEAQ(indexed(distance, distance, 2, 0), three)
	}
	if n > 5 {
		five = a.GP64()
		a.LEAQ(indexed(distance, distance, 4, 0), five)
	}
	return func(base reg.Register, i, displacement int) operand.Mem {
		switch i {
		case 0:
			return address(base, displacement)
		case 3:
			return indexed(base, three, 1, displacement)
		case 5:
			return indexed(base, five, 1, displacement)
		}
		return indexed(base, distance, uint8(i), displacement)
	}
}

// constant is a new register with a number in all lanes.
func (a *assembler) constant(f float32) reg.VecVirtual {
	bits, one, all := a.GP32(), a.XMM(), a.vec()
	a.MOVL(operand.U32(math.Float32bits(f)), bits)
	a.VMOVD(bits, one)
	a.VBROADCASTSS(one, all)
	return all
}

// steps is a transform of a column, or a row, which is used up.
func (a *assembler) steps(t winograd.Transform, in []reg.VecVirtual, factors map[float64]reg.VecVirtual) []reg.VecVirtual {
	values := map[string]reg.VecVirtual{}
	for i, v := range in {
		values[fmt.Sprintf("x%d", i)] = v
	}
	for i, s := range t.Steps {
		times, add := values[s.Times], values[s.Add]
		f, _ := s.Register()
		factor := factors[f]
		var to reg.VecVirtual
		switch {
		case s.Add == "" && s.Factor == 1:
			to = times
		case s.Factor == 1:
			to = a.vec()
			a.VADDPS(times, add, to)
		case s.Factor == -1:
			to = a.vec()
			a.VSUBPS(times, add, to)
		case s.Add == "":
			to = a.vec()
			a.VMULPS(factor, times, to)
		default:
			to = add
			if !t.Last(i, s.Add) {
				to = a.vec()
				a.VMOVAPS(add, to)
			}
			if s.Factor > 0 {
				a.VFMADD231PS(factor, times, to)
			} else {
				a.VFNMADD231PS(factor, times, to)
			}
		}
		values[s.To] = to
	}
	out := make([]reg.VecVirtual, t.To)
	for i := range out {
		out[i] = values[fmt.Sprintf("y%d", i)]
	}
	return out
}
