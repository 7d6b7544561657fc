package layers

import (
	"fmt"

	"github.com/fastresnet/fastresnet/data"
)

// PatchWhitening is a fixed convolution, padded with zeros by Kernel/2 on each side, that turns patches of
// the training images into uncorrelated values of variance 1: its filters are the eigenvectors of the
// patches' covariance, each divided by the square root of its eigenvalue. So it must be the first of a network's own layers,
// and the images must not be smaller than the patches.
//
// Input [batch, height, width, in], output [batch, height, width, Kernel·Kernel·in], in the order of
// falling eigenvalues. Its variable Name/weight [out, Kernel, Kernel, in] is not trained, but
// computed from the first images of the training set. With Bias there is Name/bias [out], which is trained, and starts
// uniform in ±1/sqrt(Kernel·Kernel·in), or at 0 with ZeroBias.
type PatchWhitening struct {
	Name string `json:"name"`
	WhiteningSettings
}

// WhiteningSettings say how a [PatchWhitening] is computed.
type WhiteningSettings struct {
	// Kernel is the height and width of the patches: 1 or 3, or 2 if Unpadded.
	Kernel int `json:"kernel"`
	// Epsilon is added to each eigenvalue, 0 to 1e6: published, 1e-2.
	Epsilon float64 `json:"epsilon"`
	// Images is how many training images count, the first ones, at least 1: published, 10,000.
	Images int `json:"images"`
	// Unpadded leaves the padding out: height and width shrink by Kernel-1.
	Unpadded bool `json:"unpadded,omitempty"`
	// Negatives adds the negative of every filter, behind all of them: twice the output channels. An activation
	// then loses neither side of a value.
	Negatives bool `json:"negatives,omitempty"`
	// Bias adds a trainable bias.
	Bias bool `json:"bias,omitempty"`
	// ZeroBias starts the Bias at 0.
	ZeroBias bool `json:"zero_bias,omitempty"`
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
	if p.ZeroBias {
		text += ", zero bias"
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

// Channels is the number of output channels for images of in channels.
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
	if in.Height < p.Kernel || in.Width < p.Kernel {
		return resolved{}, fmt.Errorf("%q has patches of %dx%d, and the images are %dx%d", p.Name, p.Kernel, p.Kernel, in.Height, in.Width)
	}
	if !(p.Epsilon >= 0 && p.Epsilon <= 1e6) || p.Images < 1 {
		return resolved{}, fmt.Errorf("%q has epsilon %g and %d images, need 0 to 1e6 and at least 1", p.Name, p.Epsilon, p.Images)
	}
	if p.ZeroBias && !p.Bias {
		return resolved{}, fmt.Errorf("%q has a bias that starts at 0, and no bias", p.Name)
	}
	patch, channels := p.Kernel*p.Kernel*in.Channels, p.Channels(in.Channels)
	if patch > maxWhitened {
		return resolved{}, fmt.Errorf("%q has patches of %d values, need no more than %d", p.Name, patch, maxWhitened)
	}
	less := p.Kernel - 1 - 2*p.Pad()
	out := data.Shape{Height: in.Height - less, Width: in.Width - less, Channels: channels}
	r := resolved{
		out:          out,
		variables:    []Variable{{Name: p.Name + "/weight", Dims: []int{channels, p.Kernel, p.Kernel, in.Channels}, Whitening: &p}},
		multiplyAdds: values(out) * int64(patch),
	}
	if p.Bias {
		bias := weight(p.Name+"/bias", patch, channels)
		bias.Bias, bias.Whitened = true, true
		if p.ZeroBias {
			bias.Spread = 0
		}
		r.variables = append(r.variables, bias)
	}
	return r, nil
}

// maxWhitened keeps the eigenvectors of a covariance a matter of a second.
const maxWhitened = 1024
