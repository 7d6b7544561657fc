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

func (m *maxPool) forward(*Net) {
	m.out.perChannel(func(g, c int) { m.pick(g, c, m.window) })
}

func (m *maxPool) backward(*Net) {
	m.in.perChannel(func(g, c int) {
		m.eachRow(g, c, func(out, in []float32) { m.in.kernels.MaxPoolBackward(out, in, m.window) })
		m.eachRest(g, c, func(rest []float32) { clear(rest) })
	})
}

// least is the window whose maximum is its least value, if it is to be that.
func (m *maxPool) least(is bool) kernels.Window {
	w := m.window
	w.Least = is
	return w
}

// pick sets a channel of a group of out to the maxima of windows like the pool's.
func (m *maxPool) pick(group, channel int, w kernels.Window) {
	m.eachRow(group, channel, func(out, in []float32) { m.in.kernels.MaxPool(out, in, w) })
}

// keep sets what some rows of a channel's input give, of which the first begins at a pixel where a window does.
func (m *maxPool) keep(rows []float32, r kernels.Rows, group, channel, top, left int) {
	w, lanes := m.window, m.out.kernels.Lanes
	w.Stride = r.Stride
	out := m.out.plane(group, channel)[top/w.Height*m.out.row+left/w.Width*lanes:]
	for y := 0; y+w.Height <= r.Count; y += w.Height {
		m.out.kernels.MaxPool(out[y/w.Height*m.out.row:][:r.Length/lanes/w.Width*lanes], rows[y*r.Stride:], w)
	}
}

// spread replaces a channel of a group of in by xGain·x + constant, but what pick chose of it by what out holds.
func (m *maxPool) spread(group, channel int, w kernels.Window, a *kernels.AffineGradient) {
	m.eachRow(group, channel, func(out, in []float32) { m.in.kernels.MaxPoolAffineBackward(out, in, w, a) })
	m.eachRest(group, channel, func(rest []float32) {
		for i, v := range rest {
			lane := i % m.in.kernels.Lanes
			rest[i] = a.XGain[lane]*v + a.Constant[lane]
		}
	})
}

// eachRow calls f for the rows of a channel of the output, and the rows of the input that they come from.
func (m *maxPool) eachRow(group, channel int, f func(out, in []float32)) {
	in, out := m.in.plane(group, channel), m.out.plane(group, channel)
	for y := range m.out.shape.Height {
		f(out[y*m.out.row:][:m.out.shape.Width*m.out.kernels.Lanes], in[y*m.window.Height*m.in.row:])
	}
}

// eachRest calls f for the pixels of a channel that fill no window: the last of rows, and the last rows.
func (m *maxPool) eachRest(group, channel int, f func(pixels []float32)) {
	lanes := m.in.kernels.Lanes
	height, width := m.out.shape.Height*m.window.Height, m.out.shape.Width*m.window.Width
	in := m.in.plane(group, channel)
	for y := range m.in.shape.Height {
		first := width
		if y >= height {
			first = 0
		}
		f(in[y*m.in.row+first*lanes : y*m.in.row+m.in.shape.Width*lanes])
	}
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
