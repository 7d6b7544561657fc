package cpu

// scale multiplies by a constant.
type scale struct {
	in, out *tensor
	factor  float32
}

func (s *scale) forward(n *Net)  { s.run(n, s.out, s.in) }
func (s *scale) backward(n *Net) { s.run(n, s.in, s.out) }

func (s *scale) run(n *Net, y, x *tensor) {
	coefficients := &affine{gain: fill(s.factor)}
	x.perChannel(func(g, c int) {
		n.kernels.affine(y.plane(g, c), x.plane(g, c), x.rows(), coefficients)
	})
}
