package main

import (
	"github.com/fastresnet/fastresnet/internal/engine/cpu/kernels/_asm/layout"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// rowsParameter is the type rows of package kernels.
const rowsParameter = "r struct{Count, Length, Stride int}"

// eachVector writes body for the vectors of rows that start at the given addresses: it gets the addresses of its
// vector in each. Of a longer row it takes several in a turn, and body is written for each of those with its number, so
// that it can have sums of its own.
func (a *assembler) eachVector(name string, slices []string, several int, body func(turn int, at []operand.Mem)) {
	count, stride, vectors := a.GP64(), a.GP64(), a.GP64()
	a.Load(a.Param("r").Field("Count"), count)
	a.Load(a.Param("r").Field("Stride"), stride)
	a.SHLQ(operand.Imm(2), stride)
	a.Load(a.Param("r").Field("Length"), vectors)
	a.SHRQ(operand.Imm(4), vectors) // a vector is 16 floats
	rows := make([]reg.GPVirtual, len(slices))
	for i, s := range slices {
		rows[i] = a.base(s)
	}
	a.repeat(name+"Row", count, func() {
		at := make([]reg.GPVirtual, len(rows))
		for i, row := range rows {
			at[i] = a.copyOf(row)
		}
		left := a.copyOf(vectors)
		turns := func(n int) {
			for turn := range n {
				var memory []operand.Mem
				for _, base := range at {
					memory = append(memory, address(base, turn*layout.VectorBytes))
				}
				body(turn, memory)
			}
			for _, base := range at {
				a.ADDQ(operand.U32(n*layout.VectorBytes), base)
			}
		}
		if several > 1 {
			a.Label(name + "Several")
			a.CMPQ(left, operand.Imm(uint64(several)))
			a.JL(operand.LabelRef(name + "Few"))
			turns(several)
			a.SUBQ(operand.Imm(uint64(several)), left)
			a.JMP(operand.LabelRef(name + "Several"))
			a.Label(name + "Few")
		}
		a.repeat(name+"One", left, func() { turns(1) })
		for _, row := range rows {
			a.ADDQ(stride, row)
		}
	})
}

// part is where a register of a vector is.
func (a *assembler) part(vector operand.Mem, part int) operand.Mem {
	return vector.Offset(part * a.floats * layout.FloatBytes)
}

// vectorOf are the registers of a vector in memory.
func (a *assembler) vectorOf(at operand.Mem) []reg.VecVirtual {
	v := make([]reg.VecVirtual, a.parts())
	for part := range v {
		v[part] = a.load(a.part(at, part))
	}
	return v
}

// zeros are several vectors of zeros, each in its registers.
func (a *assembler) zeros(vectors int) [][]reg.VecVirtual {
	list := make([][]reg.VecVirtual, vectors)
	for i := range list {
		for range a.parts() {
			list[i] = append(list[i], a.zero())
		}
	}
	return list
}

// storeSum writes the sum of several vectors.
func (a *assembler) storeSum(vectors [][]reg.VecVirtual, to string) {
	at := a.base(to)
	for part := range a.parts() {
		sum := vectors[0][part]
		for _, v := range vectors[1:] {
			a.VADDPS(v[part], sum, sum)
		}
		a.VMOVUPS(sum, address(at, part*a.floats*layout.FloatBytes))
	}
}
