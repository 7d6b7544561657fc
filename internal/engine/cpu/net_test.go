package cpu_test

import (
	"errors"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/engine/cpu"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/google/go-cmp/cmp"
)

// step is a forward and a backward pass of a small network: logits, running statistics and gradients.
func step(t *testing.T, d layers.Design, kernels string) cpu.Tensors {
	t.Helper()
	const batch = 37
	n := network(t, d, data.Shape{Height: 16, Width: 16, Channels: 3}, 10, 6)
	net, err := cpu.CompileWith(n, batch, kernels)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(5, 6))
	vars, grads := randomVariables(t, n, rng)
	results := cpu.Tensors{"logits": slices.Clone(net.Forward(vars, randomValues(rng, batch*n.Input.Size())))}
	net.Backward(randomValues(rng, batch*10), grads)
	maps.Copy(results, vars)
	for name, g := range grads {
		results["gradient of "+name] = g
	}
	return results
}

// TestDeterminism wants the same bits from every run, on any number of processors.
func TestDeterminism(t *testing.T) {
	for _, kernels := range cpu.NetworkKernels() {
		for _, d := range []layers.Design{layers.ResNet9(), bagOfTricks(), layers.Airbench94()} {
			t.Run(kernels+"/"+d.Name, func(t *testing.T) {
				on := func(processors int) cpu.Tensors {
					defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(processors))
					return step(t, d, kernels)
				}
				want := on(1)
				for _, processors := range []int{2, 4, 64} { // many have smaller tasks
					if diff := cmp.Diff(want, on(processors)); diff != "" {
						t.Errorf("%d processors (-one +many):\n%s", processors, diff)
					}
				}
			})
		}
	}
}

// TestOneGhost wants one ghost to be plain batch norm, bit for bit.
func TestOneGhost(t *testing.T) {
	plain, ghost := layers.ResNet9(), layers.ResNet9()
	ghost.Norm.Groups = 1
	for _, kernels := range cpu.NetworkKernels() {
		if diff := cmp.Diff(step(t, plain, kernels), step(t, ghost, kernels)); diff != "" {
			t.Errorf("%s, without groups and with 1 (-without +with):\n%s", kernels, diff)
		}
	}
}

// TestEvaluation wants the logits of an image not to depend on the batch around it, and the variables
// left alone.
func TestEvaluation(t *testing.T) {
	for _, d := range []layers.Design{layers.ResNet9(), layers.Dawn(), bagOfTricks()} {
		t.Run(d.Name, func(t *testing.T) { testEvaluation(t, d) })
	}
}

func testEvaluation(t *testing.T, d layers.Design) {
	const batch = 20
	n := network(t, d, data.Shape{Height: 8, Width: 8, Channels: 3}, 10, 4)
	rng := rand.New(rand.NewPCG(7, 8))
	vars, _ := randomVariables(t, n, rng)
	weights := cpu.NewWeights(vars)
	images := randomValues(rng, batch*n.Input.Size())
	forward := func(batch int, images []float32) []float32 {
		net, err := cpu.Compile(n, batch)
		if err != nil {
			t.Fatal(err)
		}
		return net.Answer(weights, images)
	}
	all := forward(batch, images)
	last := forward(1, images[(batch-1)*n.Input.Size():])
	if diff := cmp.Diff(all[(batch-1)*10:], last); diff != "" {
		t.Errorf("last image, in a batch and alone (-batch +alone):\n%s", diff)
	}
	after, err := weights.Values()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(vars, cpu.Tensors(after)); diff != "" {
		t.Errorf("variables changed (-before +after):\n%s", diff)
	}
}

func TestCompileErrors(t *testing.T) {
	image := data.Shape{Height: 8, Width: 8, Channels: 3}
	classifier := layers.Linear{Name: "classifier", Out: 10}
	tests := []struct {
		name   string
		layers []layers.Layer
		batch  int
		want   error
	}{
		{"empty batch", []layers.Layer{classifier}, 0, layers.ErrNetwork},
		{"invalid network", []layers.Layer{layers.MaxPool{Size: 3}, classifier}, 1, layers.ErrNetwork},
		{"unknown layer", []layers.Layer{unknown{}, classifier}, 1, layers.ErrNetwork},
		{"unknown layer in a branch", []layers.Layer{layers.Residual{Branch: []layers.Layer{unknown{}}}, classifier}, 1, layers.ErrNetwork},
		{"unknown layer in a shortcut", []layers.Layer{
			layers.Residual{Branch: []layers.Layer{layers.ReLU{}}, Shortcut: []layers.Layer{unknown{}}}, classifier,
		}, 1, layers.ErrNetwork},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := cpu.Compile(layers.Network{Name: tt.name, Input: image, Layers: tt.layers}, tt.batch)
			if !errors.Is(err, tt.want) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
		})
	}
}

// unknown is a layer of a type that the package does not know.
type unknown struct{ layers.ReLU }

func (unknown) String() string { return "unknown" }

// TestWrongLengths wants a panic before any work is done.
func TestWrongLengths(t *testing.T) {
	n := layers.Network{Input: data.Shape{Height: 2, Width: 2, Channels: 1}, Layers: []layers.Layer{layers.Linear{Name: "l", Out: 2}}}
	net, err := cpu.Compile(n, 3)
	if err != nil {
		t.Fatal(err)
	}
	vars, grads := cpu.Tensors{"l/weight": make([]float32, 8)}, cpu.Tensors{"l/weight": make([]float32, 8)}
	tests := []struct {
		name string
		call func()
	}{
		{"images", func() { net.Forward(vars, make([]float32, 11)) }},
		{"variable", func() { net.Forward(cpu.Tensors{}, make([]float32, 12)) }},
		{"logits", func() { net.Backward(make([]float32, 5), grads) }},
		{"gradient", func() { net.Backward(make([]float32, 6), cpu.Tensors{}) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			tt.call()
		})
	}
}
