package layers_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/fastresnet/fastresnet/internal/golden"
	"github.com/fastresnet/fastresnet/internal/optim"
	"github.com/fastresnet/fastresnet/internal/testbackend"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// TestGolden trains ResNet9 at width 8 for three steps of Nesterov's SGD, as internal/golden/resnet9.py
// does in PyTorch, and compares all that the script wrote down.
func TestGolden(t *testing.T) {
	want, err := golden.Read(filepath.Join("..", "internal", "golden", "testdata", "resnet9.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	testbackend.Each(t, func(t *testing.T, name string) {
		got := trainGolden(t, open(t, name))
		for name := range want {
			if e := golden.MaxRelativeError(got[name], want[name].Values); !(e <= 1e-4) {
				t.Errorf("%s is off by %.1e of its largest element", name, e)
			}
		}
	})
}

// trainGolden returns values by the names that the golden ones have.
func trainGolden(t *testing.T, backend compute.Backend) map[string][]float32 {
	const batch = 16
	net := layers.ResNet9(cifar10, 10, 8)
	variables, err := net.Variables()
	if err != nil {
		t.Fatal(err)
	}
	images := func(i int) *tensors.Tensor {
		return tensor(golden.Uniform(fmt.Sprintf("images/%d", i), batch*net.Input.Size(), 2), batch, 32, 32, 3)
	}
	values, velocities := map[string][]float32{}, map[string][]float32{}
	for _, v := range variables {
		values[v.Name] = goldenStart(v)
		velocities[v.Name] = make([]float32, v.Size())
	}
	// state are the variables, then the velocities; those of running statistics stay 0.
	state := func() (all []*tensors.Tensor) {
		for _, of := range []map[string][]float32{values, velocities} {
			for _, v := range variables {
				all = append(all, tensor(of[v.Name], v.Dims...))
			}
		}
		return all
	}
	n := len(variables)
	step := compile(t, backend, func(in []*graph.Node) []*graph.Node {
		vars, velocity, images, labels, rate := in[:n], in[n:2*n], in[2*n], in[2*n+1], in[2*n+2]
		scope := &layers.Scope{Training: true, DType: dtypes.Float32, Variables: nodesByName(variables, vars)}
		logits := net.Apply(images, scope)
		truth := graph.OneHot(labels, 10, dtypes.Float32)
		loss := graph.Neg(graph.ReduceAllSum(graph.Mul(truth, graph.LogSoftmax(logits, -1))))
		gradients := graph.Gradient(loss, vars...) // that of a running statistic is 0
		// The script's rate is per mean loss, and so is its weight decay.
		nesterov := optim.Nesterov{Momentum: 0.9, WeightDecay: 5e-4}
		newVars, newVelocity := make([]*graph.Node, n), make([]*graph.Node, n)
		for i, v := range variables {
			if v.Trainable {
				newVars[i], newVelocity[i] = nesterov.Step(vars[i], velocity[i], graph.DivScalar(gradients[i], batch), rate)
			} else {
				newVars[i], newVelocity[i] = scope.Updates[v.Name], gradients[i]
			}
		}
		out := append([]*graph.Node{logits, graph.DivScalar(loss, batch)}, gradients...)
		return append(append(out, newVars...), newVelocity...)
	})
	got := map[string][]float32{}
	for i, rate := range []float32{0.1, 0.2, 0.3} {
		labels := golden.Labels(fmt.Sprintf("labels/%d", i), batch)
		out := step(append(state(), images(i), tensor(labels, batch), tensor([]float32{rate}))...)
		logits, loss, gradients, newVars, newVelocity := out[0], out[1], out[2:2+n], out[2+n:2+2*n], out[2+2*n:]
		got["loss"] = append(got["loss"], loss...)
		for k, v := range variables {
			values[v.Name], velocities[v.Name] = newVars[k], newVelocity[k]
			switch {
			case i == 0 && v.Trainable:
				got["grad1/"+v.Name] = gradients[k]
			case i == 0:
				got["step1/"+v.Name] = newVars[k]
			}
			got["step3/"+v.Name] = newVars[k] // the last one stays
		}
		if i == 0 {
			got["logits1"] = logits
		}
	}
	evaluate := compile(t, backend, func(in []*graph.Node) []*graph.Node {
		scope := &layers.Scope{DType: dtypes.Float32, Variables: nodesByName(variables, in)}
		return []*graph.Node{net.Apply(in[n], scope)}
	})
	got["eval/logits"] = evaluate(append(state()[:n], images(0))...)[0]
	return got
}

func nodesByName(variables []layers.Variable, nodes []*graph.Node) map[string]*graph.Node {
	byName := map[string]*graph.Node{}
	for i, v := range variables {
		byName[v.Name] = nodes[i]
	}
	return byName
}

// goldenStart is what the script starts a variable with: a weight uniform as [layers.Variable] says, a
// norm's scale and bias within 0.5 and 0.2 of where they start in training, a running statistic there.
func goldenStart(v layers.Variable) []float32 {
	bound := v.Spread
	if v.Trainable && v.Spread == 0 {
		bound = 0.2 + 0.3*v.Mean
	}
	values := golden.Uniform(v.Name, v.Size(), bound)
	for i := range values {
		values[i] += float32(v.Mean)
	}
	return values
}
