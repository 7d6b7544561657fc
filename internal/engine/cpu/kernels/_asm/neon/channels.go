package main

import "github.com/fastresnet/fastresnet/internal/engine/cpu/kernels/_asm/layout"

// convolveChannels computes four pixels of one block of channels at a time, or one:
//
//	V0-V15   sums, pixel p's quarters in V(4p) to V(4p+3)
//	V16-V19  the weights of a tap
//	V20-V23  the input of each pixel, in all lanes
func (a *assembler) convolveChannels() {
	a.function("convolveChannels", argument{"y", "slice"}, argument{"block", "word"}, argument{"x", "slice"}, argument{"offsets", "slice"},
		argument{"weights", "slice"}, argument{"blocks", "word"}, argument{"pixels", "word"}, argument{"add", "bool"})
	const (
		y, in, offsets, taps, weights, pixels, add x = 0, 1, 2, 3, 4, 5, 6
		// of a tile
		offset, weight, left, tap x = 7, 8, 9, 10
		firstWeight, firstInput   v = 16, 20
	)
	a.param("y_base", y.String())
	a.param("x_base", in.String())
	a.param("offsets_base", offsets.String())
	a.param("offsets_len", taps.String())
	a.param("weights_base", weights.String())
	a.param("pixels", pixels.String())
	a.flag("add", add.String())
	for _, tile := range []struct {
		name   string
		pixels int
	}{{"four", 4}, {"one", 1}} {
		a.label(tile.name)
		a.line("CMP $%d, %v", tile.pixels, pixels)
		a.line("BLT %sEnd", tile.name)
		a.startSums(tile.name, add, tile.pixels, func() {
			for p := range tile.pixels {
				a.loadVector(y, p*layout.VectorBytes, v(quarters*p))
			}
		})
		a.line("MOVD %v, %v", offsets, offset)
		a.line("MOVD %v, %v", weights, weight)
		a.line("MOVD %v, %v", taps, left)
		a.repeat(tile.name+"Tap", left, func() {
			a.line("MOVD.P 8(%v), %v", offset, tap)
			a.line("ADD %v<<2, %v, %v", tap, in, tap)
			a.loadVector(weight, 0, firstWeight)
			a.line("ADD $%d, %v", layout.VectorBytes, weight)
			for p := range v(tile.pixels) {
				a.line("VLD1R (%v), [%s]", tap, (firstInput + p).floats())
				if int(p)+1 < tile.pixels {
					a.line("ADD $%d, %v", layout.VectorBytes, tap)
				}
				for q := range v(quarters) {
					a.multiplyAdd(firstInput+p, firstWeight+q, quarters*p+q)
				}
			}
		})
		for p := range tile.pixels {
			a.storeVector(v(quarters*p), y, p*layout.VectorBytes)
		}
		a.line("ADD $%d, %v", tile.pixels*layout.VectorBytes, y)
		a.line("ADD $%d, %v", tile.pixels*layout.VectorBytes, in)
		a.line("SUB $%d, %v", tile.pixels, pixels)
		a.line("B %s", tile.name)
		a.label(tile.name + "End")
	}
	a.line("RET")
}
