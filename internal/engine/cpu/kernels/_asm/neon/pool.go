package main

import "github.com/fastresnet/fastresnet/internal/engine/cpu/kernels/_asm/layout"

// The general registers of the pool kernels.
const (
	outputAt, windowAt, windowsLeft       x = 0, 1, 2
	windowHeight, windowWidth, windowStep x = 3, 4, 5
	rowBytes, row, rowsLeft               x = 6, 7, 8
	pixel, pixelsLeft                     x = 9, 10
)

// eachWindow writes body for windows that lie side by side, one for each vector of a slice.
func (a *assembler) eachWindow(slice string, body func()) {
	a.param(slice+"_base", outputAt.String())
	a.param(slice+"_len", windowsLeft.String())
	a.line("LSR $4, %v, %v", windowsLeft, windowsLeft)
	a.param("x_base", windowAt.String())
	a.param("w_Height", windowHeight.String())
	a.param("w_Width", windowWidth.String())
	a.bytes("w_Stride", rowBytes.String())
	a.line("LSL $6, %v, %v", windowWidth, windowStep)
	a.repeat("window", windowsLeft, func() {
		body()
		a.line("ADD $%d, %v", layout.VectorBytes, outputAt)
		a.line("ADD %v, %v", windowStep, windowAt)
	})
	a.line("RET")
}

// eachPixel writes body in loops over the pixels of a window, in row-major order.
func (a *assembler) eachPixel(name string, body func()) {
	a.line("MOVD %v, %v", windowAt, row)
	a.line("MOVD %v, %v", windowHeight, rowsLeft)
	a.repeat(name+"Row", rowsLeft, func() {
		a.line("MOVD %v, %v", row, pixel)
		a.line("MOVD %v, %v", windowWidth, pixelsLeft)
		a.repeat(name+"Pixel", pixelsLeft, func() {
			body()
			a.line("ADD $%d, %v", layout.VectorBytes, pixel)
		})
		a.line("ADD %v, %v", rowBytes, row)
	})
}

// The vector registers of the pool kernels.
const (
	best, candidate, mask, rest v = 0, 4, 8, 12
)

// windowMaximum sets best to the maxima of a window: what is greater than all before it, which NaN is not.
func (a *assembler) windowMaximum() {
	a.loadVector(windowAt, 0, best)
	a.eachPixel("best", func() {
		a.loadVector(pixel, 0, candidate)
		for q := range v(quarters) {
			a.greater(best+q, candidate+q, mask+q)
			a.insert(mask+q, candidate+q, best+q)
		}
	})
}

func (a *assembler) maxPool() {
	a.function("maxPool", argument{"y", "slice"}, argument{"x", "slice"}, argument{"w", "window"})
	a.eachWindow("y", func() {
		a.windowMaximum()
		a.storeVector(best, outputAt, 0)
	})
}

// maxPoolBackward gives what is left of the gradient to whatever equals the maximum.
func (a *assembler) maxPoolBackward() {
	a.function("maxPoolBackward", argument{"dy", "slice"}, argument{"x", "slice"}, argument{"w", "window"})
	a.eachWindow("dy", func() {
		a.windowMaximum()
		a.loadVector(outputAt, 0, rest)
		a.eachPixel("give", func() {
			a.loadVector(pixel, 0, candidate)
			for q := range v(quarters) {
				a.equal(best+q, candidate+q, mask+q)
				a.and(mask+q, rest+q, candidate+q)
				a.without(mask+q, rest+q, rest+q)
			}
			a.storeVector(candidate, pixel, 0)
		})
	})
}
