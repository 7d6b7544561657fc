package graphs_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	_ "github.com/gomlx/compute/gobackend" // registers "go"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// open opens a backend by the name that testbackend gives it.
func open(t testing.TB, name string) compute.Backend {
	t.Helper()
	if name == "go" {
		name = "go:ops_sequential" // by default several products at once can wait for each other for ever
	}
	if kind, _, _ := strings.Cut(name, ":"); !slices.Contains(compute.List(), kind) {
		t.Skipf("%s is not built in: it needs cgo", kind)
	}
	backend, err := compute.NewWithConfig(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(backend.Finalize)
	return backend
}

// builder adds to a graph what is to be computed from its inputs.
type builder = func(in []*graph.Node) []*graph.Node

// compile returns a function that runs the graph on tensors of the inputs' shapes. It converts the
// outputs to float32 in the graph and returns their values.
func compile(t testing.TB, backend compute.Backend, build builder) func(inputs ...*tensors.Tensor) [][]float32 {
	t.Helper()
	exec, err := graph.NewExec(backend, func(in []*graph.Node) []*graph.Node {
		out := build(in)
		for i := range out {
			out[i] = graph.ConvertDType(out[i], dtypes.Float32)
		}
		return out
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(exec.Finalize)
	return func(inputs ...*tensors.Tensor) [][]float32 {
		t.Helper()
		args := make([]any, len(inputs))
		for i := range inputs {
			args[i] = inputs[i]
		}
		outputs, err := exec.Call(args...)
		if err != nil {
			t.Fatal(err)
		}
		values := make([][]float32, len(outputs))
		for i := range outputs {
			if values[i], err = tensors.CopyFlatData[float32](outputs[i]); err != nil {
				t.Fatal(err)
			}
		}
		return values
	}
}

// tensor copies values into a tensor, row-major.
func tensor[T float32 | int32 | uint8](values []T, dims ...int) *tensors.Tensor {
	return tensors.FromFlatDataAndDimensions(values, dims...)
}
