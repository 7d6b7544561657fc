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
// falling eigenvalues. Its one variable, Name/weight [out, Kernel, Kernel, in], is not trained; training
// computes it from its images with data.Dataset.PatchWhitening.
type PatchWhitening struct {
	Name string
	WhiteningSettings
}

// WhiteningSettings say how a [PatchWhitening] is computed.
type WhiteningSettings struct {
	// Kernel is the height and width of the patches: 1 or 3.
	Kernel int `json:"kernel"`
	// Epsilon is added to each eigenvalue, 0 or more: published, 1e-2.
	Epsilon float64 `json:"epsilon"`
	// Images is how many training images count, the first ones, at least 1: published, 10,000.
	Images int `json:"images"`
}

func (p PatchWhitening) String() string {
	return fmt.Sprintf("PatchWhitening %dx%d", p.Kernel, p.Kernel)
}

func (p PatchWhitening) resolve(in data.Shape) (resolved, error) {
	if p.Kernel != 1 && p.Kernel != 3 {
		return resolved{}, fmt.Errorf("%q has kernel %d, want 1 or 3", p.Name, p.Kernel)
	}
	if !(p.Epsilon >= 0 && p.Epsilon <= 1e6) || p.Images < 1 {
		return resolved{}, fmt.Errorf("%q has epsilon %g and %d images, need 0 or more and at least 1", p.Name, p.Epsilon, p.Images)
	}
	channels := p.Kernel * p.Kernel * in.Channels
	if channels > maxWhitened {
		return resolved{}, fmt.Errorf("%q has patches of %d values, need no more than %d", p.Name, channels, maxWhitened)
	}
	out := data.Shape{Height: in.Height, Width: in.Width, Channels: channels}
	return resolved{
		out:          out,
		variables:    []Variable{{Name: p.Name + "/weight", Dims: []int{channels, p.Kernel, p.Kernel, in.Channels}, Whitening: &p}},
		multiplyAdds: int64(out.Size()) * int64(channels),
	}, nil
}

// maxWhitened keeps the eigenvectors of a covariance a matter of a second.
const maxWhitened = 1024

func (p PatchWhitening) apply(x *graph.Node, s *Scope) *graph.Node {
	return Convolution(x, graph.ConvertDType(s.variable(p.Name+"/weight"), x.DType()), 1)
}
