package main

import (
	"github.com/fastresnet/fastresnet/internal/engine/cpu/kernels/_asm/layout"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// convolveChannels is convolve with the channels in lanes: it keeps a tile of sums in registers, blocks of channels times
// pixels. Each tap loads the weights of its blocks once, and spreads the input of one pixel after the other over a
// register.
//
//	             sums                     weights   an input
//	AVX-512      1·12, 2·12, 3·8, 4·6     1 to 4    1, of 32 registers
//	AVX2         1·6 in halves            2         1, of 16
func (a *assembler) convolveChannels() {
	a.function("convolveChannels", "func(y []float32, block int, x []float32, offsets []int, weights []float32, blocks, pixels int, add bool)")
	most := []int{12, 12, 8, 6} // pixels in a tile, by the number of blocks
	if a.floats != layout.Lanes {
		most = []int{6}
	}
	c := channels{assembler: a, y: a.base("y"), block: a.bytes("block"), x: a.base("x"), pixels: a.param("pixels"), offsets: a.base("offsets"), taps: a.GP64()}
	a.Comment("The offsets are counted up to their end.")
	a.Load(a.Param("offsets").Len(), c.taps)
	a.LEAQ(indexed(c.offsets, c.taps, 8, 0), c.offsets)
	a.NEGQ(c.taps)
	blocks := a.param("blocks")
	for n := 2; n <= len(most); n++ {
		a.CMPQ(blocks, operand.Imm(uint64(n)))
		a.JEQ(operand.LabelRef(label("blocks%d", n)))
	}
	for i, most := range most {
		n := i + 1
		if n > 1 {
			a.Label(label("blocks%d", n))
		}
		for pixels := most; pixels > 0; pixels = smaller(pixels) {
			start, next := label("blocks%dPixels%d", n, pixels), label("blocks%dRest%d", n, pixels)
			a.Label(start)
			a.CMPQ(c.pixels, operand.Imm(uint64(pixels)))
			a.JL(operand.LabelRef(next))
			c.tile(start, n, pixels)
			a.JMP(operand.LabelRef(start))
			a.Label(next)
		}
		a.end()
	}
}

// smaller is the next smaller number of pixels that there is a tile for: not all of them, to keep the code small.
func smaller(pixels int) int {
	for _, n := range []int{8, 6, 5, 4, 3, 2, 1} {
		if n < pixels {
			return n
		}
	}
	return 0
}

// channels is the registers of convolveChannels.
type channels struct {
	*assembler
	y, block, x, offsets, taps, pixels reg.GPVirtual
}

// tile computes some pixels and goes on to those after them.
func (c channels) tile(name string, blocks, pixels int) {
	registers := blocks * c.parts()
	sums := make([][]reg.VecVirtual, pixels)
	for p := range sums {
		sums[p] = c.vecs(registers)
	}
	c.startSums(name, sums, func() {
		c.eachOfY(blocks, pixels, func(p, r int, at operand.Mem) { c.VMOVUPS(at, sums[p][r]) })
	})
	weights, k := c.base("weights"), c.copyOf(c.taps)
	c.TESTQ(k, k)
	c.JZ(operand.LabelRef(name + "Store"))
	c.Label(name + "Tap")
	offset := c.GP64()
	c.MOVQ(indexed(c.offsets, k, 8, 0), offset)
	c.LEAQ(indexed(c.x, offset, layout.FloatBytes, 0), offset)
	var w []reg.VecVirtual
	for r := range registers {
		w = append(w, c.load(address(weights, r*c.floats*layout.FloatBytes)))
	}
	for p := range sums {
		v := c.vec()
		c.VBROADCASTSS(address(offset, p*layout.VectorBytes), v)
		for r := range sums[p] {
			c.VFMADD231PS(w[r], v, sums[p][r])
		}
	}
	c.ADDQ(operand.U32(blocks*layout.VectorBytes), weights)
	c.INCQ(k)
	c.JNZ(operand.LabelRef(name + "Tap"))

	c.Label(name + "Store")
	c.eachOfY(blocks, pixels, func(p, r int, at operand.Mem) { c.VMOVUPS(sums[p][r], at) })
	c.ADDQ(operand.U32(pixels*layout.VectorBytes), c.y)
	c.ADDQ(operand.U32(pixels*layout.VectorBytes), c.x)
	c.SUBQ(operand.Imm(uint64(pixels)), c.pixels)
}

// eachOfY calls f for each register of a tile of y.
func (c channels) eachOfY(blocks, pixels int, f func(p, register int, at operand.Mem)) {
	at := c.copyOf(c.y)
	for b := range blocks {
		if b > 0 {
			c.ADDQ(c.block, at)
		}
		for p := range pixels {
			for part := range c.parts() {
				f(p, b*c.parts()+part, address(at, p*layout.VectorBytes+part*c.floats*layout.FloatBytes))
			}
		}
	}
}
