package xla

import (
	"github.com/fastresnet/fastresnet/layers"
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// weights are variables on the device that nothing changes.
type weights struct {
	variables []layers.Variable
	buffers   []compute.Buffer
	finite    bool
}

// Values implements [engine.Weights].
func (w *weights) Values() (map[string][]float32, error) {
	return downloadVariables(w.variables, w.buffers)
}

// Finite implements [engine.Weights].
func (w *weights) Finite() (bool, error) { return w.finite, nil }

// Close implements [engine.Weights].
func (w *weights) Close() { release(w.buffers...) }

// compileCopy: variables -> variables in memory of their own, and 1 if all are finite, else 0.
func compileCopy(d *device, variables []layers.Variable) (*program, error) {
	return compile(d, "copy", inputsOf(variables), func(in []*graph.Node) []*graph.Node {
		finite := graph.Const(in[0].Graph(), true)
		var out []*graph.Node
		for _, v := range in {
			out = append(out, graph.MulScalar(v, 1))
			finite = graph.LogicalAnd(finite, graph.LogicalAll(graph.IsFinite(v)))
		}
		return append(out, graph.ConvertDType(finite, dtypes.Float32))
	})
}

// copyOf runs the program of compileCopy.
func copyOf(copying *program, variables []layers.Variable, buffers []compute.Buffer) (*weights, error) {
	out, err := copying.run(0, buffers...)
	if err != nil {
		return nil, err
	}
	last := len(out) - 1
	w := &weights{variables: variables, buffers: out[:last]}
	finite, err := download[float32](out[last], 1)
	release(out[last])
	if err != nil {
		w.Close()
		return nil, err
	}
	w.finite = finite[0] == 1
	return w, nil
}
