package graphs_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/internal/engine/xla/graphs"
	"github.com/fastresnet/fastresnet/internal/golden"
	"github.com/fastresnet/fastresnet/internal/testbackend"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// TestGolden trains each network for a few steps of Nesterov's SGD, as the scripts in internal/golden do in
// PyTorch, and compares all that they wrote down.
func TestGolden(t *testing.T) {
	backend := "go" // takes as long, and stands in for XLA where that is missing
	if os.Getenv(testbackend.PluginEnv) != "" {
		backend = testbackend.XLA(t)
	}
	for _, c := range golden.Cases() {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel() // XLA takes seconds to compile a step, on one core
			want, err := golden.Read(c.File(filepath.Join("..", "..", "..", "golden")))
			if err != nil {
				t.Fatal(err)
			}
			got := trainGolden(t, c, open(t, backend))
			for name := range want {
				if e := golden.MaxRelativeError(got[name], want[name].Values); !(e <= 1e-4) {
					t.Errorf("%s is off by %.1e of its largest element", name, e)
				}
			}
		})
	}
}

// trainGolden returns values by the names that the golden ones have.
func trainGolden(t *testing.T, c golden.Case, backend compute.Backend) map[string][]float32 {
	net, variables, err := c.Network()
	if err != nil {
		t.Fatal(err)
	}
	images := func(step int) *tensors.Tensor {
		return tensor(c.Images(step), c.Batch, net.Input.Height, net.Input.Width, net.Input.Channels)
	}
	values, velocities := map[string][]float32{}, map[string][]float32{}
	for _, v := range variables {
		values[v.Name] = c.Start(v.Name, v.Dims...)
		velocities[v.Name] = make([]float32, v.Size())
	}
	// state are the variables, then the velocities; those of what is not trained stay 0.
	state := func() (all []*tensors.Tensor) {
		for _, of := range []map[string][]float32{values, velocities} {
			for _, v := range variables {
				all = append(all, tensor(of[v.Name], v.Dims...))
			}
		}
		return all
	}
	n := len(variables)
	step := compile(t, backend, func(in []*graph.Node) []*graph.Node { return goldenStep(c, net, variables, in) })
	got := map[string][]float32{}
	for i, rate := range c.Rates {
		out := step(append(state(), images(i), tensor(c.Labels(i), c.Batch), tensor([]float32{rate}))...)
		logits, loss, gradients, newVars, newVelocity := out[0], out[1], out[2:2+n], out[2+n:2+2*n], out[2+2*n:]
		got["loss"] = append(got["loss"], loss...)
		for k, v := range variables {
			values[v.Name], velocities[v.Name] = newVars[k], newVelocity[k]
			switch {
			case i == 0 && v.Trainable && !c.IsFrozen(v.Name):
				got["grad1/"+v.Name] = gradients[k]
			case i == 0:
				got["step1/"+v.Name] = newVars[k]
			}
			got["last/"+v.Name] = newVars[k]
		}
		if i == 0 {
			got["logits1"] = logits
		}
	}
	evaluate := compile(t, backend, func(in []*graph.Node) []*graph.Node {
		scope := &graphs.Scope{DType: dtypes.Float32, Variables: nodesByName(variables, in)}
		return []*graph.Node{graphs.Apply(net, in[n], scope)}
	})
	got["eval/logits"] = evaluate(append(state()[:n], images(0))...)[0]
	return got
}

// goldenStep adds a step of training: in are the variables, their velocities, images, labels and the rate;
// the result is the logits, the mean loss, the gradients of its sum, the new variables and velocities.
func goldenStep(c golden.Case, net layers.Network, variables []layers.Variable, in []*graph.Node) []*graph.Node {
	n := len(variables)
	vars, velocity, images, labels, rate := in[:n], in[n:2*n], in[2*n], in[2*n+1], in[2*n+2]
	scope := &graphs.Scope{Training: true, DType: dtypes.Float32, Variables: nodesByName(variables, vars), Frozen: c.FrozenLayers(net)}
	logits := graphs.Apply(net, images, scope)
	logProbabilities := graph.LogSoftmax(logits, -1)
	truth := graph.OneHot(labels, golden.Classes, dtypes.Float32)
	target := graph.AddScalar(graph.MulScalar(truth, 1-c.Smoothing), c.Smoothing/golden.Classes)
	loss := graph.Neg(graph.ReduceAllSum(graph.Mul(target, logProbabilities)))
	batch := float64(c.Batch)
	gradients := graph.Gradient(loss, vars...) // that of what is not trained goes unused
	newVars, newVelocity := make([]*graph.Node, n), make([]*graph.Node, n)
	for i, v := range variables {
		newVars[i], newVelocity[i] = vars[i], velocity[i]
		if v.Trainable && !c.IsFrozen(v.Name) {
			// The script's rate is per mean loss, and so is its weight decay.
			nesterov := engine.Nesterov{Momentum: golden.Momentum, WeightDecay: golden.WeightDecay / c.Factor(v)}
			w, u := graphs.Move(dtypes.Float32, []graphs.Step{{
				Optimizer: nesterov, Weight: vars[i], Velocity: velocity[i], Gradient: graph.DivScalar(gradients[i], batch),
				Rate: graph.MulScalar(rate, c.Factor(v)),
			}})
			newVars[i], newVelocity[i] = w[0], u[0]
		} else if update, ok := scope.Updates[v.Name]; ok {
			newVars[i] = update
		}
	}
	out := append([]*graph.Node{logits, graph.DivScalar(loss, batch)}, gradients...)
	return append(append(out, newVars...), newVelocity...)
}

func nodesByName(variables []layers.Variable, nodes []*graph.Node) map[string]*graph.Node {
	byName := map[string]*graph.Node{}
	for i, v := range variables {
		byName[v.Name] = nodes[i]
	}
	return byName
}
