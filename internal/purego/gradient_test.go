package purego_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/purego"
	"github.com/fastresnet/fastresnet/layers"
)

func conv(name string, out, kernel, stride int) layers.Conv {
	return layers.Conv{Name: name, Out: out, Kernel: kernel, Stride: stride}
}

// TestGradients compares logits and gradients with those of the reference. Every network ends in a
// classifier of 3 classes; most start with a convolution, so that what the layers after it send back to
// their input shows in its gradient.
func TestGradients(t *testing.T) {
	norm, relu := layers.BatchNorm{Name: "norm"}, layers.ReLU{}
	tests := []struct {
		name   string
		shape  data.Shape
		batch  int
		layers []layers.Layer
	}{
		{"linear over an image", data.Shape{Height: 4, Width: 6, Channels: 3}, 5, nil},
		{"norm first", data.Shape{Height: 4, Width: 4, Channels: 3}, 5, []layers.Layer{norm}},
		{"norm and relu first", data.Shape{Height: 4, Width: 4, Channels: 3}, 3, []layers.Layer{norm, relu}},
		{"conv", data.Shape{Height: 4, Width: 4, Channels: 3}, 1, []layers.Layer{conv("a", 5, 3, 1)}},
		{"conv over conv", data.Shape{Height: 6, Width: 6, Channels: 3}, 3, []layers.Layer{conv("a", 5, 3, 1), conv("b", 10, 3, 1)}},
		{"odd width", data.Shape{Height: 4, Width: 5, Channels: 3}, 3, []layers.Layer{conv("a", 5, 3, 1), conv("b", 3, 3, 1)}},
		{"kernel 1", data.Shape{Height: 8, Width: 4, Channels: 3}, 5, []layers.Layer{conv("a", 10, 1, 1), conv("b", 5, 1, 1)}},
		{"stride 2", data.Shape{Height: 8, Width: 6, Channels: 3}, 3, []layers.Layer{conv("a", 5, 3, 1), conv("b", 4, 3, 2)}},
		{"stride 2, odd size", data.Shape{Height: 7, Width: 5, Channels: 3}, 3, []layers.Layer{conv("a", 5, 3, 1), conv("b", 4, 3, 2)}},
		{"stride 2, kernel 1", data.Shape{Height: 6, Width: 5, Channels: 3}, 3, []layers.Layer{conv("a", 5, 3, 1), conv("b", 4, 1, 2)}},
		{"stride 2, one row", data.Shape{Height: 1, Width: 4, Channels: 3}, 3, []layers.Layer{conv("a", 5, 3, 1), conv("b", 4, 1, 2)}},
		{"norm", data.Shape{Height: 4, Width: 4, Channels: 3}, 5, []layers.Layer{conv("a", 5, 3, 1), norm}},
		{"norm and relu", data.Shape{Height: 4, Width: 8, Channels: 3}, 3, []layers.Layer{conv("a", 10, 3, 1), norm, relu}},
		{"more than a group", data.Shape{Height: 4, Width: 4, Channels: 3}, 19, []layers.Layer{conv("a", 5, 3, 1), norm, relu}},
		{"relu and scale", data.Shape{Height: 4, Width: 4, Channels: 3}, 3, []layers.Layer{conv("a", 5, 3, 1), relu, layers.Scale{Factor: -0.5}}},
		{"max pool", data.Shape{Height: 6, Width: 6, Channels: 3}, 5, []layers.Layer{conv("a", 5, 3, 1), layers.MaxPool{Size: 2}}},
		{"max pool of 3", data.Shape{Height: 6, Width: 9, Channels: 3}, 5, []layers.Layer{conv("a", 5, 3, 1), layers.MaxPool{Size: 3}}},
		{"norm, relu and pool", data.Shape{Height: 6, Width: 4, Channels: 3}, 5, []layers.Layer{conv("a", 5, 3, 1), norm, relu, layers.MaxPool{Size: 2}}},
		{"norm and pool", data.Shape{Height: 6, Width: 4, Channels: 3}, 5, []layers.Layer{conv("a", 5, 3, 1), norm, layers.MaxPool{Size: 2}}},
		{"global max pool", data.Shape{Height: 6, Width: 4, Channels: 3}, 5, []layers.Layer{conv("a", 5, 3, 1), layers.GlobalMaxPool{}}},
		{"global mean pool", data.Shape{Height: 6, Width: 4, Channels: 3}, 5, []layers.Layer{conv("a", 5, 3, 1), layers.GlobalMeanPool{}}},
		{"residual", data.Shape{Height: 4, Width: 4, Channels: 3}, 3, []layers.Layer{conv("a", 5, 3, 1), norm, relu, layers.Residual{
			Branch: []layers.Layer{conv("b", 5, 3, 1), layers.BatchNorm{Name: "norm2"}, relu},
		}, relu}},
		{"residual, branch and shortcut", data.Shape{Height: 4, Width: 4, Channels: 3}, 3, []layers.Layer{conv("a", 5, 3, 1), layers.Residual{
			Branch:   []layers.Layer{conv("b", 6, 3, 2), relu, conv("c", 6, 3, 1)},
			Shortcut: []layers.Layer{conv("d", 6, 1, 2)},
		}, relu}},
		{"residual, shortcut only", data.Shape{Height: 4, Width: 4, Channels: 3}, 3, []layers.Layer{conv("a", 5, 3, 1), layers.Residual{
			Shortcut: []layers.Layer{norm, relu},
		}}},
		{"residual, neither", data.Shape{Height: 4, Width: 4, Channels: 3}, 3, []layers.Layer{conv("a", 5, 3, 1), layers.Residual{}}},
		{"residual, nested", data.Shape{Height: 4, Width: 4, Channels: 3}, 3, []layers.Layer{conv("a", 5, 3, 1), layers.Residual{
			Branch: []layers.Layer{layers.Residual{Branch: []layers.Layer{relu, conv("b", 5, 3, 1)}}},
			Shortcut: []layers.Layer{layers.Residual{
				Branch:   []layers.Layer{conv("c", 5, 3, 1)},
				Shortcut: []layers.Layer{conv("d", 5, 1, 1), norm},
			}},
		}}},
		{"residual first", data.Shape{Height: 4, Width: 4, Channels: 3}, 3, []layers.Layer{layers.Residual{
			Branch: []layers.Layer{conv("a", 3, 3, 1), norm}, Shortcut: []layers.Layer{conv("b", 3, 1, 1)},
		}}},
	}
	for _, kernels := range purego.AllKernels() {
		for _, tt := range tests {
			t.Run(kernels+"/"+tt.name, func(t *testing.T) {
				n := layers.Network{Name: tt.name, Input: tt.shape}
				n.Layers = append(append(n.Layers, tt.layers...), layers.Linear{Name: "classifier", Out: 3, Bias: true})
				testGradients(t, n, tt.batch, kernels)
			})
		}
	}
}

