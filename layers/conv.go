package layers

import (
	"fmt"
	"math"

	"github.com/fastresnet/fastresnet/data"
)

// Conv is a convolution without bias, padded with zeros by Kernel/2 on each side.
//
// Input [batch, height, width, in], output [batch, ⌈height/Stride⌉, ⌈width/Stride⌉, Out]. Its one
// variable, Name/weight, is [Out, Kernel, Kernel, in] and starts uniform in ±1/sqrt(Kernel·Kernel·in).
type Conv struct {
	Name string `json:"name"`
	// Out is the number of output channels.
	Out int `json:"out"`
	// Kernel is the height and width of the filters: 1 or 3.
	Kernel int `json:"kernel"`
	// Stride is 1 or 2.
	Stride int `json:"stride"`
	// Identity starts the filters of the first min(in, Out) output channels as the identity, each passing its
	// input channel through ("dirac" initialisation, https://arxiv.org/abs/1706.00388).
	Identity bool `json:"identity,omitempty"`
}

func (c Conv) String() string {
	text := fmt.Sprintf("Conv %dx%d/%d -> %d", c.Kernel, c.Kernel, c.Stride, c.Out)
	if c.Identity {
		text += ", identity"
	}
	return text
}

func (c Conv) resolve(in data.Shape) (resolved, error) {
	if c.Out < 1 || c.Out > maxChannels {
		return resolved{}, fmt.Errorf("%q has %d output channels, need 1 to %d", c.Name, c.Out, maxChannels)
	}
	if (c.Kernel != 1 && c.Kernel != 3) || (c.Stride != 1 && c.Stride != 2) {
		return resolved{}, fmt.Errorf("%q has kernel %d and stride %d, want kernel 1 or 3 and stride 1 or 2",
			c.Name, c.Kernel, c.Stride)
	}
	out := data.Shape{
		Height:   (in.Height + c.Stride - 1) / c.Stride,
		Width:    (in.Width + c.Stride - 1) / c.Stride,
		Channels: c.Out,
	}
	fanIn := c.Kernel * c.Kernel * in.Channels
	w := weight(c.Name+"/weight", fanIn, c.Out, c.Kernel, c.Kernel, in.Channels)
	w.Identity = c.Identity
	return resolved{
		out:          out,
		variables:    []Variable{w},
		multiplyAdds: values(out) * int64(fanIn),
	}, nil
}

func invSqrt(n int) float64 { return 1 / math.Sqrt(float64(n)) }
