package layers

import (
	"fmt"

	"github.com/fastresnet/fastresnet/data"
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

// Scale multiplies by a constant; after the classifier it sets the sharpness of the logits.
type Scale struct{ Factor float64 }

func (s Scale) String() string                            { return fmt.Sprintf("Scale x%g", s.Factor) }
func (Scale) resolve(in data.Shape) (resolved, error)     { return resolved{out: in}, nil }
func (s Scale) apply(x *graph.Node, _ *Scope) *graph.Node { return graph.MulScalar(x, s.Factor) }
