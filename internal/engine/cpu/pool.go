package cpu

import (
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/engine/cpu/kernels"
)

// maxPool takes the maximum of each window, without overlap. A global pool is one whose window is the
// image.
type maxPool struct {
	in, out *tensor
	window  kernels.Window
}

func newMaxPool(in *tensor, height, width int) *maxPool {
	shape := data.Shape{Height: in.shape.Height / height, Width: in.shape.Width / width, Channels: in.shape.Channels}
	return &maxPool{in, in.beside(shape), kernels.Window{Height: height, Width: width, Stride: in.row}}
}

func (m *maxPool) forward(*Net) { m.eachRow(m.in.kernels.MaxPool) }
func (m *maxPool) backward(*Net) {
	m.eachRow(m.in.kernels.MaxPoolBackward)
	m.clearRest()
}

// clearRest sets the gradient of the last rows and columns that fill no window.
func (m *maxPool) clearRest() {
	height, width := m.out.shape.Height*m.window.Height, m.out.shape.Width*m.window.Width
	if height == m.in.shape.Height && width == m.in.shape.Width {
		return
	}
	m.in.perChannel(func(g, c int) {
		in := m.in.plane(g, c)
		for y := range m.in.shape.Height {
			first := 0
			if y < height {
				first = width
			}
			clear(in[y*m.in.row+first*m.in.kernels.Lanes : (y+1)*m.in.row])
		}
	})
}

// eachRow calls f for every row of the output and the rows of the input that it comes from.
func (m *maxPool) eachRow(f func(out, in []float32, w kernels.Window)) {
	m.out.perChannel(func(g, c int) {
		in, out := m.in.plane(g, c), m.out.plane(g, c)
		for y := range m.out.shape.Height {
			f(out[y*m.out.row:][:m.out.shape.Width*m.out.kernels.Lanes], in[y*m.window.Height*m.in.row:], m.window)
		}
	})
}

// globalMean takes each channel's mean over the image.
type globalMean struct{ in, out *tensor }

func newGlobalMean(in *tensor) *globalMean {
	shape := data.Shape{Height: 1, Width: 1, Channels: in.shape.Channels}
	return &globalMean{in: in, out: in.beside(shape)}
}

func (m *globalMean) forward(*Net) {
	m.in.perChannel(func(g, c int) { pixelMean(m.out.plane(g, c), m.in.plane(g, c), m.in.rows(), m.in.kernels.Lanes) })
}

func (m *globalMean) backward(*Net) {
	m.in.perChannel(func(g, c int) {
		x := m.in.plane(g, c)
		clear(x)
		addPixelMeanGradient(m.out.plane(g, c), x, m.in.rows(), m.in.kernels.Lanes)
	})
}

// globalMaxMean takes each channel's maximum over the image, and after those of all channels their means.
type globalMaxMean struct{ in, out *tensor }

func newGlobalMaxMean(in *tensor) *globalMaxMean {
	shape := data.Shape{Height: 1, Width: 1, Channels: 2 * in.shape.Channels}
	return &globalMaxMean{in: in, out: in.beside(shape)}
}

func (m *globalMaxMean) forward(*Net) {
	m.in.perChannel(func(g, c int) {
		x := m.in.plane(g, c)
		m.in.kernels.MaxPool(m.out.plane(g, c)[:m.in.kernels.Lanes], x, m.window())
		pixelMean(m.out.plane(g, m.in.shape.Channels+c), x, m.in.rows(), m.in.kernels.Lanes)
	})
}

func (m *globalMaxMean) backward(*Net) {
	m.in.perChannel(func(g, c int) {
		x := m.in.plane(g, c)
		m.in.kernels.MaxPoolBackward(m.out.plane(g, c)[:m.in.kernels.Lanes], x, m.window())
		addPixelMeanGradient(m.out.plane(g, m.in.shape.Channels+c), x, m.in.rows(), m.in.kernels.Lanes)
	})
}

func (m *globalMaxMean) window() kernels.Window {
	return kernels.Window{Height: m.in.shape.Height, Width: m.in.shape.Width, Stride: m.in.row}
}

// pixelMean sets the pixel y, a vector, to the mean of the pixels x.
func pixelMean(y, x []float32, r kernels.Rows, lanes int) {
	sum := y[:lanes]
	clear(sum)
	for i := range r.Count {
		for row := x[i*r.Stride:][:r.Length]; len(row) > 0; row = row[lanes:] {
			for lane, v := range row[:lanes] {
				sum[lane] += v
			}
		}
	}
	for lane := range sum {
		sum[lane] /= float32(r.Count * r.Length / lanes)
	}
}

// addPixelMeanGradient adds to each pixel of x its gradient as part of a mean, dy being the mean's.
func addPixelMeanGradient(dy, x []float32, r kernels.Rows, lanes int) {
	var vector kernels.Vector
	part := vector[:copy(vector[:lanes], dy)]
	for lane := range part {
		part[lane] /= float32(r.Count * r.Length / lanes)
	}
	for i := range r.Count {
		for row := x[i*r.Stride:][:r.Length]; len(row) > 0; row = row[lanes:] {
			for lane, v := range part {
				row[lane] += v
			}
		}
	}
}
