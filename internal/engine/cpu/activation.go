package cpu

import "github.com/fastresnet/fastresnet/layers"

// activation is a function of one number. The zero value is the identity.
type activation struct {
	kind activationKind
	// alpha and its inverse are settings of celu.
	alpha, inverse float32
}

type activationKind int

const (
	identity activationKind = iota
	relu
	celu
	gelu
)

// activationOf is the function that a layer stands for, if it is an activation.
func activationOf(l layers.Layer) (f activation, ok bool) {
	switch l := l.(type) {
	case layers.ReLU:
		return activation{kind: relu}, true
	case layers.CELU:
		return activation{kind: celu, alpha: float32(l.Alpha), inverse: float32(1 / l.Alpha)}, true
	case layers.GELU:
		return activation{kind: gelu}, true
	}
	return activation{}, false
}

// activate applies an activation that follows no norm.
type activate struct {
	in, out *tensor
	f       activation
}

func (a *activate) forward(n *Net) {
	coefficients := &affine{gain: fill(1), f: a.f}
	a.in.perChannel(func(g, c int) {
		n.kernels.affine(a.out.plane(g, c), a.in.plane(g, c), a.in.rows(), coefficients)
	})
}

func (a *activate) backward(n *Net) {
	gradient := &affineGradient{affine: affine{gain: fill(1), f: a.f}}
	a.in.perChannel(func(g, c int) {
		n.kernels.affineBackward(a.out.plane(g, c), a.in.plane(g, c), a.in.rows(), gradient)
	})
}
