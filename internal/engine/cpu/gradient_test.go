package cpu_test

import (
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/engine/cpu"
	"github.com/fastresnet/fastresnet/internal/testlayers"
	"github.com/fastresnet/fastresnet/layers"
)

func conv(name string, out, kernel, stride int) layers.Conv {
	return layers.Conv{Name: name, Out: out, Kernel: kernel, Stride: stride}
}

// ghosts is a norm of as many ghost batches.
func ghosts(count int, frozenScale bool) layers.BatchNorm {
	return layers.BatchNorm{Name: "norm", NormSettings: layers.NormSettings{Groups: count, FrozenScale: frozenScale}}
}

func whitening(kernel int) layers.PatchWhitening {
	return layers.PatchWhitening{Name: "whitening", WhiteningSettings: layers.WhiteningSettings{Kernel: kernel, Images: 1}}
}

// TestGradients compares logits, running statistics and gradients with those of the reference. Every network
// ends in a classifier of 3 classes; most start with a convolution, so that what the layers after it send
// back to their input shows in its gradient.
func TestGradients(t *testing.T) {
	norm, relu := layers.BatchNorm{Name: "norm"}, layers.ReLU{}
	airbench := network(t, layers.Airbench94(), data.Shape{Height: 32, Width: 32, Channels: 2}, 3, 2)
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
		{"norm, celu and pool, floor", data.Shape{Height: 7, Width: 5, Channels: 3}, 5, []layers.Layer{
			conv("a", 5, 3, 1), norm, layers.CELU{Alpha: 0.3}, layers.MaxPool{Size: 3, Floor: true}, conv("b", 4, 1, 1)}},
		{"norm, relu and pool behind another norm", data.Shape{Height: 6, Width: 4, Channels: 3}, 5, []layers.Layer{
			conv("a", 5, 3, 1), norm, relu, conv("b", 5, 3, 1), layers.BatchNorm{Name: "norm2"}, relu, layers.MaxPool{Size: 2}}},
		{"norm, gelu and pool", data.Shape{Height: 6, Width: 4, Channels: 3}, 5, []layers.Layer{conv("a", 5, 3, 1), norm, layers.GELU{}, layers.MaxPool{Size: 2}}},
		{"norm, pool and relu, two groups", data.Shape{Height: 4, Width: 4, Channels: 3}, 19, []layers.Layer{conv("a", 5, 3, 1), norm, layers.MaxPool{Size: 2}, relu}},
		{"3 ghosts and pool", data.Shape{Height: 2, Width: 4, Channels: 3}, 36, []layers.Layer{conv("a", 5, 3, 1), ghosts(3, false), relu, layers.MaxPool{Size: 2}}},
		{"frozen scale and pool", data.Shape{Height: 4, Width: 4, Channels: 3}, 5, []layers.Layer{conv("a", 5, 3, 1), ghosts(1, true), layers.MaxPool{Size: 2}}},
		{"norm first, and pool", data.Shape{Height: 4, Width: 4, Channels: 3}, 5, []layers.Layer{norm, relu, layers.MaxPool{Size: 2}}},
		{"global max pool", data.Shape{Height: 6, Width: 4, Channels: 3}, 5, []layers.Layer{conv("a", 5, 3, 1), layers.GlobalMaxPool{}}},
		{"global mean pool", data.Shape{Height: 6, Width: 4, Channels: 3}, 5, []layers.Layer{conv("a", 5, 3, 1), layers.GlobalMeanPool{}}},
		{"global max and mean pool", data.Shape{Height: 6, Width: 4, Channels: 3}, 5, []layers.Layer{conv("a", 5, 3, 1), layers.GlobalMaxMeanPool{}}},
		{"celu", data.Shape{Height: 4, Width: 5, Channels: 3}, 5, []layers.Layer{conv("a", 5, 3, 1), layers.CELU{Alpha: 0.3}}},
		{"gelu", data.Shape{Height: 4, Width: 5, Channels: 3}, 5, []layers.Layer{conv("a", 5, 3, 1), layers.GELU{}}},
		{"silu", data.Shape{Height: 4, Width: 5, Channels: 3}, 5, []layers.Layer{conv("a", 5, 3, 1), layers.SiLU{}}},
		{"norm and celu", data.Shape{Height: 4, Width: 5, Channels: 3}, 5, []layers.Layer{conv("a", 5, 3, 1), norm, layers.CELU{Alpha: 0.3}}},
		{"norm and gelu", data.Shape{Height: 4, Width: 5, Channels: 3}, 5, []layers.Layer{conv("a", 5, 3, 1), norm, layers.GELU{}}},
		{"norm and silu", data.Shape{Height: 4, Width: 5, Channels: 3}, 5, []layers.Layer{conv("a", 5, 3, 1), norm, layers.SiLU{}}},
		{"pool, norm and relu", data.Shape{Height: 6, Width: 4, Channels: 3}, 5, []layers.Layer{conv("a", 5, 3, 1), layers.MaxPool{Size: 2}, norm, relu}},
		{"norm, pool and celu", data.Shape{Height: 6, Width: 4, Channels: 3}, 5, []layers.Layer{conv("a", 5, 3, 1), norm, layers.MaxPool{Size: 2}, layers.CELU{Alpha: 1}}},
		{"frozen scale", data.Shape{Height: 4, Width: 4, Channels: 3}, 5, []layers.Layer{conv("a", 5, 3, 1), ghosts(1, true), relu}},
		{"2 ghosts", data.Shape{Height: 4, Width: 4, Channels: 3}, 6, []layers.Layer{conv("a", 5, 3, 1), ghosts(2, false), relu}},
		{"norm, pool and silu", data.Shape{Height: 6, Width: 4, Channels: 3}, 5, []layers.Layer{conv("a", 5, 3, 1), norm, layers.MaxPool{Size: 2}, layers.SiLU{}}},
		{"4 ghosts, two groups", data.Shape{Height: 2, Width: 4, Channels: 3}, 20, []layers.Layer{conv("a", 5, 3, 1), ghosts(4, false), layers.CELU{Alpha: 0.3}}},
		{"8 ghosts, frozen scale", data.Shape{Height: 2, Width: 4, Channels: 3}, 8, []layers.Layer{conv("a", 5, 3, 1), ghosts(8, true)}},
		{"16 ghosts", data.Shape{Height: 2, Width: 4, Channels: 3}, 32, []layers.Layer{conv("a", 5, 3, 1), ghosts(16, false), layers.GELU{}}},
		{"7 ghosts", data.Shape{Height: 2, Width: 4, Channels: 3}, 28, []layers.Layer{conv("a", 5, 3, 1), ghosts(7, true), layers.SiLU{}}},
		{"3 ghosts, three groups", data.Shape{Height: 2, Width: 2, Channels: 3}, 36, []layers.Layer{conv("a", 5, 3, 1), ghosts(3, false), relu}},
		{"5 ghosts, one group", data.Shape{Height: 2, Width: 2, Channels: 3}, 10, []layers.Layer{conv("a", 5, 3, 1), ghosts(5, true), relu}},
		{"6 ghosts, of different sizes", data.Shape{Height: 2, Width: 2, Channels: 3}, 21, []layers.Layer{conv("a", 5, 3, 1), ghosts(6, false), relu}},
		{"24 ghosts, phases come again", data.Shape{Height: 2, Width: 1, Channels: 2}, 96, []layers.Layer{conv("a", 3, 1, 1), ghosts(24, false), layers.GELU{}}},
		{"32 ghosts", data.Shape{Height: 2, Width: 1, Channels: 2}, 64, []layers.Layer{conv("a", 3, 1, 1), ghosts(32, false), relu}},
		{"ghosts of different sizes", data.Shape{Height: 2, Width: 4, Channels: 3}, 19, []layers.Layer{conv("a", 5, 3, 1), ghosts(4, false), relu}},
		{"more ghosts than images", data.Shape{Height: 4, Width: 4, Channels: 3}, 3, []layers.Layer{conv("a", 5, 3, 1), ghosts(8, false), relu}},
		{"ghosts first", data.Shape{Height: 4, Width: 4, Channels: 3}, 4, []layers.Layer{ghosts(2, false), relu}},
		{"whitening", data.Shape{Height: 4, Width: 4, Channels: 2}, 5, []layers.Layer{whitening(3), conv("a", 4, 1, 1), relu}},
		{"whitening alone", data.Shape{Height: 4, Width: 4, Channels: 2}, 5, []layers.Layer{whitening(1)}},
		{"whitening before a residual", data.Shape{Height: 4, Width: 4, Channels: 1}, 5, []layers.Layer{whitening(3), layers.Residual{
			Branch: []layers.Layer{norm, relu, conv("a", 9, 3, 1)}, Shortcut: []layers.Layer{conv("b", 9, 1, 1)},
		}}},
		{"whitening 2x2, unpadded, with negatives and a bias", data.Shape{Height: 4, Width: 5, Channels: 2}, 5, []layers.Layer{airbench.Layers[0], layers.GELU{}, conv("a", 4, 3, 1)}},
		{"whitening with a bias, norm first", data.Shape{Height: 4, Width: 5, Channels: 2}, 5, []layers.Layer{airbench.Layers[0], norm, relu}},
		{"whitening with a bias, more than a group", data.Shape{Height: 4, Width: 4, Channels: 3}, 19, []layers.Layer{airbench.Layers[0], relu}},
		{"whitening 3x3, unpadded", data.Shape{Height: 4, Width: 4, Channels: 2}, 5, []layers.Layer{
			layers.PatchWhitening{Name: "whitening", WhiteningSettings: layers.WhiteningSettings{Kernel: 3, Images: 1, Unpadded: true}}, conv("a", 4, 1, 1), relu}},
		{"max pool, floor", data.Shape{Height: 5, Width: 7, Channels: 3}, 5, []layers.Layer{conv("a", 5, 3, 1), layers.MaxPool{Size: 2, Floor: true}}},
		{"max pool of 3, floor", data.Shape{Height: 8, Width: 6, Channels: 3}, 19, []layers.Layer{conv("a", 5, 3, 1), layers.MaxPool{Size: 3, Floor: true}, norm, relu}},
		{"norm of its own constants", data.Shape{Height: 4, Width: 4, Channels: 3}, 5, []layers.Layer{conv("a", 5, 3, 1),
			layers.BatchNorm{Name: "norm", NormSettings: layers.NormSettings{Epsilon: 0.25, Momentum: 0.4}}, relu}},
		{"pre-activation", data.Shape{Height: 4, Width: 5, Channels: 3}, 5, []layers.Layer{conv("a", 5, 3, 1), norm, relu, layers.Residual{
			Branch: []layers.Layer{conv("b", 5, 3, 1), layers.BatchNorm{Name: "norm2"}, relu, conv("c", 5, 3, 1)},
		}, layers.BatchNorm{Name: "norm3"}, relu}},
		{"pre-activation, stride 2, odd size", data.Shape{Height: 5, Width: 7, Channels: 3}, 5, []layers.Layer{conv("a", 5, 3, 1), norm, relu, layers.Residual{
			Branch:   []layers.Layer{conv("b", 6, 3, 2), layers.BatchNorm{Name: "norm2"}, relu, conv("c", 6, 3, 1)},
			Shortcut: []layers.Layer{conv("d", 6, 1, 2)},
		}, layers.BatchNorm{Name: "norm3"}, relu, layers.GlobalMaxMeanPool{}}},
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
	sequences := [][]layers.Layer{{layers.Linear{}}} // which ends each network
	for _, tt := range tests {
		sequences = append(sequences, tt.layers)
	}
	testlayers.Complete(t, sequences...)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := layers.Network{Name: tt.name, Input: tt.shape}
			n.Layers = append(append(n.Layers, tt.layers...), layers.Linear{Name: "classifier", Out: 3, Bias: true})
			testGradients(t, n, tt.batch, 60)
		})
	}
}

