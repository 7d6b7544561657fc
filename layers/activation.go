package layers

import (
	"fmt"
	"math"

	"github.com/fastresnet/fastresnet/data"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// ReLU is max(x, 0), with gradient 0 at 0. What is not a number stays so.
type ReLU struct{}

func (ReLU) String() string                          { return "ReLU" }
func (ReLU) resolve(in data.Shape) (resolved, error) { return resolved{out: in}, nil }

func (ReLU) apply(x *graph.Node, _ *Scope) *graph.Node {
	zero := graph.ZerosLike(x)
	return graph.Where(graph.LessOrEqual(x, zero), zero, x)
}

// CELU is x above 0 and Alpha·(exp(x/Alpha) - 1) below (https://arxiv.org/abs/1704.07483): a smooth ReLU,
// the sharper the smaller Alpha is.
type CELU struct {
	// Alpha is more than 0.
	Alpha float64 `json:"alpha"`
}

func (c CELU) String() string { return fmt.Sprintf("CELU %g", c.Alpha) }

func (c CELU) resolve(in data.Shape) (resolved, error) {
	if !(c.Alpha >= smallest && c.Alpha <= math.MaxFloat32) {
		return resolved{}, fmt.Errorf("alpha %g, need a positive float32", c.Alpha)
	}
	return resolved{out: in}, nil
}

// apply computes in float32, since the difference of two numbers near 1 leaves little of a shorter one.
func (c CELU) apply(x *graph.Node, _ *Scope) *graph.Node {
	dtype := x.DType()
	x = graph.ConvertDType(x, dtypes.Float32)
	zero := graph.ZerosLike(x)
	negative := graph.LessOrEqual(x, zero)
	below := graph.MulScalar(graph.AddScalar(graph.Exp(graph.DivScalar(graph.Where(negative, x, zero), c.Alpha)), -1), c.Alpha)
	return graph.ConvertDType(graph.Where(negative, below, x), dtype)
}

// GELU is x·Φ(x), Φ being the cumulative normal distribution (https://arxiv.org/abs/1606.08415), in its exact
// form.
type GELU struct{}

func (GELU) String() string                          { return "GELU" }
func (GELU) resolve(in data.Shape) (resolved, error) { return resolved{out: in}, nil }

func (GELU) apply(x *graph.Node, _ *Scope) *graph.Node {
	return graph.Mul(x, graph.MulScalar(graph.OnePlus(graph.Erf(graph.MulScalar(x, math.Sqrt2/2))), 0.5))
}

// smallest is the least positive number that every engine computes with: some take lesser ones for 0.
const smallest = 0x1p-126

// Scale multiplies by a constant; after the classifier it sets the sharpness of the logits.
type Scale struct {
	// Factor is finite as a float32.
	Factor float64 `json:"factor"`
}

func (s Scale) String() string                            { return fmt.Sprintf("Scale x%g", s.Factor) }
func (s Scale) apply(x *graph.Node, _ *Scope) *graph.Node { return graph.MulScalar(x, s.Factor) }

func (s Scale) resolve(in data.Shape) (resolved, error) {
	if !(math.Abs(s.Factor) <= math.MaxFloat32) {
		return resolved{}, fmt.Errorf("factor %g, need a finite float32", s.Factor)
	}
	return resolved{out: in}, nil
}