func testGradients(t *testing.T, n layers.Network, batch int, kernels string) {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	net, err := purego.CompileWith(n, batch, kernels)
	if err != nil {
		t.Fatal(err)
	}
	vars, grads := randomVariables(t, n, rng)
	images := randomValues(rng, batch*n.Input.Size())
	dLogits := randomValues(rng, batch*n.Classes())
	ref := &reference{network: n, batch: batch, vars: map[string][]float64{}}
	for name, v := range vars {
		ref.vars[name] = widen(v)
	}
	// Twice, so that what one step leaves behind shows in the next.
	for range 2 {
		checkClose(t, "logits", net.Forward(vars, images, true), ref.forward(images), 1e-5)
		net.Backward(dLogits, grads)
	}
	loss := func() float64 {
		total := 0.0
		for i, v := range ref.forward(images) {
			total += v * float64(dLogits[i])
		}
		return total
	}
	for name, got := range grads {
		// Up to 60 elements of each variable, by a step that is no multiple of a power of 2.
		step := max(1, len(got)/60) | 1
		var picked []float32
		var want []float64
		v := ref.vars[name]
		for i := 0; i < len(v); i += step {
			const h = 1e-6
			value := v[i]
			v[i] = value + h
			above := loss()
			v[i] = value - h
			below := loss()
			v[i] = value
			picked, want = append(picked, got[i]), append(want, (above-below)/(2*h))
		}
		checkClose(t, name, picked, want, 2e-5)
	}
}

// checkClose fails unless max|got-want| <= tolerance·max|want|. Sums whose terms cancel, such as the
// gradient of a convolution before a norm, are held to the size 1 of their terms.
func checkClose(t *testing.T, name string, got []float32, want []float64, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d values, want %d", name, len(got), len(want))
		return
	}
	worst, size, at := 0.0, 1.0, 0
	for i, w := range want {
		if d := math.Abs(float64(got[i]) - w); d > worst || math.IsNaN(d) {
			worst, at = d, i
		}
		size = max(size, math.Abs(w))
	}
	if !(worst <= tolerance*size) {
		t.Errorf("%s[%d] = %g, want %g: off by %.1e of the largest value", name, at, got[at], want[at], worst/size)
	}
}

// randomVariables draws the network's variables, with statistics and norms that are not trivial, and makes
// room for their gradients.
func randomVariables(tb testing.TB, n layers.Network, rng *rand.Rand) (vars, grads purego.Tensors) {
	tb.Helper()
	list, err := n.Variables()
	if err != nil {
		tb.Fatal(err)
	}
	vars, grads = purego.Tensors{}, purego.Tensors{}
	for _, v := range list {
		values := randomValues(rng, v.Size())
		for i := range values {
			values[i] = float32(v.Mean) + values[i]*float32(max(v.Spread, 0.3))
		}
		vars[v.Name] = values
		if v.Trainable {
			grads[v.Name] = make([]float32, v.Size())
		}
	}
	return vars, grads
}

// randomValues are uniform in ±1.
func randomValues(rng *rand.Rand, n int) []float32 {
	values := make([]float32, n)
	for i := range values {
		values[i] = 2*rng.Float32() - 1
	}
	return values
}

func widen(v []float32) []float64 {
	wide := make([]float64, len(v))
	for i, x := range v {
		wide[i] = float64(x)
	}
	return wide
}
