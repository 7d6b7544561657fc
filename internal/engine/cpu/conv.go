package cpu

import (
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/internal/engine/cpu/kernels"
	"github.com/fastresnet/fastresnet/layers"
)

// filter is the geometry of a convolution. A linear layer is one whose filter and stride are the image.
type filter struct {
	height, width             int
	strideHeight, strideWidth int
	pad                       int
}

// filterOf is the filter of a layer with weights, on images of a shape.
func filterOf(l layers.Layer, in data.Shape) filter {
	switch l := l.(type) {
	case layers.Conv:
		return filter{l.Kernel, l.Kernel, l.Stride, l.Stride, l.Kernel / 2}
	case layers.PatchWhitening:
		return filter{l.Kernel, l.Kernel, 1, 1, l.Pad()}
	default: // a linear layer
		return filter{in.Height, in.Width, in.Height, in.Width, 0}
	}
}

// output is the shape of what the filter makes of an image.
func (f filter) output(in data.Shape, channels int) data.Shape {
	return data.Shape{
		Height:   (in.Height+2*f.pad-f.height)/f.strideHeight + 1,
		Width:    (in.Width+2*f.pad-f.width)/f.strideWidth + 1,
		Channels: channels,
	}
}

// convolution is how the three products of a convolution are computed, between tensors of its own. The weights w and
// their gradient dw are in the layout of [layers.Conv].
type convolution interface {
	// packedSize is how many values pack makes of the weights, in the order in which output takes them. Both depend on
	// channels and filters alone, not on how many images there are.
	packedSize() int
	pack(filters, w []float32)
	// output computes y, a tensor like the output, from the input, and does what comes after.
	output(filters []float32, y *tensor, after epilogue)
	// weightGradient computes dw from the input and the gradient that the output holds.
	weightGradient(dw []float32)
	// inputGradient replaces the input by its gradient.
	inputGradient(w []float32)
	// keeps says whether output can keep the maxima of windows of a size alone.
	keeps(size int) bool
}

// epilogue is what happens to rows of a channel of a group, once they are computed and still in a cache.
type epilogue struct {
	// apply replaces them, if it is not nil.
	apply func(rows []float32, r kernels.Rows, group, channel int)
	// pool then keeps the maxima of its windows alone, if it is not nil: the output that is computed is like the pool's.
	pool *maxPool
}

// convolutionOf chooses the algorithm of a convolution by its shape.
func convolutionOf(in, out *tensor, f filter) convolution {
	if suitsWinograd(in, out, f) {
		return newWinograd(in, out)
	}
	return newDirect(in, out, f)
}

// conv is a convolution without bias.
type conv struct {
	in, out *tensor
	weight  string
	// frozen weights have no gradient.
	frozen bool
	// norm is the norm after it, if there is one. Both are computed together where the gradient needs nothing of what is
	// between them.
	norm *norm
	// pool is the max pool after it, and after the norm, if there is no backward pass and it is computed with them. Then
	// out has no memory.
	pool *maxPool
	convolution
}

// newConv is a convolution, and where there is no backward pass also the norm, the activation and the max pool behind it,
// if there is such a pool and all can be computed together.
func newConv(in *tensor, channels int, weight string, f filter, frozen bool, fusion engine.Fusion) *conv {
	out := in.without(f.output(in.shape, channels))
	c := &conv{in: in, out: out, weight: weight, frozen: frozen, convolution: convolutionOf(in, out, f)}
	if in.slots == nil || fusion.Pool == nil || !c.keeps(fusion.Pool.Size) {
		out.claim()
		return c
	}
	out.fixed = in.fixed
	c.pool = newMaxPool(out, fusion.Pool.Size, fusion.Pool.Size)
	if fusion.Norm != nil {
		f, _ := activationOf(fusion.Activation)
		c.norm = newNorm(out, out, *fusion.Norm, f, true)
		c.norm.fused = true
	}
	return c
}

func (c *conv) forward(n *Net) {
	var filters []float32
	if n.packed != nil {
		filters = n.packed.of(c.weight, c.convolution, n.vars[c.weight])
	} else {
		filters = c.in.arena.take(c.packedSize())
		defer c.in.arena.give(filters)
		c.pack(filters, n.vars[c.weight])
	}
	to, after := c.out, epilogue{}
	if c.norm != nil && c.norm.isFused(n) {
		c.norm.settle(n)
		to, after.apply = c.norm.out, c.norm.apply
	}
	if c.pool != nil {
		to, after.pool = c.pool.out, c.pool
	}
	c.output(filters, to, after)
}

func (c *conv) backward(n *Net) {
	if !c.frozen {
		c.weightGradient(n.grads[c.weight])
	}
	if !c.in.fixed {
		c.inputGradient(n.vars[c.weight])
	}
}
