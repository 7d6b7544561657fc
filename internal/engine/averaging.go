package engine

import (
	"github.com/fastresnet/fastresnet/layers"
	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
)

// averaging keeps a moving average of the variables of a run, weights and running statistics alike.
type averaging struct {
	every, steps int
	move         *program
	averages     []compute.Buffer
}

// newAveraging starts from the initial values. Its program: averages, variables -> averages.
func newAveraging(d *Device, cfg Config, variables []layers.Variable, initial map[string][]float32) (*averaging, error) {
	n := len(variables)
	values := inputsOf(variables)
	move, err := compile(d, "moving average", append(values, values...), func(in []*graph.Node) []*graph.Node {
		out := make([]*graph.Node, n)
		for i := range out {
			out[i] = cfg.Average.Step(in[i], in[n+i])
		}
		return out
	})
	if err != nil {
		return nil, err
	}
	averages, err := uploadVariables(d, variables, initial)
	return &averaging{every: cfg.AverageEvery, move: move, averages: averages}, err
}

// left is the number of training steps after which the average moves next.
func (a *averaging) left() int { return a.every - a.steps%a.every }

// step is called after count training steps, at most those left; the average moves after every so many.
func (a *averaging) step(variables []compute.Buffer, count int) (err error) {
	a.steps += count
	if a.steps%a.every != 0 {
		return nil
	}
	inputs := append(append([]compute.Buffer{}, a.averages...), variables...)
	a.averages, err = a.move.run(len(a.averages), inputs...)
	return err
}

func (a *averaging) close() {
	release(a.averages...)
	a.move.close()
}
