package layers

import (
	"fmt"
	"maps"
	"slices"

	"github.com/fastresnet/fastresnet/data"
)

// ResNet9 is the network of the source series' rungs 17 and 18: a backbone of four convolutions with
// channels width, 2·width, 4·width and 8·width (published: 64 to 512), with a residual branch of two
// convolutions after the first and the third pool. On 32x32 images in 10 classes at width 64 a forward
// pass costs 379 M multiply-adds.
//
// Input height and width must be multiples of 8.
func ResNet9(input data.Shape, classes, width int) Network {
	return Network{Name: "resnet9", Input: input, Layers: sequence(
		convNormReLU("prep", width),
		stage("layer1", 2*width), branch("layer1", 2*width),
		stage("layer2", 4*width),
		stage("layer3", 8*width), branch("layer3", 8*width),
		[]Layer{GlobalMaxPool{}, Linear{Name: "classifier", Out: classes}, Scale{Factor: 0.125}},
	)}
}

// stage halves height and width: convolution, norm, activation, pool.
func stage(name string, channels int) []Layer {
	return append(convNormReLU(name, channels), MaxPool{Size: 2})
}

// branch is a residual block whose branch is two convolutions of the same width.
func branch(name string, channels int) []Layer {
	return []Layer{Residual{Branch: sequence(
		numbered(name+"/residual", "1", channels),
		numbered(name+"/residual", "2", channels),
	)}}
}

func convNormReLU(name string, channels int) []Layer { return numbered(name, "", channels) }

func numbered(name, number string, channels int) []Layer {
	return []Layer{
		Conv{Name: name + "/conv" + number, Out: channels, Kernel: 3, Stride: 1},
		BatchNorm{Name: name + "/norm" + number},
		ReLU{},
	}
}

func sequence(parts ...[]Layer) []Layer {
	var all []Layer
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

// architectures are the networks that can be asked for by name.
var architectures = map[string]func(input data.Shape, classes, width int) Network{
	"resnet9": ResNet9,
}

// Architectures lists the names that [New] knows, sorted.
func Architectures() []string { return slices.Sorted(maps.Keys(architectures)) }

// New returns a network by the name of its architecture, checked to fit its input. Width is the number
// of channels of the first stage; the others are in proportion. Errors wrap [ErrNetwork].
func New(architecture string, input data.Shape, classes, width int) (Network, error) {
	build := architectures[architecture]
	if build == nil {
		return Network{}, fmt.Errorf("%w: unknown architecture %q, want one of %q", ErrNetwork, architecture, Architectures())
	}
	n := build(input, classes, width)
	_, err := n.Plan()
	return n, err
}
