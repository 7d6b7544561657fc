package cpu

import "github.com/fastresnet/fastresnet/data"

// filter is the geometry of a convolution. A linear layer is one whose filter and stride are the image.
type filter struct {
	height, width             int
	strideHeight, strideWidth int
	pad                       int
}

// convolution is how the three products of a convolution are computed, between tensors of its own. The weights w and
// their gradient dw are in the layout of [layers.Conv].
type convolution interface {
	// output computes the output from the input.
	output(w []float32)
	// weightGradient computes dw from the input and the gradient that the output holds.
	weightGradient(dw []float32)
	// inputGradient replaces the input by its gradient.
	inputGradient(w []float32)
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
	convolution
}

func newConv(in *tensor, channels int, weight string, f filter) *conv {
	out := in.beside(data.Shape{
		Height:   (in.shape.Height+2*f.pad-f.height)/f.strideHeight + 1,
		Width:    (in.shape.Width+2*f.pad-f.width)/f.strideWidth + 1,
		Channels: channels,
	})
	return &conv{in: in, out: out, weight: weight, convolution: convolutionOf(in, out, f)}
}

func (c *conv) forward(n *Net) { c.output(n.vars[c.weight]) }

func (c *conv) backward(n *Net) {
	if !c.frozen {
		c.weightGradient(n.grads[c.weight])
	}
	if !c.in.fixed {
		c.inputGradient(n.vars[c.weight])
	}
}
