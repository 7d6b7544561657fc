package main

import (
	"github.com/fastresnet/fastresnet/internal/engine/cpu/kernels/_asm/layout"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// transpose exchanges ever larger parts of pairs of rows: numbers, pairs, and with AVX-512 twice a half of the fours, so that
// four registers at distance n become those at distance 1. AVX2 does it for blocks of 8x8.
func (a *assembler) transpose() {
	a.function("transpose", "func(y []float32, yRow int, x []float32, xRow int)")
	x, xRow, y, yRow := a.base("x"), a.bytes("xRow"), a.base("y"), a.bytes("yRow")
	for part := range a.parts() {
		for half := range a.parts() {
			// Rows from half on, and columns of the part.
			from := a.copyOf(x)
			if half > 0 {
				step := a.copyOf(xRow)
				a.SHLQ(operand.Imm(3), step)
				a.ADDQ(step, from)
			}
			var rows []reg.VecVirtual
			for i := range a.floats {
				rows = append(rows, a.load(address(from, part*a.floats*layout.FloatBytes)))
				if i+1 < a.floats {
					a.ADDQ(xRow, from)
				}
			}
			to := a.copyOf(y)
			if part > 0 {
				step := a.copyOf(yRow)
				a.SHLQ(operand.Imm(3), step)
				a.ADDQ(step, to)
			}
			for i, v := range a.transposed(rows) {
				a.VMOVUPS(v, address(to, half*a.floats*layout.FloatBytes))
				if i+1 < a.floats {
					a.ADDQ(yRow, to)
				}
			}
		}
	}
	a.end()
}

// transposed are the columns of as many rows as a register has floats.
func (a *assembler) transposed(rows []reg.VecVirtual) []reg.VecVirtual {
	n := len(rows)
	// In each block of four lanes, rows 4i to 4i+3 become its columns.
	fours := make([]reg.VecVirtual, n)
	for i := 0; i < n; i += 4 {
		low01, high01 := a.two(a.VUNPCKLPS, a.VUNPCKHPS, rows[i], rows[i+1])
		low23, high23 := a.two(a.VUNPCKLPS, a.VUNPCKHPS, rows[i+2], rows[i+3])
		fours[i], fours[i+1] = a.two(a.VUNPCKLPD, a.VUNPCKHPD, low01, low23)
		fours[i+2], fours[i+3] = a.two(a.VUNPCKLPD, a.VUNPCKHPD, high01, high23)
	}
	columns := make([]reg.VecVirtual, n)
	for j := range 4 { // column j of each block
		if n == 8 {
			first, second := a.vec(), a.vec()
			a.VPERM2F128(operand.Imm(0x20), fours[4+j], fours[j], first)
			a.VPERM2F128(operand.Imm(0x31), fours[4+j], fours[j], second)
			columns[j], columns[4+j] = first, second
			continue
		}
		even01, odd01 := a.blocks(fours[j], fours[4+j])
		even23, odd23 := a.blocks(fours[8+j], fours[12+j])
		columns[j], columns[8+j] = a.blocks(even01, even23)
		columns[4+j], columns[12+j] = a.blocks(odd01, odd23)
	}
	return columns
}

// two are what two ways of interleaving make of two registers.
func (a *assembler) two(low, high func(...operand.Op), v, w reg.VecVirtual) (l, h reg.VecVirtual) {
	l, h = a.vec(), a.vec()
	low(w, v, l)
	high(w, v, h)
	return l, h
}

// blocks are the blocks of four lanes with even numbers of two registers, and those with odd ones.
func (a *assembler) blocks(v, w reg.VecVirtual) (even, odd reg.VecVirtual) {
	even, odd = a.vec(), a.vec()
	a.VSHUFF32X4(operand.Imm(0x88), w, v, even)
	a.VSHUFF32X4(operand.Imm(0xdd), w, v, odd)
	return even, odd
}
