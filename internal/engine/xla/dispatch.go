package xla

import (
	"fmt"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
)

// stepBuilder is the graph of a training step: state and the epoch's inputs -> state.
type stepBuilder func(in []*graph.Node) []*graph.Node

// looped is count steps as a loop, whose body is compiled once. The loop counts for itself from a constant
// to a constant, so that XLA knows the number of its turns and need not read the condition back.
func (step stepBuilder) looped(count int, state, epoch []*graph.Node) []*graph.Node {
	g := state[0].Graph()
	turn := graph.Const(g, int32(0))
	parameters := func(of string) (turn *graph.Node, in []*graph.Node) {
		for i, s := range state {
			in = append(in, graph.Parameter(g, fmt.Sprintf("%s%d", of, i), s.Shape()))
		}
		return graph.Parameter(g, of, shapes.Make(dtypes.Int32)), in
	}
	condition := graph.NewClosure(g, func(g *graph.Graph) []*graph.Node {
		turn, _ := parameters("condition")
		return []*graph.Node{graph.LessThan(turn, graph.Const(g, int32(count)))}
	})
	body := graph.NewClosure(g, func(*graph.Graph) []*graph.Node {
		turn, in := parameters("body")
		return append(step(join(in, epoch)), graph.AddScalar(turn, 1))
	})
	return graph.While(condition, body, join(state, []*graph.Node{turn})...)[:len(state)]
}

// join is a followed by b, in memory of its own.
func join(a, b []*graph.Node) []*graph.Node {
	return append(append(make([]*graph.Node, 0, len(a)+len(b)), a...), b...)
}
