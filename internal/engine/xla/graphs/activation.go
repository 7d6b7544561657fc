package graphs

import (
	"math"

	"github.com/fastresnet/fastresnet/layers"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

func relu(x *graph.Node) *graph.Node {
	zero := graph.ZerosLike(x)
	return graph.Where(graph.LessOrEqual(x, zero), zero, x)
}

// celu computes in float32, since the difference of two numbers near 1 leaves little of a shorter one.
func celu(c layers.CELU, x *graph.Node) *graph.Node {
	dtype := x.DType()
	x = graph.ConvertDType(x, dtypes.Float32)
	zero := graph.ZerosLike(x)
	negative := graph.LessOrEqual(x, zero)
	below := graph.MulScalar(graph.AddScalar(graph.Exp(graph.DivScalar(graph.Where(negative, x, zero), c.Alpha)), -1), c.Alpha)
	return graph.ConvertDType(graph.Where(negative, below, x), dtype)
}

func gelu(x *graph.Node) *graph.Node {
	return graph.Mul(x, graph.MulScalar(graph.OnePlus(graph.Erf(graph.MulScalar(x, math.Sqrt2/2))), 0.5))
}

func silu(x *graph.Node) *graph.Node { return graph.Mul(x, graph.Sigmoid(x)) }

func scale(s layers.Scale, x *graph.Node) *graph.Node { return graph.MulScalar(x, s.Factor) }
