package main

import (
	"github.com/fastresnet/fastresnet/internal/engine/cpu/kernels/_asm/layout"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// correlate keeps a sum of vectors for each channel and tap in registers, and adds up its lanes at the end:
//
//	             sums     x      dy
//	AVX-512      6·4      4      1, of 32 registers
//	AVX2         6·2      2      1, of 16: two taps after the other two, each for one half of the lanes after the other
func (a *assembler) correlate() {
	a.function("correlate", "func(sums []float32, dy []float32, channel int, x []float32, xPixel int, offsets []int, segments []struct{Dy, X int}, channels, pixels int)")
	channels := a.param("channels")
	a.CMPQ(channels, operand.Imm(layout.WideTile))
	a.JNE(operand.LabelRef("narrow"))
	a.correlateTile("wide", layout.WideTile)
	a.Label("narrow")
	a.correlateTile("narrow", layout.NarrowTile)
}

func (a *assembler) correlateTile(name string, channels int) {
	taps := layout.CorrelateTaps / a.parts()
	for first := 0; first < layout.CorrelateTaps; first += taps {
		var sums []reg.VecVirtual // [tap][channel]
		for range taps * channels {
			sums = append(sums, a.zero())
		}
		for part := range a.parts() {
			a.correlateLanes(label("%sTap%dPart%d", name, first, part), channels, first, taps, part*a.floats*layout.FloatBytes, sums)
		}
		a.addLanes(sums, first*channels*layout.FloatBytes)
	}
	a.end()
}

// correlateLanes adds the products of some taps over all segments, for the lanes of one register of each vector.
func (a *assembler) correlateLanes(name string, channels, first, taps, lane int, sums []reg.VecVirtual) {
	channel, xPixel := a.bytes("channel"), a.bytes("xPixel")
	three, five := a.GP64(), a.GP64()
	a.LEAQ(indexed(channel, channel, 2, 0), three)
	if channels > layout.NarrowTile {
		a.LEAQ(indexed(channel, channel, 4, 0), five)
	}
	segment, left := a.base("segments"), a.GP64()
	a.Load(a.Param("segments").Len(), left)
	a.repeat(name+"Segment", left, func() {
		dy, start := a.base("dy"), a.GP64()
		a.MOVQ(address(segment, 0), start)
		a.LEAQ(indexed(dy, start, layout.FloatBytes, 0), dy)
		a.MOVQ(address(segment, 8), start)
		base, offsets := a.base("x"), a.base("offsets")
		a.LEAQ(indexed(base, start, layout.FloatBytes, 0), base)
		xs := make([]reg.GPVirtual, taps)
		for j := range xs {
			xs[j] = a.GP64()
			a.MOVQ(address(offsets, (first+j)*8), xs[j])
			a.LEAQ(indexed(base, xs[j], layout.FloatBytes, 0), xs[j])
		}
		pixels := a.param("pixels")
		a.Label(name + "Pixel")
		v := make([]reg.VecVirtual, taps)
		for j, x := range xs {
			v[j] = a.load(address(x, lane))
			a.ADDQ(xPixel, x)
		}
		rows := [layout.WideTile]operand.Mem{
			address(dy, lane), indexed(dy, channel, 1, lane), indexed(dy, channel, 2, lane),
			indexed(dy, three, 1, lane), indexed(dy, channel, 4, lane), indexed(dy, five, 1, lane),
		}
		for m := range channels {
			d := a.load(rows[m])
			for j := range taps {
				a.VFMADD231PS(d, v[j], sums[j*channels+m])
			}
		}
		a.ADDQ(operand.Imm(layout.VectorBytes), dy)
		a.DECQ(pixels)
		a.JNZ(operand.LabelRef(name + "Pixel"))
		a.ADDQ(operand.Imm(16), segment)
	})
}

// addLanes adds up the lanes of each register, and adds that to as many numbers at sums.
//
// Pairs of registers are interleaved and added, so that one then holds halves of both: four registers become one that
// has in each of its blocks of four lanes a part of the four sums, and then the blocks are added in the same way.
func (a *assembler) addLanes(sums []reg.VecVirtual, displacement int) {
	var fours []reg.VecVirtual
	for i := 0; i < len(sums); i += 4 {
		fours = append(fours, a.addPairs(a.VUNPCKLPD, a.VUNPCKHPD,
			a.addPairs(a.VUNPCKLPS, a.VUNPCKHPS, sums[i], sums[i+1]),
			a.addPairs(a.VUNPCKLPS, a.VUNPCKHPS, sums[i+2], sums[i+3])))
	}
	to := a.base("sums")
	add := func(v reg.Register, n int) { // to the next n numbers
		at := address(to, displacement)
		a.VADDPS(at, v, v)
		a.VMOVUPS(v, at)
		displacement += n * layout.FloatBytes
	}
	for len(fours) > 0 {
		switch {
		case a.floats != layout.Lanes:
			// Two blocks a register.
			high := a.XMM()
			a.VEXTRACTF128(operand.Imm(1), fours[0], high)
			a.VADDPS(high, fours[0].AsX(), fours[0].AsX())
			add(fours[0].AsX(), 4)
			fours = fours[1:]
		case len(fours) >= 4:
			add(a.addBlocks(0x88, 0xdd, a.addBlocks(0x44, 0xee, fours[0], fours[1]), a.addBlocks(0x44, 0xee, fours[2], fours[3])), 16)
			fours = fours[4:]
		default:
			v := a.addBlocks(0x44, 0xee, fours[0], fours[1])
			add(a.addBlocks(0x88, 0xdd, v, v).AsY(), 8)
			fours = fours[2:]
		}
	}
}

// addPairs is the sum of what two ways of interleaving give.
func (a *assembler) addPairs(low, high func(...operand.Op), v, w reg.VecVirtual) reg.VecVirtual {
	l, h := a.vec(), a.vec()
	low(w, v, l)
	high(w, v, h)
	a.VADDPS(h, l, l)
	return l
}

// addBlocks is the sum of two selections of blocks of four lanes.
func (a *assembler) addBlocks(first, second uint8, v, w reg.VecVirtual) reg.VecVirtual {
	f, s := a.vec(), a.vec()
	a.VSHUFF32X4(operand.Imm(uint64(first)), w, v, f)
	a.VSHUFF32X4(operand.Imm(uint64(second)), w, v, s)
	a.VADDPS(s, f, f)
	return f
}
