package xla

import (
	"slices"

	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/internal/engine/xla/graphs"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// averaging keeps a moving average of the variables of a run, weights and running statistics alike.
type averaging struct {
	device    *device
	lookahead bool
	move      *program
	averages  []compute.Buffer
}

// newAveraging has no averages yet. Its program: averages, variables, the share of the averages to keep -> averages, and
// the same once more for the variables if they are to be the averages.
func newAveraging(d *device, cfg engine.Config, variables []layers.Variable) (*averaging, error) {
	n := len(variables)
	values := inputsOf(variables)
	move, err := compile(d, "moving average", append(slices.Concat(values, values), whole(dtypes.Float32)), func(in []*graph.Node) []*graph.Node {
		out := make([]*graph.Node, n)
		for i := range out {
			out[i] = in[i]
			if !cfg.IsFrozen(variables[i]) { // else it is its average, but for rounding
				out[i] = graphs.MoveAverage(in[i], in[n+i], in[2*n])
			}
		}
		if cfg.Average.Lookahead {
			for _, average := range out[:n] {
				out = append(out, graph.MulScalar(average, 1)) // in memory of its own
			}
		}
		return out
	})
	if err != nil {
		return nil, err
	}
	return &averaging{device: d, lookahead: cfg.Average.Lookahead, move: move}, nil
}

// step moves the averages towards the variables, and keeps a share of them. It returns the variables of the next step,
// and takes those that it is given if these are others.
func (a *averaging) step(variables []compute.Buffer, keep float64) (next []compute.Buffer, err error) {
	share, err := upload(a.device, []float32{float32(keep)}, whole(dtypes.Float32))
	if err != nil {
		return variables, err
	}
	defer release(share)
	n := len(variables)
	donated := n
	if a.lookahead {
		donated = 2 * n
	}
	out, err := a.move.run(donated, append(slices.Concat(a.averages, variables), share)...)
	if err != nil {
		return variables, err
	}
	a.averages, next = out[:n:n], variables
	if a.lookahead {
		next = out[n:]
	}
	return next, nil
}

func (a *averaging) close() {
	release(a.averages...)
	a.move.close()
}
