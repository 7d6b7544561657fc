package purego

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

func (m *maxPool) forward(n *Net)  { m.eachRow(n.kernels.maxPool) }
func (m *maxPool) backward(n *Net) { m.eachRow(n.kernels.maxPoolBackward) }

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

func (m *globalMean) factor() float32 { return 1 / float32(m.in.shape.Height*m.in.shape.Width) }

func (m *globalMean) forward(n *Net) {
	m.in.perChannel(func(g, c int) {
		in, out := m.in.plane(g, c), m.out.plane(g, c)[:lanes]
		clear(out)
		for i, v := range in {
			out[i%lanes] += v
		}
		for lane := range out {
			out[lane] *= m.factor()
		}
	})
}

func (m *globalMean) backward(n *Net) {
	m.in.perChannel(func(g, c int) {
		in, dy := m.in.plane(g, c), m.out.plane(g, c)
		for y := range m.in.shape.Height {
			row := in[y*m.in.row:][:m.in.shape.Width*lanes]
			for i := range row {
				row[i] = dy[i%lanes] * m.factor()
			}
		}
	})
}
