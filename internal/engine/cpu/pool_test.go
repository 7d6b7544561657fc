package cpu_test

import (
	"math"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/engine/cpu"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/google/go-cmp/cmp"
)

// TestTies wants the gradient of equal maxima to go to the first in row-major order. The pool sees the
// first channel of the image; the gradient to the weights of the second says which pixel was picked.
func TestTies(t *testing.T) {
	images := []float32{0, 1, 7, 2, 7, 3, 0, 4}
	for _, kernels := range cpu.AllKernels() {
		for _, pool := range []layers.Layer{layers.MaxPool{Size: 2}, layers.GlobalMaxPool{}, layers.GlobalMaxMeanPool{}} {
			t.Run(kernels+"/"+pool.String(), func(t *testing.T) {
				net, err := cpu.CompileWith(layers.Network{
					Input:  data.Shape{Height: 2, Width: 2, Channels: 2},
					Layers: []layers.Layer{conv("a", 1, 1, 1), pool},
				}, 1, kernels)
				if err != nil {
					t.Fatal(err)
				}
				grads := cpu.Tensors{"a/weight": make([]float32, 2)}
				logits := net.Forward(cpu.Tensors{"a/weight": {1, 0}}, images)
				dLogits := make([]float32, len(logits))
				dLogits[0] = 1
				net.Backward(dLogits, grads)
				if diff := cmp.Diff([]float32{7, 2}, grads["a/weight"]); diff != "" {
					t.Errorf("gradient (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// TestNaN wants a network that has diverged to show it: neither an activation nor a pool hides NaN.
func TestNaN(t *testing.T) {
	for _, kernels := range cpu.AllKernels() {
		for _, d := range []layers.Design{layers.ResNet9(), layers.Dawn(), bagOfTricks()} {
			t.Run(kernels+"/"+d.Name, func(t *testing.T) {
				testNaN(t, network(t, d, data.Shape{Height: 8, Width: 8, Channels: 1}, 2, 2), kernels)
			})
		}
	}
}

func testNaN(t *testing.T, n layers.Network, kernels string) {
	net, err := cpu.CompileWith(n, 1, kernels)
	if err != nil {
		t.Fatal(err)
	}
	vars := cpu.Tensors{}
	variables, err := n.Variables()
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range variables {
		vars[v.Name] = make([]float32, v.Size())
	}
	vars["prep/conv/weight"][4] = float32(math.NaN())
	for i, v := range net.Forward(vars, make([]float32, 64)) {
		if v == v {
			t.Errorf("logit %d is %g, want NaN", i, v)
		}
	}
}
