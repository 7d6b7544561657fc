package main

import "github.com/fastresnet/fastresnet/internal/engine/cpu/kernels/_asm/layout"

// convolve computes one pixel at a time, of all channels of a tile:
//
//	V0-V23   sums, channel m's quarters in V(4m) to V(4m+3)
//	V24-V27  the pixel that a tap reads
//	V28-V29  the weights of the tap, of which each lane multiplies the pixel for its channel
//
// So 24 multiply-adds come with 4 loads and take no less than 6 cycles of four pipes, in which each sum waits for its
// last one, 4 cycles; a narrow tile's 16 take 4.
func (a *assembler) convolve() {
	a.function("convolve", argument{"y", "slice"}, argument{"channel", "word"}, argument{"yPixel", "word"},
		argument{"x", "slice"}, argument{"xPixel", "word"}, argument{"offsets", "slice"}, argument{"weights", "slice"},
		argument{"channels", "word"}, argument{"pixels", "word"}, argument{"add", "bool"})
	const (
		y, channel, yPixel, in, xPixel, offsets, taps, weights, pixels, add x = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9
		// at a pixel
		offset, weight, left, tap, at, channels x = 10, 11, 12, 13, 14, 15
	)
	a.param("y_base", y.String())
	a.bytes("channel", channel.String())
	a.bytes("yPixel", yPixel.String())
	a.param("x_base", in.String())
	a.bytes("xPixel", xPixel.String())
	a.param("offsets_base", offsets.String())
	a.param("offsets_len", taps.String())
	a.param("weights_base", weights.String())
	a.param("pixels", pixels.String())
	a.flag("add", add.String())
	a.param("channels", channels.String())
	a.line("CMP $%d, %v", layout.WideTile, channels)
	a.line("BNE narrow")
	for _, tile := range []struct {
		name     string
		channels int
	}{{"wide", layout.WideTile}, {"narrow", layout.NarrowTile}} {
		a.label(tile.name)
		a.repeat(tile.name+"Pixel", pixels, func() {
			eachChannel := func(f func(m int)) {
				a.line("MOVD %v, %v", y, at)
				for m := range tile.channels {
					if m > 0 {
						a.line("ADD %v, %v, %v", channel, at, at)
					}
					f(m)
				}
			}
			a.startSums(tile.name, add, tile.channels, func() {
				eachChannel(func(m int) { a.loadVector(at, 0, v(quarters*m)) })
			})
			a.line("MOVD %v, %v", offsets, offset)
			a.line("MOVD %v, %v", weights, weight)
			a.line("MOVD %v, %v", taps, left)
			a.repeat(tile.name+"Tap", left, func() {
				a.line("MOVD.P 8(%v), %v", offset, tap)
				a.line("ADD %v<<2, %v, %v", tap, in, tap)
				a.loadVector(tap, 0, 24)
				a.load(weight, 0, 28)
				if tile.channels > 4 {
					a.line("FMOVD 16(%v), F29", weight)
				}
				a.line("ADD $%d, %v", tile.channels*layout.FloatBytes, weight)
				for m := range tile.channels {
					for q := range quarters {
						a.multiplyAddLane(v(28+m/4), m%4, v(24+q), v(quarters*m+q))
					}
				}
			})
			eachChannel(func(m int) { a.storeVector(v(quarters*m), at, 0) })
			a.line("ADD %v, %v", yPixel, y)
			a.line("ADD %v, %v", xPixel, in)
		})
		a.line("RET")
	}
}

// startSums writes load if a register is not 0, and otherwise makes as many vectors, from V0 on, 0.
func (a *assembler) startSums(name string, add x, vectors int, load func()) {
	a.line("CBZ %v, %sPlain", add, name)
	load()
	a.line("B %sReady", name)
	a.label(name + "Plain")
	for i := range vectors * quarters {
		a.zero(v(i))
	}
	a.label(name + "Ready")
}

