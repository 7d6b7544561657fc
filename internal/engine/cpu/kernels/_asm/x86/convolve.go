package main

import (
	"slices"

	"github.com/fastresnet/fastresnet/internal/engine/cpu/kernels/_asm/layout"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// convolve keeps a tile of sums in registers, channels times columns, where a column is a register of x: with AVX-512
// one of four pixels, and with AVX2 one of the halves of a pixel.
//
//	             sums     columns of x   a weight
//	AVX-512      6·4      4              1, of 32 registers
//	AVX2         6·2      2              1, of 16
//
// Each tap loads its columns once, and spreads one weight after the other over a register, which the multiply-adds of
// its channel share. So 24 multiply-adds come with 10 loads, or 12 with 8: the multipliers are the limit. The 24, or
// 12, sums in flight also cover the multiply-adds' latency.
func (a *assembler) convolve() {
	a.function("convolve", "func(y []float32, channel, yPixel int, x []float32, xPixel int, offsets []int, weights []float32, channels, pixels int, add bool)")
	most := 1 // pixels in a tile
	if a.floats == layout.Lanes {
		most = 4
	}
	c := convolution{
		assembler: a, y: a.base("y"), channel: a.bytes("channel"), yPixel: a.bytes("yPixel"),
		x: a.base("x"), xPixel: a.bytes("xPixel"), pixels: a.param("pixels"),
	}
	a.Comment("The offsets are counted up to their end.")
	c.offsets, c.taps = a.base("offsets"), a.GP64()
	a.Load(a.Param("offsets").Len(), c.taps)
	a.LEAQ(indexed(c.offsets, c.taps, 8, 0), c.offsets)
	a.NEGQ(c.taps)
	channels := a.param("channels")
	a.CMPQ(channels, operand.Imm(layout.WideTile))
	a.JNE(operand.LabelRef("narrow"))
	for _, tile := range []int{layout.WideTile, layout.NarrowTile} {
		if tile == layout.NarrowTile {
			a.Label("narrow")
		}
		for pixels := most; pixels > 0; pixels-- {
			start, next := label("channels%dPixels%d", tile, pixels), label("channels%dRest%d", tile, pixels)
			a.Label(start)
			a.CMPQ(c.pixels, operand.Imm(uint64(pixels)))
			a.JL(operand.LabelRef(next))
			c.tile(start, tile, pixels)
			a.JMP(operand.LabelRef(start))
			a.Label(next)
		}
		a.end()
	}
}

// convolution is the registers of convolve.
type convolution struct {
	*assembler
	y, channel, yPixel, x, xPixel, offsets, taps, pixels reg.GPVirtual
}

// tile computes some pixels and goes on to those after them.
func (c convolution) tile(name string, channels, pixels int) {
	columns := pixels * c.parts()
	sums := make([][]reg.VecVirtual, channels)
	for m := range sums {
		sums[m] = c.vecs(columns)
	}
	c.startSums(name, sums, func() {
		c.eachOfY(channels, pixels, func(m, column int, at operand.Mem) { c.VMOVUPS(at, sums[m][column]) })
	})

	xs := []reg.GPVirtual{c.x}
	for range pixels - 1 {
		x := c.GP64()
		c.LEAQ(indexed(xs[len(xs)-1], c.xPixel, 1, 0), x)
		xs = append(xs, x)
	}
	weights, k := c.base("weights"), c.copyOf(c.taps)
	c.TESTQ(k, k)
	c.JZ(operand.LabelRef(name + "Store"))
	c.Label(name + "Tap")
	offset := c.GP64()
	c.MOVQ(indexed(c.offsets, k, 8, 0), offset)
	var v []reg.VecVirtual
	for _, x := range xs {
		for part := range c.parts() {
			v = append(v, c.load(indexed(x, offset, layout.FloatBytes, part*c.floats*layout.FloatBytes)))
		}
	}
	for m := range sums {
		w := c.vec()
		c.VBROADCASTSS(address(weights, m*layout.FloatBytes), w)
		for column := range sums[m] {
			c.VFMADD231PS(v[column], w, sums[m][column])
		}
	}
	c.ADDQ(operand.Imm(uint64(channels*layout.FloatBytes)), weights)
	c.INCQ(k)
	c.JNZ(operand.LabelRef(name + "Tap"))

	c.Label(name + "Store")
	c.eachOfY(channels, pixels, func(m, column int, at operand.Mem) { c.VMOVUPS(sums[m][column], at) })
	for range pixels {
		c.ADDQ(c.yPixel, c.y)
		c.ADDQ(c.xPixel, c.x)
	}
	c.SUBQ(operand.Imm(uint64(pixels)), c.pixels)
}

// startSums writes load if the argument add is true, and otherwise makes the sums 0.
func (a *assembler) startSums(name string, sums [][]reg.VecVirtual, load func()) {
	plain, ready := name+"Plain", name+"Ready"
	a.CMPB(a.mustAddress("add"), operand.Imm(0))
	a.JEQ(operand.LabelRef(plain))
	load()
	a.JMP(operand.LabelRef(ready))
	a.Label(plain)
	for _, s := range slices.Concat(sums...) {
		a.clear(s)
	}
	a.Label(ready)
}

// eachOfY calls f for each register of a tile of y.
func (c convolution) eachOfY(channels, pixels int, f func(m, column int, at operand.Mem)) {
	pixel := c.copyOf(c.y)
	for p := range pixels {
		if p > 0 {
			c.ADDQ(c.yPixel, pixel)
		}
		at := c.copyOf(pixel)
		for m := range channels {
			if m > 0 {
				c.ADDQ(c.channel, at)
			}
			for part := range c.parts() {
				f(m, p*c.parts()+part, address(at, part*c.floats*layout.FloatBytes))
			}
		}
	}
}

// mustAddress is where an argument is.
func (a *assembler) mustAddress(name string) operand.Mem {
	b, err := a.Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	return b.Addr
}
