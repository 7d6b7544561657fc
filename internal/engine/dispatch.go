package engine

import (
	"fmt"
	"time"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
)

// maxDispatch is how long a dispatch of several steps may last, so that a run stops soon after it is told to.
const maxDispatch = 500 * time.Millisecond

// pacingSteps are dispatched one by one to see how long a step takes; the first also warms the device up.
const pacingSteps = 3

// pacing decides, by how long steps have taken so far, whether several may be one dispatch.
type pacing struct {
	limit time.Duration // of a dispatch
	steps int
	last  time.Duration // what a step took
}

// stepped takes note of a dispatch of count steps.
func (p *pacing) stepped(count int, took time.Duration) {
	p.steps += count
	p.last = took / time.Duration(count)
}

// allows says whether count steps are known to fit a dispatch.
func (p *pacing) allows(count int) bool {
	return p.steps >= pacingSteps && time.Duration(count)*p.last <= p.limit
}

// stepBuilder is the graph of a training step: state and the epoch's inputs -> state.
type stepBuilder func(in []*graph.Node) []*graph.Node

// unrolled is count steps, one behind the other in one graph. Compiling it takes count times as long.
func (step stepBuilder) unrolled(count int, state, epoch []*graph.Node) []*graph.Node {
	for range count {
		state = step(join(state, epoch))
	}
	return state
}

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
