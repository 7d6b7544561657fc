package cpu

import "github.com/fastresnet/fastresnet/data"

// maxPool takes the maximum of each window, without overlap. A global pool is one whose window is the
// image.
type maxPool struct {
	in, out *tensor
	window  window
}

func newMaxPool(in *tensor, height, width int) *maxPool {
	shape := data.Shape{Height: in.shape.Height / height, Width: in.shape.Width / width, Channels: in.shape.Channels}
	return &maxPool{in, newTensor(shape, in.batch), window{height, width, in.row}}
}

func (m *maxPool) forward(n *Net) { m.eachRow(n.kernels.maxPool) }
func (m *maxPool) backward(n *Net) {
	m.eachRow(n.kernels.maxPoolBackward)
	m.clearRest()
}

// clearRest sets the gradient of the last rows and columns that fill no window.
func (m *maxPool) clearRest() {
	height, width := m.out.shape.Height*m.window.height, m.out.shape.Width*m.window.width
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
			clear(in[y*m.in.row+first*lanes : (y+1)*m.in.row])
		}
	})
}

// eachRow calls f for every row of the output and the rows of the input that it comes from.
func (m *maxPool) eachRow(f func(out, in []float32, w window)) {
	m.out.perChannel(func(g, c int) {
		in, out := m.in.plane(g, c), m.out.plane(g, c)
		for y := range m.out.shape.Height {
			f(out[y*m.out.row:][:m.out.shape.Width*lanes], in[y*m.window.height*m.in.row:], m.window)
		}
	})
}

// globalMean takes each channel's mean over the image.
type globalMean struct{ in, out *tensor }

func newGlobalMean(in *tensor) *globalMean {
	shape := data.Shape{Height: 1, Width: 1, Channels: in.shape.Channels}
	return &globalMean{in: in, out: newTensor(shape, in.batch)}
}

func (m *globalMean) forward(*Net) {
	m.in.perChannel(func(g, c int) { pixelMean(m.out.plane(g, c), m.in.plane(g, c), m.in.rows()) })
}

func (m *globalMean) backward(*Net) {
	m.in.perChannel(func(g, c int) {
		x := m.in.plane(g, c)
		clear(x)
		addPixelMeanGradient(m.out.plane(g, c), x, m.in.rows())
	})
}

// globalMaxMean takes each channel's maximum over the image, and after those of all channels their means.
type globalMaxMean struct{ in, out *tensor }

func newGlobalMaxMean(in *tensor) *globalMaxMean {
	shape := data.Shape{Height: 1, Width: 1, Channels: 2 * in.shape.Channels}
	return &globalMaxMean{in: in, out: newTensor(shape, in.batch)}
}

func (m *globalMaxMean) forward(n *Net) {
	m.in.perChannel(func(g, c int) {
		x := m.in.plane(g, c)
		n.kernels.maxPool(m.out.plane(g, c)[:lanes], x, m.window())
		pixelMean(m.out.plane(g, m.in.shape.Channels+c), x, m.in.rows())
	})
}

func (m *globalMaxMean) backward(n *Net) {
	m.in.perChannel(func(g, c int) {
		x := m.in.plane(g, c)
		n.kernels.maxPoolBackward(m.out.plane(g, c)[:lanes], x, m.window())
		addPixelMeanGradient(m.out.plane(g, m.in.shape.Channels+c), x, m.in.rows())
	})
}

func (m *globalMaxMean) window() window {
	return window{m.in.shape.Height, m.in.shape.Width, m.in.row}
}

// pixelMean sets the first vector of y to the mean of those of x.
func pixelMean(y, x []float32, r rows) {
	sum := (*vector)(y)
	clear(sum[:])
	for i := range r.count {
		for j, v := range x[i*r.stride:][:r.length] {
			sum[j%lanes] += v
		}
	}
	for lane := range sum {
		sum[lane] /= float32(r.count * r.length / lanes)
	}
}

// addPixelMeanGradient adds to each vector of x its gradient as part of a mean, dy being the mean's.
func addPixelMeanGradient(dy, x []float32, r rows) {
	part := vector(dy)
	for lane := range part {
		part[lane] /= float32(r.count * r.length / lanes)
	}
	for i := range r.count {
		row := x[i*r.stride:][:r.length]
		for j := range row {
			row[j] += part[j%lanes]
		}
	}
}