// correlate takes the quarters of a pixel's lanes one after the other, and adds up the lanes of the sums at the end:
//
//	V0-V23   sums, of tap j and channel m in V(j·channels + m)
//	V24-V27  a quarter of what each tap reads
//	V28-V30  a quarter of the gradient of one channel after the other
//
// So 24 multiply-adds come with 10 loads, which three pipes load in less than the 6 cycles of the multiply-adds. The
// quarters are written out, so that a loop's own instructions, one for each address, are few beside the multiply-adds.
func (a *assembler) correlate() {
	a.function("correlate", argument{"sums", "slice"}, argument{"dy", "slice"}, argument{"channel", "word"},
		argument{"x", "slice"}, argument{"xPixel", "word"}, argument{"offsets", "slice"}, argument{"segments", "slice"},
		argument{"channels", "word"}, argument{"pixels", "word"})
	a.param("channels", "R0")
	a.line("CMP $%d, R0", layout.WideTile)
	a.line("BNE narrow")
	a.correlateTile("wide", layout.WideTile)
	a.label("narrow")
	a.correlateTile("narrow", layout.NarrowTile)
}

func (a *assembler) correlateTile(name string, channels int) {
	const (
		sums, channel, xPixel, segment, segments, dy, in x = 0, 1, 2, 3, 4, 5, 6
		// of a segment: the pixels left, where its first pixel is in x, a register for this and that
		left, at, t x = 7, 8, 9
		// the addresses of the pixel, by tap and by channel
		inTap, dyChannel x = 12, 19
	)
	a.bytes("channel", channel.String())
	a.bytes("xPixel", xPixel.String())
	a.param("dy_base", dy.String())
	a.param("x_base", in.String())
	a.param("segments_base", segment.String())
	a.param("segments_len", segments.String())
	for i := range layout.CorrelateTaps * channels {
		a.zero(v(i))
	}
	a.repeat(name+"Segment", segments, func() {
		a.line("MOVD.P 8(%v), %v", segment, t)
		a.line("ADD %v<<2, %v, %v", t, dy, dyChannel)
		for m := x(1); m < x(channels); m++ {
			a.line("ADD %v, %v, %v", channel, dyChannel+m-1, dyChannel+m)
		}
		a.line("MOVD.P 8(%v), %v", segment, t)
		a.line("ADD %v<<2, %v, %v", t, in, at)
		a.param("offsets_base", t.String())
		for j := range x(layout.CorrelateTaps) {
			a.line("MOVD %d(%v), %v", 8*j, t, inTap+j)
			a.line("ADD %v<<2, %v, %v", inTap+j, at, inTap+j)
		}
		a.param("pixels", left.String())
		a.repeat(name+"Pixel", left, func() {
			for q := range quarters {
				for j := range layout.CorrelateTaps {
					a.load(inTap+x(j), q*registerBytes, v(24+j))
				}
				for m := range channels {
					d := v(28 + m%3)
					a.load(dyChannel+x(m), q*registerBytes, d)
					for j := range layout.CorrelateTaps {
						a.multiplyAdd(d, v(24+j), v(j*channels+m))
					}
				}
			}
			for j := range x(layout.CorrelateTaps) {
				a.line("ADD %v, %v", xPixel, inTap+j)
			}
			for m := range x(channels) {
				a.line("ADD $%d, %v", layout.VectorBytes, dyChannel+m)
			}
		})
	})
	a.param("sums_base", sums.String())
	for i := v(0); i < v(layout.CorrelateTaps*channels); i += 4 {
		a.addPairs(i+1, i, i)
		a.addPairs(i+3, i+2, i+2)
		a.addPairs(i+2, i, i)
		a.load(sums, int(i)*layout.FloatBytes, 24)
		a.add(24, i, i)
		a.store(i, sums, int(i)*layout.FloatBytes)
	}
	a.line("RET")
}
