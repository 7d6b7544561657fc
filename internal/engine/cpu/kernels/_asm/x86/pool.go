package main

import (
	"github.com/fastresnet/fastresnet/internal/engine/cpu/kernels/_asm/layout"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// A pool's window is most often one of 2 x 2 pixels, which is written out; any other is a loop over its rows and
// columns.
const smallWindow = 2

const windowParameter = "w struct{Height, Width, Stride int; Least bool}"

// windows is the registers of the pool kernels: a window starts at x, and its result is at y.
type windows struct {
	*assembler
	y, x, count, height, width, stride, step reg.GPVirtual
	// sign is the bit of the sign in every lane if the least values are looked for: they are the greatest with other signs. It
	// is nil in a kernel that looks for the greatest.
	sign reg.VecVirtual
}

// windowsOf loads what a kernel is told about windows that lie side by side, one for each vector of y, and signed says
// whether it may look for the least values.
func (a *assembler) windowsOf(y string, signed bool) windows {
	w := windows{
		assembler: a, y: a.base(y), x: a.base("x"), count: a.GP64(), height: a.GP64(), width: a.GP64(), stride: a.GP64(), step: a.GP64(),
	}
	a.Load(a.Param(y).Len(), w.count)
	a.SHRQ(operand.Imm(4), w.count)
	a.Load(a.Param("w").Field("Height"), w.height)
	a.Load(a.Param("w").Field("Width"), w.width)
	a.Load(a.Param("w").Field("Stride"), w.stride)
	a.SHLQ(operand.Imm(2), w.stride)
	a.MOVQ(w.width, w.step)
	a.SHLQ(operand.Imm(6), w.step)
	if signed {
		least, bit := a.GP32(), a.XMM()
		a.Load(a.Param("w").Field("Least"), least)
		a.SHLL(operand.Imm(31), least)
		a.VMOVD(least, bit)
		w.sign = a.vec()
		a.VPBROADCASTD(bit, w.sign)
	}
	return w
}

// each writes small for windows of 2 x 2 pixels and any for all others.
func (w windows) each(small, any func()) {
	for _, size := range []reg.GPVirtual{w.height, w.width} {
		w.CMPQ(size, operand.Imm(smallWindow))
		w.JNE(operand.LabelRef("any"))
	}
	write := func(name string, body func()) {
		w.repeat(name, w.count, func() {
			body()
			w.ADDQ(operand.Imm(layout.VectorBytes), w.y)
			w.ADDQ(w.step, w.x)
		})
		w.end()
	}
	write("small", small)
	w.Label("any")
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

// flip changes the signs of a register if the least values are looked for.
func (w windows) flip(v reg.VecVirtual) reg.VecVirtual {
	switch {
	case w.sign == nil:
	case w.floats == layout.Lanes:
		w.VPXORD(w.sign, v, v)
	default:
		w.VXORPS(w.sign, v, v)
	}
	return v
}

// flipped is a new register with the floats at an address, with the signs by which they are compared.
func (w windows) flipped(from operand.Mem) reg.VecVirtual { return w.flip(w.load(from)) }

// flippedVector are the registers of a vector in memory, likewise.
func (w windows) flippedVector(at operand.Mem) []reg.VecVirtual {
	v := w.vectorOf(at)
	for _, part := range v {
		w.flip(part)
	}
	return v
}

// best are the greatest values of a window, with the signs by which they are compared.
func (w windows) best() []reg.VecVirtual {
	best := w.flippedVector(address(w.x, 0))
	w.eachPixel("best", func(pixel reg.GPVirtual) {
		for part, b := range best {
			w.larger(b, w.flipped(w.part(address(pixel, 0), part)))
		}
	})
	return best
}

func (a *assembler) maxPool() {
	a.function("maxPool", "func(y, x []float32, "+windowParameter+")")
	w := a.windowsOf("y", true)
	w.each(func() {
		for part := range a.parts() {
			pixels := w.pixels(part)
			best := w.flipped(pixels[0])
			for _, p := range pixels[1:] {
				a.larger(best, w.flipped(p))
			}
			a.VMOVUPS(w.flip(best), a.part(address(w.y, 0), part))
		}
	}, func() {
		for part, b := range w.best() {
			a.VMOVUPS(w.flip(b), a.part(address(w.y, 0), part))
		}
	})
}

func (a *assembler) maxPoolBackward() {
	a.function("maxPoolBackward", "func(dy, x []float32, "+windowParameter+")")
	a.windowsOf("dy", false).spread(func(first condition, dy, _ reg.VecVirtual, _ int) reg.VecVirtual { return a.keep(first, dy) })
}

func (a *assembler) maxPoolAffineBackward() {
	a.function("maxPoolAffineBackward", "func(dy, x []float32, "+windowParameter+", a *byte)")
	w, coefficients := a.windowsOf("dy", true), a.param("a")
	gain, constant := w.flippedVector(address(coefficients, layout.XGain)), a.vectorOf(address(coefficients, layout.Constant))
	w.spread(func(first condition, dy, flipped reg.VecVirtual, part int) reg.VecVirtual {
		return a.choose(first, dy, a.multiplyAdd(flipped, gain[part], constant[part]))
	})
}

// spread replaces pixels by what f makes of them, for one register of their vectors: it gets where a pixel is the first
// maximum of its window, the window's gradient, and the pixel with the sign by which it is compared.
func (w windows) spread(f func(first condition, dy, flipped reg.VecVirtual, part int) reg.VecVirtual) {
	w.each(func() {
		for part := range w.parts() {
			pixels := w.pixels(part)
			var values []reg.VecVirtual
			for _, p := range pixels {
				values = append(values, w.flipped(p))
			}
			best := w.vec()
			w.VMOVAPS(values[0], best)
			for _, v := range values[1:] {
				w.larger(best, v)
			}
			dy, none := w.load(w.part(address(w.y, 0), part)), w.always()
			for i, v := range values {
				first := w.both(w.compare(equal, v, best), none)
				w.VMOVUPS(f(first, dy, v, part), pixels[i])
				w.exclude(none, first)
			}
		}
	}, func() {
		best, dy := w.best(), w.vectorOf(address(w.y, 0))
		none := make([]condition, w.parts())
		for part := range none {
			none[part] = w.always()
		}
		w.eachPixel("spread", func(pixel reg.GPVirtual) {
			for part, b := range best {
				at := w.part(address(pixel, 0), part)
				v := w.flipped(at)
				first := w.both(w.compare(equal, v, b), none[part])
				w.VMOVUPS(f(first, dy[part], v, part), at)
				w.exclude(none[part], first)
			}
		})
	})
}
