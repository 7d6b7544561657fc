// Package signature is what a model takes and gives, for programs that offer it to others by the names, types and
// shapes of its ONNX file.
package signature

import "github.com/fastresnet/fastresnet"

// MaxBatch is how many images a request may have.
const MaxBatch = 128

// Names of tensors, which are those of [fastresnet.Model.ExportONNX].
const (
	Images        = "images"
	Logits        = "logits"
	Probabilities = "probabilities"
	Embedding     = "embedding"
)

// Types of elements, as the open inference protocol names them.
const (
	Uint8   = "UINT8"
	Float32 = "FP32"
)

// Tensor is an input or output.
type Tensor struct {
	Name string
	Type string
	// Dims are behind the first one, which is the number of images.
	Dims []int
}

// Input is what a model takes: pixels, [height, width, channels].
func Input(m *fastresnet.Model) Tensor {
	in := m.Network().Input
	return Tensor{Images, Uint8, []int{in.Height, in.Width, in.Channels}}
}

// Outputs are what a model gives, in the order of its ONNX file.
func Outputs(m *fastresnet.Model) []Tensor {
	classes := []int{len(m.Classes())}
	outputs := []Tensor{{Logits, Float32, classes}, {Probabilities, Float32, classes}}
	if n := m.EmbeddingSize(); n > 0 {
		outputs = append(outputs, Tensor{Embedding, Float32, []int{n}})
	}
	return outputs
}
