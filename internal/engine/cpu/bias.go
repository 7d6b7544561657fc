package cpu

// bias adds a variable to each channel of a tensor, in place.
type bias struct {
	t        *tensor
	variable string
}

func (b *bias) forward(n *Net) {
	values := n.vars[b.variable]
	b.t.perChannel(func(g, c int) {
		plane := b.t.plane(g, c)
		n.kernels.affine(plane, plane, b.t.rows(), &affine{gain: fill(1), shift: fill(values[c])})
	})
}

// backward sums the gradient, which is also the input's. Outside of the image and of the batch it is 0.
func (b *bias) backward(n *Net) {
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
