package layers

import (
	"errors"
	"math"
	"reflect"

	"github.com/fastresnet/fastresnet/data"
)

// ErrNetwork is wrapped by every error about a network that cannot be built.
var ErrNetwork = errors.New("layers: invalid network")

// Layer is one step of a [Network]. The set is closed, because each engine has to compute every type of layer: [Conv],
// [PatchWhitening], [BatchNorm], [ReLU], [CELU], [GELU], [SiLU], [MaxPool], [GlobalMaxPool], [GlobalMeanPool],
// [GlobalMaxMeanPool], [Linear], [Scale] and [Residual].
type Layer interface {
	// resolve checks the layer against the shape it is given and says what comes out.
	resolve(in data.Shape) (resolved, error)
	// String names the layer and its settings, as in a printed network.
	String() string
}

// types are all types of layers, by their names in JSON. A new one is entered here, and a test then says what computes
// it not yet.
var types = map[string]Layer{
	"conv": Conv{}, "patch_whitening": PatchWhitening{}, "batch_norm": BatchNorm{},
	"relu": ReLU{}, "celu": CELU{}, "gelu": GELU{}, "silu": SiLU{},
	"max_pool": MaxPool{}, "global_max_pool": GlobalMaxPool{}, "global_mean_pool": GlobalMeanPool{},
	"global_max_mean_pool": GlobalMaxMeanPool{}, "linear": Linear{}, "scale": Scale{}, "residual": Residual{},
}

// typeName is the name of a layer's type; "" for none of this package's, such as a pointer to one.
func typeName(l Layer) string {
	for name, zero := range types {
		if reflect.TypeOf(zero) == reflect.TypeOf(l) {
			return name
		}
	}
	return ""
}

// These limits keep counts of parameters, of work and of memory within an int64, and a mistake from becoming an
// allocation.
const (
	maxChannels = 1 << 16
	maxValues   = 1 << 26 // of all layers' outputs for one image together
	maxDepth    = 16      // of blocks in blocks
	maxLayers   = 5_000   // of a network and its blocks together
	maxText     = 1 << 20 // bytes of a network as JSON
	maxName     = 1_000   // bytes of a variable's name, around which files write more, of 1,024 in all
)

// resolved is what a layer is at a given input shape.
type resolved struct {
	out       data.Shape
	variables []Variable
	// inner are the steps of a block's layers.
	inner []ResolvedLayer
	// multiplyAdds of one image's forward pass.
	multiplyAdds int64
}

// Variable is one tensor of a network: a weight, or a running statistic.
type Variable struct {
	// Name is the path of the variable, such as "layer1/conv/weight": unique within its network, UTF-8, and no longer than
	// 1,000 bytes.
	Name string
	// Dims are its dimensions: [out, height, width, in] for a convolution, [out, in] for a linear layer,
	// [channels] otherwise.
	Dims []int
	// Trainable is false for running statistics, which training updates but no gradient reaches, and for
	// what stays as it starts.
	Trainable bool
	// Bias says that the variable is added to each channel. Training may move biases at a rate of their own.
	Bias bool
	// Whitened says of a bias that it belongs to a [PatchWhitening].
	Whitened bool
	// Initial values are uniform in Mean ± Spread; a Spread of 0 makes them all equal to Mean.
	Mean, Spread float64
	// Identity then makes the filters of a convolution's first outputs pass the input channel of the same
	// number through.
	Identity bool
	// UnitDeviation then divides them by their standard deviation.
	UnitDeviation bool
	// Whitening, if it is not nil, has the values computed from the training images instead.
	Whitening *PatchWhitening
}

// Size is the number of elements of the variable; the largest int for one that has more, on a 32-bit platform.
func (v Variable) Size() int { return int(min(v.size(), math.MaxInt)) }

func (v Variable) size() int64 {
	n := int64(1)
	for _, d := range v.Dims {
		n *= int64(d)
	}
	return n
}

// values is the number of values in an image of a shape.
func values(s data.Shape) int64 { return int64(s.Height) * int64(s.Width) * int64(s.Channels) }

// VariableKind is a kind of trainable variables, which training may move in a way of its own.
type VariableKind string

// The kinds of a [Variable].
const (
	// KindFilters are the weights of convolutions.
	KindFilters VariableKind = "filters"
	// KindLinearWeights are the weights of linear layers, such as the classifier.
	KindLinearWeights VariableKind = "linear weights"
	// KindScales are the scales of norms.
	KindScales VariableKind = "scales"
	// KindBiases are the biases of norms and of linear layers.
	KindBiases VariableKind = "biases"
	// KindWhiteningBiases are the biases of [PatchWhitening] layers.
	KindWhiteningBiases VariableKind = "whitening biases"
)

// VariableKinds lists all kinds of variables.
func VariableKinds() []VariableKind {
	return []VariableKind{KindFilters, KindLinearWeights, KindScales, KindBiases, KindWhiteningBiases}
}

// Kind is the kind of a trainable variable.
func (v Variable) Kind() VariableKind {
	switch {
	case v.Whitened:
		return KindWhiteningBiases
	case v.Bias:
		return KindBiases
	case len(v.Dims) == 4:
		return KindFilters
	case len(v.Dims) == 2:
		return KindLinearWeights
	}
	return KindScales
}

// weight is a trainable variable that starts uniform in ±1/sqrt(fanIn), the default of the framework
// that the source series used.
func weight(name string, fanIn int, dims ...int) Variable {
	return Variable{Name: name, Dims: dims, Trainable: true, Spread: invSqrt(fanIn)}
}
