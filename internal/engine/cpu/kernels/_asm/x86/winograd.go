package main

import (
	"fmt"
	"math"

	"github.com/fastresnet/fastresnet/internal/engine/cpu/kernels/_asm/layout"
	"github.com/fastresnet/fastresnet/internal/engine/cpu/kernels/_asm/winograd"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// transform multiplies T with the columns of a matrix, for a few rows of T at a time: what they make of all columns is in
// registers, and is then multiplied by Tᵗ. AVX2 does it for one half of the lanes after the other.
//
//	           rows of T     in registers, beside the steps and the factors
//	AVX-512    two           up to 12 of 32
//	AVX2       one, or two   up to 8 of 16
func (a *assembler) transform(t winograd.Transform) {
	a.function(t.Name, "func(y []float32, to struct{Row, Column, Step int}, x []float32, from struct{Row, Column, Step int}, count int)")
	factors := map[float64]reg.VecVirtual{}
	for _, f := range t.Factors() {
		factors[f] = a.constant(float32(f))
	}
	x, y, count := a.base("x"), a.base("y"), a.param("count")
	a.repeat("matrix", count, func() {
		for part := range a.parts() {
			for _, rows := range a.rowsAtOnce(t) {
				a.transformRows(t, rows, x, y, part*a.floats*layout.FloatBytes, factors)
			}
		}
		a.ADDQ(a.field("from", "Step"), x)
		a.ADDQ(a.field("to", "Step"), y)
	})
	a.end()
}

// rowsAtOnce are the rows of T by what fits in registers.
func (a *assembler) rowsAtOnce(t winograd.Transform) [][]int {
	var all [][]int
	for _, pair := range t.Pairs {
		if a.floats == layout.Lanes || len(pair)*t.From <= 8 {
			all = append(all, pair)
			continue
		}
		for _, row := range pair {
			all = append(all, []int{row})
		}
	}
	return all
}

// transformRows computes rows of the result.
func (a *assembler) transformRows(t winograd.Transform, rows []int, x, y reg.GPVirtual, lane int, factors map[float64]reg.VecVirtual) {
	few := t.Only(rows)
	products := make([][]reg.VecVirtual, t.To) // of a row of T with every column
	column, next := a.copyOf(x), a.field("from", "Column")
	from := a.line(a.field("from", "Row"), t.From)
	for j := range t.From {
		in := make([]reg.VecVirtual, t.From)
		for i := range in {
			if few.Reads(fmt.Sprintf("x%d", i)) {
				in[i] = a.load(from(column, i, lane))
			}
		}
		out := a.steps(few, in, factors)
		for _, row := range rows {
			products[row] = append(products[row], out[row])
		}
		if j+1 < t.From {
			a.ADDQ(next, column)
		}
	}
	to := a.line(a.field("to", "Column"), t.To)
	for _, row := range rows {
		at := a.GP64()
		a.Load(a.Param("to").Field("Row"), at)
		a.IMUL3Q(operand.U32(row*layout.FloatBytes), at, at)
		a.ADDQ(y, at)
		for j, v := range a.steps(t, products[row], factors) {
			a.VMOVUPS(v, to(at, j, lane))
		}
	}
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
			to = times // nothing changes a register that is still needed
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
