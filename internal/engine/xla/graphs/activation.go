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

// celu computes in float32, since the difference of two numbers near 1 leaves little of a shorter one. Its gradient is the
// exponential itself on either side of 0: derived from the two sides it would be twice the operations, and XLA would rather
// write it to memory than compute it wherever it is read.
func celu(c layers.CELU, x *graph.Node) *graph.Node {
	dtype := x.DType()
	x = graph.ConvertDType(x, dtypes.Float32)
	zero := graph.ZerosLike(x)
	slope := graph.Exp(graph.DivScalar(graph.Min(x, zero), c.Alpha))
	y := graph.Add(graph.Max(x, zero), graph.MulScalar(graph.AddScalar(slope, -1), c.Alpha))
	// Its value is 0, and infinity at infinity; its gradient is 1, and 0 at -infinity, where the slope is.
	ascent := graph.Sub(x, graph.StopGradient(graph.MinScalar(x, math.MaxFloat32)))
	ascent = graph.Where(graph.GreaterThan(x, graph.Scalar(x.Graph(), x.DType(), math.Inf(-1))), ascent, zero)
	return graph.ConvertDType(graph.Add(graph.StopGradient(y), graph.Mul(graph.StopGradient(slope), ascent)), dtype)
}

func gelu(x *graph.Node) *graph.Node {
	return graph.Mul(x, graph.MulScalar(graph.OnePlus(graph.Erf(graph.MulScalar(x, math.Sqrt2/2))), 0.5))
}

func silu(x *graph.Node) *graph.Node { return graph.Mul(x, graph.Sigmoid(x)) }

func scale(s layers.Scale, x *graph.Node) *graph.Node { return graph.MulScalar(x, s.Factor) }
