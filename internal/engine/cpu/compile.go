package cpu

import (
	"fmt"

	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/layers"
)

// op is a layer over tensors of its own. forward reads in and writes out. backward reads out, which by
// then holds the gradient, and replaces in by its gradient; it leaves out alone. It may need in's value,
// never out's.
type op interface {
	forward(*Net)
	backward(*Net)
}

// constant is an operation with nothing trainable in it or before it.
type constant struct{ op }

func (constant) backward(*Net) {}

// lower turns a sequence of layers into operations on in; out is the last one's output. in must not be
// written by a residual sum, and is out if there are no layers. The layers that frozen names do not train.
func lower(sequence []layers.Layer, in *tensor, frozen map[string]bool) (ops []op, out *tensor, err error) {
	first := in
	add := func(o op, out *tensor, trained bool) {
		out.fixed = in.fixed && !trained
		if out.fixed {
			o = constant{o}
		}
		if in != first && in != out {
			in.giveBack()
		}
		ops, in = append(ops, o), out
	}
	// like is the output of an operation on every value for itself: in, if nothing else will read that.
	like := func() *tensor {
		if in.slots != nil && in != first {
			return in
		}
		return in.beside(in.shape)
	}
	var last *conv // if it is the operation before
	// convolve is a convolution of in, whose border it reads where it is padded.
	convolve := func(l layers.Layer, channels int, name string, frozen bool, fusion engine.Fusion) *conv {
		f := filterOf(l, in.shape)
		if in.slots != nil && f.pad > 0 {
			ops = append(ops, border{in})
		}
		return newConv(in, channels, name+"/weight", f, frozen, fusion)
	}
	withBias := func(c *conv, name string, biased bool) {
		add(c, c.out, !c.frozen || biased && !frozen[name])
		if !biased {
			last = c
		} else {
			add(&bias{t: in, variable: name + "/bias", frozen: frozen[name]}, in, !frozen[name])
		}
	}
	for i := 0; i < len(sequence); i++ {
		before := last
		last = nil
		fusion := engine.FusionOf(sequence[i:])
		switch l := sequence[i].(type) {
		case layers.Conv:
			c := convolve(l, l.Out, l.Name, frozen[l.Name], fusion)
			if c.pool != nil {
				add(c, c.pool.out, false)
				i += fusion.Layers - 1
				break
			}
			add(c, c.out, !c.frozen)
			last = c
		case layers.PatchWhitening:
			if !in.fixed {
				return nil, nil, fmt.Errorf("%w: %v behind a layer that trains", ErrUnsupported, l)
			}
			withBias(convolve(l, l.Channels(in.shape.Channels), l.Name, true, fusion), l.Name, l.Bias)
		case layers.Linear:
			withBias(convolve(l, l.Out, l.Name, frozen[l.Name], fusion), l.Name, l.Bias)
		case layers.BatchNorm:
			if fusion.PicksFirst() && in.slots == nil && !(in.fixed && frozen[l.Name]) {
				b := newPooledNorm(in, fusion, frozen[l.Name])
				add(b, b.out, !b.frozen)
				i += fusion.Layers - 1
				break
			}
			f, is := activationOf(fusion.Activation)
			if is {
				i++
			}
			b := newNorm(in, like(), l, f, frozen[l.Name])
			if before != nil {
				before.norm, b.fused = b, true
			}
			add(b, b.out, !b.frozen)
		case layers.ReLU, layers.CELU, layers.GELU, layers.SiLU:
			f, _ := activationOf(l)
			a := &activate{in: in, out: like(), f: f}
			add(a, a.out, false)
		case layers.Scale:
			s := &scale{in: in, out: like(), factor: float32(l.Factor)}
			add(s, s.out, false)
		case layers.MaxPool:
			m := newMaxPool(in, l.Size, l.Size)
			add(m, m.out, false)
		case layers.GlobalMaxPool:
			m := newMaxPool(in, in.shape.Height, in.shape.Width)
			add(m, m.out, false)
		case layers.GlobalMeanPool:
			m := newGlobalMean(in)
			add(m, m.out, false)
		case layers.GlobalMaxMeanPool:
			m := newGlobalMaxMean(in)
			add(m, m.out, false)
		case layers.Residual:
			r, err := lowerResidual(l, in, frozen)
			if err != nil {
				return nil, nil, err
			}
			add(r, r.out, r.trained)
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

func lowerResidual(l layers.Residual, in *tensor, frozen map[string]bool) (*residual, error) {
	branch, shortcut := pathsOf(l)
	r := &residual{in: in, shortcutIn: in, shortcutOut: in}
	var err error
	if r.branch, r.out, err = lower(branch, in, frozen); err != nil {
		return nil, err
	}
	if len(shortcut) > 0 {
		if in.slots == nil {
			r.shortcutIn = in.beside(in.shape)
			r.shortcutIn.fixed = in.fixed
		}
		if r.shortcut, r.shortcutOut, err = lower(shortcut, r.shortcutIn, frozen); err != nil {
			return nil, err
		}
		r.shortcutOut.giveBack()
	}
	r.trained = !r.out.fixed || !r.shortcutOut.fixed
	return r, nil
}
