package cpu

import "github.com/fastresnet/fastresnet/internal/engine/cpu/kernels"

// bias adds a variable to each channel of a tensor, in place.
type bias struct {
	t        *tensor
	variable string
	frozen   bool // it has no gradient
}

func (b *bias) forward(n *Net) {
	values := n.vars[b.variable]
	b.t.perChannel(func(g, c int) {
		plane := b.t.plane(g, c)
		b.t.kernels.Affine(plane, plane, b.t.rows(), &kernels.Affine{Gain: kernels.Fill(1), Shift: kernels.Fill(values[c])})
	})
}

// backward sums the gradient, which is also the input's. Outside of the image and of the batch it is 0.
func (b *bias) backward(n *Net) {
	if b.frozen {
		return
	}
	grads := n.grads[b.variable]
	parallel(b.t.shape.Channels, func(c int) {
		var total float64
		for g := range b.t.groups() {
			for _, v := range b.t.plane(g, c) {
				total += float64(v)
			}
		}
		grads[c] = float32(total)
	})
}
