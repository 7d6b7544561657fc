package main

import (
	"github.com/fastresnet/fastresnet/internal/engine/cpu/kernels/_asm/layout"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// A pool's window is most often one of 2 x 2 pixels, which is written out; any other is a loop over its rows and
// columns.
const smallWindow = 2

const windowParameter = "w struct{Height, Width, Stride int}"

// windows is the registers of the pool kernels: a window starts at x, and its result is at y.
type windows struct {
	*assembler
	y, x, height, width, stride, step reg.GPVirtual
}

// eachWindow writes small for windows of 2 x 2 pixels and any for all others. The windows lie side by side, one for
// each vector of y.
func (a *assembler) eachWindow(y string, small, any func(w windows)) {
	w := windows{assembler: a, y: a.base(y), x: a.base("x"), height: a.GP64(), width: a.GP64(), stride: a.GP64(), step: a.GP64()}
	count := a.GP64()
	a.Load(a.Param(y).Len(), count)
	a.SHRQ(operand.Imm(4), count)
	a.Load(a.Param("w").Field("Height"), w.height)
	a.Load(a.Param("w").Field("Width"), w.width)
	a.Load(a.Param("w").Field("Stride"), w.stride)
	a.SHLQ(operand.Imm(2), w.stride)
	a.MOVQ(w.width, w.step)
	a.SHLQ(operand.Imm(6), w.step)
	for _, size := range []reg.GPVirtual{w.height, w.width} {
		a.CMPQ(size, operand.Imm(smallWindow))
		a.JNE(operand.LabelRef("any"))
	}
	write := func(name string, body func(w windows)) {
		a.repeat(name, count, func() {
			body(w)
			a.ADDQ(operand.Imm(layout.VectorBytes), w.y)
			a.ADDQ(w.step, w.x)
		})
		a.end()
	}
	write("small", small)
	a.Label("any")
	write("anySize", any)
}

// pixels are the addresses of the pixels of a small window, in row-major order, for one register of its vectors.
func (w windows) pixels(part int) []operand.Mem {
	lane := part * w.floats * layout.FloatBytes
	return []operand.Mem{
		address(w.x, lane), address(w.x, layout.VectorBytes+lane),
		indexed(w.x, w.stride, 1, lane), indexed(w.x, w.stride, 1, layout.VectorBytes+lane),
	}
}

// eachPixel writes body in loops over the pixels of a window, in row-major order.
func (w windows) eachPixel(name string, body func(pixel reg.GPVirtual)) {
	row, rows := w.copyOf(w.x), w.copyOf(w.height)
	w.repeat(name+"Row", rows, func() {
		pixel, columns := w.copyOf(row), w.copyOf(w.width)
		w.repeat(name+"Pixel", columns, func() {
			body(pixel)
			w.ADDQ(operand.Imm(layout.VectorBytes), pixel)
		})
		w.ADDQ(w.stride, row)
	})
}

// larger sets best to v where that is greater: not where either is NaN, as of two operands that cannot be ordered the
// maximum is the second, which is the first in Go's order.
func (a *assembler) larger(best, v reg.VecVirtual) { a.VMAXPS(best, v, best) }

func (a *assembler) maxPool() {
	a.function("maxPool", "func(y, x []float32, "+windowParameter+")")
	a.eachWindow("y", func(w windows) {
		for part := range a.parts() {
			pixels := w.pixels(part)
			best := a.load(pixels[0])
			for _, p := range pixels[1:] {
				a.larger(best, a.load(p))
			}
			a.VMOVUPS(best, address(w.y, part*a.floats*layout.FloatBytes))
		}
	}, func(w windows) {
		best := a.vectorOf(address(w.x, 0))
		w.eachPixel("any", func(pixel reg.GPVirtual) {
			for part, b := range best {
				a.larger(b, a.load(a.part(address(pixel, 0), part)))
			}
		})
		for part, b := range best {
			a.VMOVUPS(b, a.part(address(w.y, 0), part))
		}
	})
}

// maxPoolBackward gives what is left of the gradient to whatever equals the maximum.
func (a *assembler) maxPoolBackward() {
	a.function("maxPoolBackward", "func(dy, x []float32, "+windowParameter+")")
	give := func(v, best reg.VecVirtual, left *reg.VecVirtual, at operand.Mem) {
		is := a.compare(equal, v, best)
		a.VMOVUPS(a.keep(is, *left), at)
		*left = a.drop(is, *left)
	}
	a.eachWindow("dy", func(w windows) {
		for part := range a.parts() {
			pixels := w.pixels(part)
			var values []reg.VecVirtual
			for _, p := range pixels {
				values = append(values, a.load(p))
			}
			best := a.vec()
			a.VMOVAPS(values[0], best)
			for _, v := range values[1:] {
				a.larger(best, v)
			}
			left := a.load(address(w.y, part*a.floats*layout.FloatBytes))
			for i, v := range values {
				give(v, best, &left, pixels[i])
			}
		}
	}, func(w windows) {
		best := a.vectorOf(address(w.x, 0))
		w.eachPixel("best", func(pixel reg.GPVirtual) {
			for part, b := range best {
				a.larger(b, a.load(a.part(address(pixel, 0), part)))
			}
		})
		left := a.vectorOf(address(w.y, 0))
		w.eachPixel("give", func(pixel reg.GPVirtual) {
			for part, b := range best {
				at, rest := a.part(address(pixel, 0), part), left[part]
				give(a.load(at), b, &rest, at)
				a.VMOVAPS(rest, left[part])
			}
		})
	})
}
