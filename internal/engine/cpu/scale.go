package cpu

import "github.com/fastresnet/fastresnet/internal/engine/cpu/kernels"

// scale multiplies by a constant.
type scale struct {
	in, out *tensor
	factor  float32
}

func (s *scale) forward(*Net)  { s.run(s.out, s.in) }
func (s *scale) backward(*Net) { s.run(s.in, s.out) }

func (s *scale) run(y, x *tensor) {
	coefficients := &kernels.Affine{Gain: kernels.Fill(s.factor)}
	x.perChannel(func(g, c int) {
		x.kernels.Affine(y.plane(g, c), x.plane(g, c), x.rows(), coefficients)
	})
}
