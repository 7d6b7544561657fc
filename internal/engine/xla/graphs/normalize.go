package graphs

import (
	"github.com/fastresnet/fastresnet/data"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// Normalize is what [data.Normalization.Apply] does, for pixels [batch, height, width, channels] of any
// type: float32.
func Normalize(pixels *graph.Node, n data.Normalization) *graph.Node {
	inverse := make([]float32, len(n.Std))
	for c, std := range n.Std {
		inverse[c] = 1 / std
	}
	channel := func(values []float32) *graph.Node {
		return graph.Reshape(graph.Const(pixels.Graph(), values), 1, 1, 1, -1)
	}
	return graph.Mul(graph.Sub(graph.ConvertDType(pixels, dtypes.Float32), channel(n.Mean)), channel(inverse))
}
