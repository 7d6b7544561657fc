package main

import "github.com/fastresnet/fastresnet/internal/engine/cpu/kernels/_asm/layout"

// The general registers of the pool kernels.
const (
	outputAt, windowAt, windowsLeft       x = 0, 1, 2
	windowHeight, windowWidth, windowStep x = 3, 4, 5
	rowBytes, row, rowsLeft               x = 6, 7, 8
	pixel, pixelsLeft                     x = 9, 10
	least, poolCoefficients               x = 11, 12
)

// windows are those of a kernel, and signed says whether it may look for the least values.
type windows struct {
	*assembler
	signed bool
}

// each writes body for windows that lie side by side, one for each vector of a slice.
func (a windows) each(slice string, body func()) {
	a.param(slice+"_base", outputAt.String())
	a.param(slice+"_len", windowsLeft.String())
	a.line("LSR $4, %v, %v", windowsLeft, windowsLeft)
	a.param("x_base", windowAt.String())
	a.param("w_Height", windowHeight.String())
	a.param("w_Width", windowWidth.String())
	a.bytes("w_Stride", rowBytes.String())
	if a.signed {
		a.flag("w_Least", least.String())
		a.line("LSL $31, %v, %v", least, least)
		a.line("VDUP %v, %s", least, sign.floats())
	}
	a.line("LSL $6, %v, %v", windowWidth, windowStep)
	a.repeat("window", windowsLeft, func() {
		body()
		a.line("ADD $%d, %v", layout.VectorBytes, outputAt)
		a.line("ADD %v, %v", windowStep, windowAt)
	})
	a.line("RET")
}

// eachPixel writes body in loops over the pixels of a window, in row-major order.
func (a windows) eachPixel(name string, body func()) {
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

// The vector registers of the pool kernels. sign has the bit of the sign in every lane if the least values are looked for: they
// are the greatest with other signs.
const (
	best, candidate, first, none v = 0, 4, 8, 12
	sign, scaledPixel            v = 16, 17
	poolGains, poolConstants     v = 20, 24
	windowGradient               v = 28
)

// loadFlipped is loadVector with the signs by which values are compared.
func (a windows) loadFlipped(base x, offset int, to v) {
	a.loadVector(base, offset, to)
	a.flip(to)
}

// flip changes the signs of a vector if the least values are looked for.
func (a windows) flip(vector v) {
	if !a.signed {
		return
	}
	for q := range v(quarters) {
		a.exclusiveOr(sign, vector+q, vector+q)
	}
}

// maximum sets best to the maxima of a window, with the signs by which they are compared: what is greater than all
// before it, which NaN is not.
func (a windows) maximum() {
	a.loadFlipped(windowAt, 0, best)
	a.eachPixel("best", func() {
		a.loadFlipped(pixel, 0, candidate)
		for q := range v(quarters) {
			a.greater(best+q, candidate+q, first+q)
			a.insert(first+q, candidate+q, best+q)
		}
	})
}

func (a *assembler) maxPool() {
	a.function("maxPool", argument{"y", "slice"}, argument{"x", "slice"}, argument{"w", "window"})
	w := windows{a, true}
	w.each("y", func() {
		w.maximum()
		w.flip(best)
		a.storeVector(best, outputAt, 0)
	})
}

func (a *assembler) maxPoolBackward() {
	a.function("maxPoolBackward", argument{"dy", "slice"}, argument{"x", "slice"}, argument{"w", "window"})
	w := windows{a, false}
	w.each("dy", func() {
		w.spread(func(q v) { a.and(first+q, windowGradient+q, candidate+q) })
	})
}

func (a *assembler) maxPoolAffineBackward() {
	a.function("maxPoolAffineBackward",
		argument{"dy", "slice"}, argument{"x", "slice"}, argument{"w", "window"}, argument{"a", "word"})
	a.param("a", poolCoefficients.String())
	a.loadVector(poolCoefficients, layout.XGain, poolGains)
	a.loadVector(poolCoefficients, layout.Constant, poolConstants)
	w := windows{a, true}
	w.each("dy", func() {
		w.spread(func(q v) {
			a.exclusiveOr(sign, candidate+q, candidate+q)
			a.move(poolConstants+q, scaledPixel)
			a.multiplyAdd(candidate+q, poolGains+q, scaledPixel)
			a.insert(first+q, windowGradient+q, scaledPixel)
			a.move(scaledPixel, candidate+q)
		})
	})
}

// spread replaces the pixels of a window by what f makes of candidate, quarter by quarter: the pixel with the sign by
// which it is compared. It is the first maximum where first is ones.
func (a windows) spread(f func(quarter v)) {
	a.maximum()
	a.loadVector(outputAt, 0, windowGradient)
	for q := range v(quarters) {
		a.ones(none + q)
	}
	a.eachPixel("spread", func() {
		a.loadFlipped(pixel, 0, candidate)
		for q := range v(quarters) {
			a.equal(best+q, candidate+q, first+q)
			a.and(first+q, none+q, first+q)
			a.without(first+q, none+q, none+q)
			f(q)
		}
		a.storeVector(candidate, pixel, 0)
	})
}
