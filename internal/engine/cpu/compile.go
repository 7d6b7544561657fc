package cpu

import (
	"fmt"

	"github.com/fastresnet/fastresnet/internal/engine/cpu/kernels"
	"github.com/fastresnet/fastresnet/layers"
)

// op is a layer over tensors of its own. forward reads in and writes out. backward reads out, which by
// then holds the gradient, and replaces in by its gradient; it leaves out alone. It may need in's value,
// never out's.
type op interface {
	forward(*Net)
	backward(*Net)
}

// lower turns a sequence of layers into operations on in; out is the last one's output. in must not be
// written by a residual sum, and is out if there are no layers.
func lower(sequence []layers.Layer, in *tensor) (ops []op, out *tensor, err error) {
	for i := 0; i < len(sequence); i++ {
		switch l := sequence[i].(type) {
		case layers.Conv:
			c := newConv(in, l.Out, l.Name+"/weight", filterOf(l, in.shape))
			ops, in = append(ops, c), c.out
		case layers.PatchWhitening:
			c := newConv(in, l.Channels(in.shape.Channels), l.Name+"/weight", filterOf(l, in.shape))
			c.frozen, c.out.fixed = true, in.fixed && !l.Bias
			ops, in = append(ops, c), c.out
			if l.Bias {
				ops = append(ops, &bias{t: in, variable: l.Name + "/bias"})
			}
		case layers.Linear:
			c := newConv(in, l.Out, l.Name+"/weight", filterOf(l, in.shape))
			ops, in = append(ops, c), c.out
			if l.Bias {
				ops = append(ops, &bias{t: in, variable: l.Name + "/bias"})
			}
		case layers.BatchNorm:
			var f kernels.Activation
			if i+1 < len(sequence) {
				if next, ok := activationOf(sequence[i+1]); ok {
					f = next
					i++
				}
			}
			b := newNorm(in, l, f)
			if len(ops) > 0 {
				if c, ok := ops[len(ops)-1].(*conv); ok {
					c.norm, b.fused = b, true
				}
			}
			ops, in = append(ops, b), b.out
		case layers.ReLU, layers.CELU, layers.GELU:
			f, _ := activationOf(l)
			a := &activate{in: in, out: in.beside(in.shape), f: f}
			ops, in = append(ops, a), a.out
		case layers.Scale:
			s := &scale{in: in, out: in.beside(in.shape), factor: float32(l.Factor)}
			ops, in = append(ops, s), s.out
		case layers.MaxPool:
			m := newMaxPool(in, l.Size, l.Size)
			ops, in = append(ops, m), m.out
		case layers.GlobalMaxPool:
			m := newMaxPool(in, in.shape.Height, in.shape.Width)
			ops, in = append(ops, m), m.out
		case layers.GlobalMeanPool:
			m := newGlobalMean(in)
			ops, in = append(ops, m), m.out
		case layers.GlobalMaxMeanPool:
			m := newGlobalMaxMean(in)
			ops, in = append(ops, m), m.out
		case layers.Residual:
			r, err := lowerResidual(l, in)
			if err != nil {
				return nil, nil, err
			}
			ops, in = append(ops, r), r.out
		default:
			return nil, nil, fmt.Errorf("%w: %v", ErrUnsupported, l)
		}
	}
	return ops, in, nil
}

// pathsOf makes the path with layers the branch, since a sum is the same either way.
func pathsOf(l layers.Residual) (branch, shortcut []layers.Layer) {
	branch, shortcut = l.Branch, l.Shortcut
	if len(branch) == 0 {
		branch, shortcut = shortcut, branch
	}
	if len(branch) == 0 { // twice the input
		branch = []layers.Layer{layers.Scale{Factor: 1}}
	}
	return branch, shortcut
}

func lowerResidual(l layers.Residual, in *tensor) (*residual, error) {
	branch, shortcut := pathsOf(l)
	r := &residual{in: in, shortcutIn: in, shortcutOut: in}
	var err error
	if r.branch, r.out, err = lower(branch, in); err != nil {
		return nil, err
	}
	if len(shortcut) > 0 {
		r.shortcutIn = in.beside(in.shape)
		if r.shortcut, r.shortcutOut, err = lower(shortcut, r.shortcutIn); err != nil {
			return nil, err
		}
	}
	return r, nil
}