// TestNetworkGradients compares the gradients of whole networks, for which a few of each variable have to do.
func TestNetworkGradients(t *testing.T) {
	tests := []struct {
		design layers.Design
		batch  int
	}{
		{layers.Dawn(), 6},
		{bagOfTricks(), 32},
		{layers.Airbench94(), 20},
		{layers.Airbench96(), 20},
	}
	if testing.Short() {
		tests = tests[2:] // TestGolden has the others, and more of their gradients
	}
	for _, tt := range tests {
		t.Run(tt.design.Name, func(t *testing.T) {
			t.Parallel()
			testGradients(t, network(t, tt.design, data.Shape{Height: 16, Width: 16, Channels: 1}, 3, 2), tt.batch, 2)
		})
	}
}

// testGradients compares logits, running statistics and up to so many elements of each gradient.
func testGradients(t *testing.T, n layers.Network, batch, elements int) {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	vars, grads := randomVariables(t, n, rng)
	images := randomValues(rng, batch*n.Input.Size())
	dLogits := randomValues(rng, batch*n.Classes())
	momentum := 0.1 // of all norms
	for _, l := range n.Layers {
		if norm, ok := l.(layers.BatchNorm); ok {
			_, momentum = norm.Constants()
		}
	}
	kept := (1 - momentum) * (1 - momentum) // after two steps
	ref := &reference{network: n, batch: batch, vars: map[string][]float64{}, statistics: map[string][]float64{}}
	for name, v := range vars {
		ref.vars[name] = widen(v)
	}
	wantLogits := ref.forward(images)
	wantVars := map[string][]float64{}
	for name, batch := range ref.statistics {
		for i, running := range vars[name] {
			wantVars[name] = append(wantVars[name], kept*float64(running)+(1-kept)*batch[i])
		}
	}
	wantGrads := map[string][]float64{}
	for name := range grads {
		wantGrads[name] = ref.gradient(name, images, dLogits, elements)
	}
	for _, kernels := range cpu.AllKernels() {
		t.Run(kernels, func(t *testing.T) {
			net, err := cpu.CompileWith(n, batch, kernels)
			if err != nil {
				t.Fatal(err)
			}
			vars := maps.Clone(vars)
			for name := range wantVars {
				vars[name] = slices.Clone(vars[name])
			}
			// Twice, so that what one step leaves behind shows in the next.
			for range 2 {
				checkClose(t, "logits", net.Forward(vars, images), wantLogits, 1e-5)
				net.Backward(dLogits, grads)
			}
			for name, want := range wantVars {
				checkClose(t, name, vars[name], want, 1e-5)
			}
			for name, want := range wantGrads {
				checkClose(t, name, every(stride(len(grads[name]), elements), grads[name]), want, 2e-5)
			}
		})
	}
}

