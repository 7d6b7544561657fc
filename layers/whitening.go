package layers

import (
	"fmt"

	"github.com/fastresnet/fastresnet/data"
	"github.com/gomlx/gomlx/core/graph"
)

// PatchWhitening is a fixed convolution, padded with zeros by Kernel/2 on each side, that turns patches of
// the training images into uncorrelated values of variance 1: its filters are the eigenvectors of the
// patches' covariance, each divided by the square root of its eigenvalue.
//
// Input [batch, height, width, in], output [batch, height, width, Kernel·Kernel·in], in the order of
// falling eigenvalues. Its variable Name/weight [out, Kernel, Kernel, in] is not trained; training
// computes it from its images with data.Dataset.PatchWhitening. With Bias there is Name/bias [out], which is
// trained, and starts uniform in ±1/sqrt(Kernel·Kernel·in).
type PatchWhitening struct {
	Name string `json:"name"`
	WhiteningSettings
}

// WhiteningSettings say how a [PatchWhitening] is computed.
type WhiteningSettings struct {
	// Kernel is the height and width of the patches: 1 or 3, or 2 if Unpadded.
	Kernel int `json:"kernel"`
	// Epsilon is added to each eigenvalue, 0 or more: published, 1e-2.
	Epsilon float64 `json:"epsilon"`
	// Images is how many training images count, the first ones, at least 1: published, 10,000.
	Images int `json:"images"`
	// Unpadded leaves the padding out: height and width become less by Kernel-1.
	Unpadded bool `json:"unpadded,omitempty"`
	// Negatives adds the negative of every filter, behind all of them: twice the output channels. An activation
	// then loses neither side of a value.
	Negatives bool `json:"negatives,omitempty"`
	// Bias adds a trainable bias.
	Bias bool `json:"bias,omitempty"`
}

func (p PatchWhitening) String() string {
	text := fmt.Sprintf("PatchWhitening %dx%d", p.Kernel, p.Kernel)
	if p.Unpadded {
		text += ", unpadded"
	}
	if p.Negatives {
		text += ", with negatives"
	}
	if p.Bias {
		text += " + bias"
	}
	return text
}

// Pad is the number of zeros on each side.
func (w WhiteningSettings) Pad() int {
	if w.Unpadded {
		return 0
	}
	return w.Kernel / 2
}

// Channels is the number of output channels for images of so many.
func (w WhiteningSettings) Channels(in int) int {
	n := w.Kernel * w.Kernel * in
	if w.Negatives {
		n *= 2
	}
	return n
}

func (p PatchWhitening) resolve(in data.Shape) (resolved, error) {
	if p.Kernel != 1 && p.Kernel != 3 && !(p.Kernel == 2 && p.Unpadded) {
		return resolved{}, fmt.Errorf("%q has kernel %d, want 1 or 3, or 2 without padding", p.Name, p.Kernel)
	}
	less := p.Kernel - 1 - 2*p.Pad()
	if in.Height <= less || in.Width <= less {
		return resolved{}, fmt.Errorf("%q leaves nothing of %dx%d", p.Name, in.Height, in.Width)
	}
	if !(p.Epsilon >= 0 && p.Epsilon <= 1e6) || p.Images < 1 {
		return resolved{}, fmt.Errorf("%q has epsilon %g and %d images, need 0 or more and at least 1", p.Name, p.Epsilon, p.Images)
	}
	values, channels := p.Kernel*p.Kernel*in.Channels, p.Channels(in.Channels)
	if values > maxWhitened {
		return resolved{}, fmt.Errorf("%q has patches of %d values, need no more than %d", p.Name, values, maxWhitened)
	}
	out := data.Shape{Height: in.Height - less, Width: in.Width - less, Channels: channels}
	r := resolved{
		out:          out,
		variables:    []Variable{{Name: p.Name + "/weight", Dims: []int{channels, p.Kernel, p.Kernel, in.Channels}, Whitening: &p}},
		multiplyAdds: int64(out.Size()) * int64(values),
	}
	if p.Bias {
		bias := weight(p.Name+"/bias", values, channels)
		bias.Bias, bias.Whitened = true, true
		r.variables = append(r.variables, bias)
	}
	return r, nil
}

// maxWhitened keeps the eigenvectors of a covariance a matter of a second.
const maxWhitened = 1024

func (p PatchWhitening) apply(x *graph.Node, s *Scope) *graph.Node {
	w := graph.ConvertDType(s.variable(p.Name+"/weight"), x.DType())
	var y *graph.Node
	if p.Unpadded {
		y = unpadded(x, w)
	} else {
		y = Convolution(x, w, 1)
	}
	if p.Bias {
		y = graph.Add(y, graph.Reshape(graph.ConvertDType(s.variable(p.Name+"/bias"), x.DType()), 1, 1, 1, -1))
	}
	return y
}

// unpadded convolves x [batch, height, width, in] with weight [out, kernel, kernel, in] inside the images, as a
// product with their patches: of filters of an even size, GoMLX v0.28's convolution has a gradient to its input
// that is off by a pixel.
func unpadded(x, weight *graph.Node) *graph.Node {
	dims, out, kernel := x.Shape().Dimensions, weight.Shape().Dim(0), weight.Shape().Dim(1)
	height, width := dims[1]-kernel+1, dims[2]-kernel+1
	var values []*graph.Node // of the patches, by row and column
	for row := range kernel {
		for column := range kernel {
			values = append(values, graph.Slice(x, graph.AxisRange(),
				graph.AxisRange(row, row+height), graph.AxisRange(column, column+width), graph.AxisRange()))
		}
	}
	patches := graph.Reshape(graph.Concatenate(values, 3), -1, kernel*kernel*dims[3])
	filters := graph.Transpose(graph.Reshape(weight, out, -1), 0, 1)
	return graph.Reshape(graph.Dot(patches, filters).Product(), dims[0], height, width, out)
}
