package purego

// relu is max(x, 0), with gradient 0 at 0.
type relu struct{ in, out *tensor }

func (r *relu) forward(n *Net) {
	r.in.perChannel(func(g, c int) {
		n.kernels.affine(r.out.plane(g, c), r.in.plane(g, c), r.in.rows(), 1, 0, true)
	})
}

func (r *relu) backward(n *Net) {
	a := affineGradient{gain: 1, relu: true, dyGain: 1}
	r.in.perChannel(func(g, c int) {
		n.kernels.affineBackward(r.out.plane(g, c), r.in.plane(g, c), r.in.rows(), a)
	})
}

// scale multiplies by a constant.
type scale struct {
	in, out *tensor
	factor  float32
}

func (s *scale) forward(n *Net)  { s.run(n, s.out, s.in) }
func (s *scale) backward(n *Net) { s.run(n, s.in, s.out) }

func (s *scale) run(n *Net, y, x *tensor) {
	x.perChannel(func(g, c int) {
		n.kernels.affine(y.plane(g, c), x.plane(g, c), x.rows(), s.factor, 0, false)
	})
}
