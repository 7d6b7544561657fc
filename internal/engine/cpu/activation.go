package cpu

import (
	"github.com/fastresnet/fastresnet/internal/engine/cpu/kernels"
	"github.com/fastresnet/fastresnet/layers"
)

// activationOf is the function that a layer stands for, if it is an activation.
func activationOf(l layers.Layer) (f kernels.Activation, ok bool) {
	switch l := l.(type) {
	case layers.ReLU:
		return kernels.Activation{Kind: kernels.ReLU}, true
	case layers.CELU:
		return kernels.Activation{Kind: kernels.CELU, Alpha: float32(l.Alpha), Inverse: float32(1 / l.Alpha)}, true
	case layers.GELU:
		return kernels.Activation{Kind: kernels.GELU}, true
	case layers.SiLU:
		return kernels.Activation{Kind: kernels.SiLU}, true
	}
	return kernels.Activation{}, false
}

// activate applies an activation that follows no norm.
type activate struct {
	in, out *tensor
	f       kernels.Activation
}

func (a *activate) forward(*Net) {
	coefficients := &kernels.Affine{Gain: kernels.Fill(1), F: a.f}
	a.in.perChannel(func(g, c int) {
		a.in.kernels.Affine(a.out.plane(g, c), a.in.plane(g, c), a.in.rows(), coefficients)
	})
}

func (a *activate) backward(*Net) {
	gradient := &kernels.AffineGradient{Affine: kernels.Affine{Gain: kernels.Fill(1), F: a.f}}
	a.in.perChannel(func(g, c int) {
		a.in.kernels.AffineBackward(a.out.plane(g, c), a.in.plane(g, c), a.in.rows(), gradient)
	})
}