// gradient is that of Σ logits·dLogits to some elements of a variable.
func (r *reference) gradient(name string, images, dLogits []float32, elements int) []float64 {
	loss := func() float64 {
		total := 0.0
		for i, v := range r.forward(images) {
			total += v * float64(dLogits[i])
		}
		return total
	}
	var gradient []float64
	v := r.vars[name]
	for i := 0; i < len(v); i += stride(len(v), elements) {
		const h = 1e-8 // few of a network's kinks lie as near
		value := v[i]
		v[i] = value + h
		above := loss()
		v[i] = value - h
		below := loss()
		v[i] = value
		gradient = append(gradient, (above-below)/(2*h))
	}
	return gradient
}

// stride picks about so many of n elements; it is odd, and so no multiple of a power of 2.
func stride(n, elements int) int { return max(1, n/elements) | 1 }

// every picks the first element and each step-th after it.
func every(step int, values []float32) []float32 {
	var picked []float32
	for i := 0; i < len(values); i += step {
		picked = append(picked, values[i])
	}
	return picked
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

// network is a design of some width, fitted to images and classes.
func network(tb testing.TB, d layers.Design, shape data.Shape, classes, width int) layers.Network {
	tb.Helper()
	d.Width = width
	n, err := d.Build(shape, classes)
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

// bagOfTricks is what the source series ends with.
func bagOfTricks() layers.Design {
	d := layers.ResNet9()
	d.Name = "tricks"
	d.Whitening = &layers.WhiteningSettings{Kernel: 3, Epsilon: 1e-2, Images: 1}
	d.Norm = layers.NormSettings{Groups: 16, FrozenScale: true}
	d.Activation = layers.Activation{Kind: "celu", Alpha: 0.3}
	d.PoolAt = layers.PoolBeforeNorm
	return d
}

// randomVariables draws the network's variables, with statistics and norms that are not trivial, and makes
// room for their gradients.
func randomVariables(tb testing.TB, n layers.Network, rng *rand.Rand) (vars, grads cpu.Tensors) {
	tb.Helper()
	list, err := n.Variables()
	if err != nil {
		tb.Fatal(err)
	}
	vars, grads = cpu.Tensors{}, cpu.Tensors{}
	for _, v := range list {
		values := randomValues(rng, v.Size())
		for i := range values {
			values[i] = float32(v.Mean) + values[i]*float32(max(v.Spread, 0.3))
			if i%2 == 1 && strings.HasSuffix(v.Name, "/scale") {
				values[i] = -values[i]
			}
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
