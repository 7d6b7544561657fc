package xla

import (
	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/internal/engine/xla/graphs"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
)

// averaging keeps a moving average of the variables of a run, weights and running statistics alike.
type averaging struct {
	move     *program
	averages []compute.Buffer
}

// newAveraging has no averages yet. Its program: averages, variables -> averages.
func newAveraging(d *device, cfg engine.Config, variables []layers.Variable) (*averaging, error) {
	n := len(variables)
	values := inputsOf(variables)
	move, err := compile(d, "moving average", append(values, values...), func(in []*graph.Node) []*graph.Node {
		out := make([]*graph.Node, n)
		for i := range out {
			out[i] = in[i]
			if !cfg.IsFrozen(variables[i]) { // else it is its average, but for rounding
				out[i] = graphs.MoveAverage(cfg.Average, in[i], in[n+i])
			}
		}
		return out
	})
	return &averaging{move: move}, err
}

// step moves the averages towards the variables.
func (a *averaging) step(variables []compute.Buffer) (err error) {
	inputs := append(append([]compute.Buffer{}, a.averages...), variables...)
	a.averages, err = a.move.run(len(a.averages), inputs...)
	return err
}

func (a *averaging) close() {
	release(a.averages...)
	a.move.close()
}
