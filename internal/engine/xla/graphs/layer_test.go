package graphs_test

import (
	"math/rand/v2"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/engine/xla/graphs"
	"github.com/fastresnet/fastresnet/internal/golden"
	"github.com/fastresnet/fastresnet/internal/testbackend"
	"github.com/fastresnet/fastresnet/internal/testlayers"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

func conv(name string, out, kernel, stride int) layers.Conv {
	return layers.Conv{Name: name, Out: out, Kernel: kernel, Stride: stride}
}

// layerCase is a sequence of layers on images of a shape.
type layerCase struct {
	name       string
	shape      data.Shape
	evaluation bool // by running statistics
	layers     []layers.Layer
}

func layerCases() []layerCase {
	shape := func(height, width, channels int) data.Shape {
		return data.Shape{Height: height, Width: width, Channels: channels}
	}
	one := func(l layers.Layer) []layers.Layer { return []layers.Layer{l} }
	norm := layers.BatchNorm{Name: "norm"}
	return []layerCase{
		{"conv 1x1", shape(4, 5, 3), false, one(conv("a", 4, 1, 1))},
		{"conv 3x3", shape(4, 5, 3), false, one(conv("a", 4, 3, 1))},
		{"conv 3x3 on one pixel", shape(1, 1, 3), false, one(conv("a", 2, 3, 1))},
		{"conv 1x1 of stride 2, even", shape(6, 4, 2), false, one(conv("a", 3, 1, 2))},
		{"conv 1x1 of stride 2, odd", shape(5, 7, 2), false, one(conv("a", 3, 1, 2))},
		{"conv 3x3 of stride 2, even", shape(6, 4, 2), false, one(conv("a", 3, 3, 2))},
		{"conv 3x3 of stride 2, odd", shape(5, 7, 2), false, one(conv("a", 3, 3, 2))},
		{"conv after conv", shape(4, 4, 2), false, []layers.Layer{conv("a", 3, 3, 1), conv("b", 2, 3, 2)}},
		{"norm in training", shape(3, 4, 3), false, one(norm)},
		{"norm in evaluation", shape(3, 4, 3), true, one(norm)},
		{"conv, norm and relu", shape(4, 4, 2), false, []layers.Layer{conv("a", 3, 3, 1), norm, layers.ReLU{}}},
		{"norm in 3 groups", shape(3, 4, 3), false, one(layers.BatchNorm{Name: "norm", NormSettings: layers.NormSettings{Groups: 3}})},
		{"norm in 3 groups in evaluation", shape(3, 4, 3), true, one(layers.BatchNorm{Name: "norm", NormSettings: layers.NormSettings{Groups: 3}})},
		{"norm of frozen scale", shape(3, 4, 3), false, one(layers.BatchNorm{Name: "norm", NormSettings: layers.NormSettings{FrozenScale: true}})},
		{"norm in low precision", shape(3, 4, 3), false, one(layers.BatchNorm{Name: "norm", NormSettings: layers.NormSettings{LowPrecision: true}})},
		{"celu", shape(3, 3, 2), false, one(layers.CELU{Alpha: 0.3})},
		{"gelu", shape(3, 3, 2), false, one(layers.GELU{})},
		{"silu", shape(3, 3, 2), false, one(layers.SiLU{})},
		{"norm of its own constants", shape(3, 4, 3), false, one(layers.BatchNorm{Name: "norm", NormSettings: layers.NormSettings{Epsilon: 0.25, Momentum: 0.4}})},
		{"norm of its own constants in evaluation", shape(3, 4, 3), true, one(layers.BatchNorm{Name: "norm", NormSettings: layers.NormSettings{Epsilon: 0.25, Momentum: 0.4}})},
		{"whitening", shape(4, 3, 2), false, one(layers.PatchWhitening{Name: "w", WhiteningSettings: layers.WhiteningSettings{Kernel: 3, Images: 1}})},
		{"whitening 2x2, unpadded, with negatives and a bias", shape(4, 3, 2), false, one(layers.PatchWhitening{Name: "w", WhiteningSettings: layers.WhiteningSettings{
			Kernel: 2, Images: 1, Unpadded: true, Negatives: true, Bias: true}})},
		{"whitening 3x3, unpadded", shape(3, 4, 2), false, one(layers.PatchWhitening{Name: "w", WhiteningSettings: layers.WhiteningSettings{Kernel: 3, Images: 1, Unpadded: true}})},
		{"relu", shape(3, 3, 2), false, one(layers.ReLU{})},
		{"scale", shape(2, 3, 2), false, one(layers.Scale{Factor: -0.125})},
		{"max pool of 2", shape(6, 4, 3), false, one(layers.MaxPool{Size: 2})},
		{"max pool of 3", shape(3, 6, 2), false, one(layers.MaxPool{Size: 3})},
		{"max pool of 1", shape(2, 3, 2), false, one(layers.MaxPool{Size: 1})},
		{"max pool of an odd size, floor", shape(5, 3, 2), false, one(layers.MaxPool{Size: 2, Floor: true})},
		{"max pool of 3, floor", shape(5, 7, 2), false, one(layers.MaxPool{Size: 3, Floor: true})},
		{"conv 3x3 before a pool that drops a row and a column", shape(5, 7, 2), false, []layers.Layer{conv("a", 3, 3, 1), layers.MaxPool{Size: 2, Floor: true}}},
		{"conv 3x3 before a pool that drops two", shape(5, 8, 2), false, []layers.Layer{conv("a", 3, 3, 1), layers.MaxPool{Size: 3, Floor: true}}},
		{"conv 3x3 before a pool that drops three", shape(4, 7, 2), false, []layers.Layer{conv("a", 3, 3, 1), layers.MaxPool{Size: 4, Floor: true}}},
		{"conv 1x1 before a pool that drops a row", shape(5, 4, 2), false, []layers.Layer{conv("a", 3, 1, 1), layers.MaxPool{Size: 2, Floor: true}}},
		{"conv of stride 2 before a pool", shape(8, 5, 2), false, []layers.Layer{conv("a", 3, 3, 2), layers.MaxPool{Size: 2, Floor: true}}},
		{"conv 3x3 before a pool that drops nothing", shape(4, 6, 2), false, []layers.Layer{conv("a", 3, 3, 1), layers.MaxPool{Size: 2}}},
		{"norm before a pool", shape(4, 4, 2), false, []layers.Layer{norm, layers.MaxPool{Size: 2}, layers.ReLU{}}},
		{"norm before a pool, evaluation", shape(4, 4, 2), true, []layers.Layer{norm, layers.ReLU{}, layers.MaxPool{Size: 2}}},
		{"norm and relu before a pool", shape(4, 4, 2), false, []layers.Layer{norm, layers.ReLU{}, layers.MaxPool{Size: 2}}},
		{"norm, gelu and scale before a pool that drops a column", shape(4, 5, 2), false, []layers.Layer{
			norm, layers.GELU{}, layers.Scale{Factor: -2}, layers.MaxPool{Size: 2, Floor: true}}},
		{"ghost norm and celu before a pool", shape(4, 4, 2), false, []layers.Layer{
			layers.BatchNorm{Name: "n", NormSettings: layers.NormSettings{Groups: 3}}, layers.CELU{Alpha: 0.5}, layers.MaxPool{Size: 2}}},
		{"norm before a large pool", shape(5, 5, 2), false, []layers.Layer{norm, layers.ReLU{}, layers.MaxPool{Size: 5}}},
		{"norm and conv before a pool", shape(4, 4, 2), false, []layers.Layer{norm, conv("a", 2, 3, 1), layers.MaxPool{Size: 2}}},
		{"global max pool", shape(3, 4, 3), false, one(layers.GlobalMaxPool{})},
		{"global mean pool", shape(3, 4, 3), false, one(layers.GlobalMeanPool{})},
		{"global max and mean pool", shape(3, 4, 3), false, one(layers.GlobalMaxMeanPool{})},
		{"linear", shape(2, 3, 2), false, one(layers.Linear{Name: "a", Out: 4})},
		{"linear with bias", shape(2, 3, 2), false, one(layers.Linear{Name: "a", Out: 4, Bias: true})},
		{"residual", shape(3, 4, 2), false, one(layers.Residual{
			Branch: []layers.Layer{conv("a", 2, 3, 1), layers.ReLU{}},
		})},
		{"residual with a shortcut", shape(4, 4, 2), false, one(layers.Residual{
			Branch:   []layers.Layer{conv("a", 3, 3, 2), norm, layers.ReLU{}, conv("b", 3, 3, 1)},
			Shortcut: one(conv("shortcut", 3, 1, 2)),
		})},
		{"residual in a residual", shape(3, 3, 2), false, one(layers.Residual{
			Branch: []layers.Layer{layers.Scale{Factor: 2}, layers.Residual{Branch: one(conv("a", 2, 1, 1))}},
		})},
	}
}

// TestLayers compares values and gradients with those of the reference, in each precision: in float64 on
// one backend only, as XLA compiles slowly.
func TestLayers(t *testing.T) {
	type precision struct {
		dtype     dtypes.DType
		tolerance float64 // of a tensor's largest element
	}
	var sequences [][]layers.Layer
	for _, c := range layerCases() {
		sequences = append(sequences, c.layers)
	}
	testlayers.Complete(t, sequences...)
	testbackend.Each(t, func(t *testing.T, name string) {
		precisions := []precision{
			{dtypes.Float32, 5e-6},
			{dtypes.BFloat16, 0.1}, // 8 bits, and a ReLU close to 0 opens or not by them
		}
		if name == "go" {
			precisions = append(precisions, precision{dtypes.Float64, 1e-6}) // outputs and batch norm stay float32
		}
		backend := open(t, name)
		for _, test := range layerCases() {
			t.Run(test.name, func(t *testing.T) {
				want := test.reference(t)
				for _, p := range precisions {
					got := test.graph(t, backend, p.dtype)
					for name := range want {
						if e := golden.MaxRelativeError(got[name], want[name]); !(e <= p.tolerance) {
							t.Errorf("%s: %s is off by %.1e of its largest element, want at most %.1e", p.dtype, name, e, p.tolerance)
						}
					}
				}
			})
		}
	})
}

const layerBatch = 3

// inputs are the images, the variables by name, and the weights of the outputs in the loss: random, and
// the same whenever they are asked for.
func (c layerCase) inputs(t *testing.T) (x []float32, variables []layers.Variable, values map[string][]float32, weights func(n int) []float32) {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	normal := func(n int) []float32 {
		v := make([]float32, n)
		for i := range v {
			// Exact in bfloat16, so that rounding the inputs is no part of the difference, and odd, so
			// that none is close to 0.
			v[i] = float32(2*rng.IntN(128)-127) / 64
		}
		return v
	}
	// Distinct images, as what a pool does with ties is not for differences to say.
	size := layerBatch * c.shape.Size()
	x = make([]float32, size)
	for i, v := range rng.Perm(256)[:size] {
		x[i] = float32(2*v-255) / 128
	}
	// A linear layer ends the network as Plan wants it; it is not run.
	whole := layers.Network{Input: c.shape, Layers: append(c.layers[:len(c.layers):len(c.layers)], layers.Linear{Name: "end", Out: 1})}
	variables, err := whole.Variables()
	if err != nil {
		t.Fatal(err)
	}
	variables = variables[:len(variables)-1]
	values = map[string][]float32{}
	for _, v := range variables {
		values[v.Name] = normal(v.Size())
		if !v.Trainable { // a variance is positive
			for i, s := range values[v.Name] {
				values[v.Name][i] = s*s + 0.5
			}
		}
	}
	return x, variables, values, normal
}

// reference returns what [layerCase.graph] does.
func (c layerCase) reference(t *testing.T) map[string][]float32 {
	x, variables, values, draw := c.inputs(t)
	r := &reference{batch: layerBatch, training: !c.evaluation, vars: map[string][]float64{}}
	for name, v := range values {
		r.vars[name] = wide(v)
	}
	in := images{c.shape, wide(x)}
	y := r.sequence(c.layers, in).values
	weights := wide(draw(len(y)))
	loss := func() float64 {
		sum := 0.0
		for i, v := range r.sequence(c.layers, in).values {
			sum += v * weights[i]
		}
		return sum
	}
	want := map[string][]float32{"output": narrow(y)}
	for name, v := range r.updates {
		want["updated "+name] = narrow(v)
	}
	want["gradient of the input"] = narrow(gradient(in.values, loss))
	for _, v := range variables {
		if v.Trainable {
			want["gradient of "+v.Name] = narrow(gradient(r.vars[v.Name], loss))
		}
	}
	return want
}

// graph returns the output, the running statistics as updated, and the gradients of the weighted sum of
// the output by name.
func (c layerCase) graph(t *testing.T, backend compute.Backend, dtype dtypes.DType) map[string][]float32 {
	x, variables, values, draw := c.inputs(t)
	var names []string
	run := compile(t, backend, func(in []*graph.Node) []*graph.Node {
		scope := &graphs.Scope{Training: !c.evaluation, DType: dtype, Variables: map[string]*graph.Node{}}
		wanted := []*graph.Node{in[0]}
		names = []string{"output", "gradient of the input"}
		for i, v := range variables {
			scope.Variables[v.Name] = in[i+1]
			if v.Trainable {
				wanted = append(wanted, in[i+1])
				names = append(names, "gradient of "+v.Name)
			}
		}
		y := graphs.Apply(layers.Network{Input: c.shape, Layers: c.layers}, in[0], scope)
		if y.DType() != dtypes.Float32 {
			t.Errorf("%s: the output is %s, want float32", dtype, y.DType())
		}
		weights := graph.Const(y.Graph(), tensor(draw(y.Shape().Size()), y.Shape().Dimensions...))
		out := append([]*graph.Node{y}, graph.Gradient(graph.ReduceAllSum(graph.Mul(y, weights)), wanted...)...)
		for _, v := range variables {
			if u := scope.Updates[v.Name]; u != nil {
				out, names = append(out, u), append(names, "updated "+v.Name)
			}
		}
		return out
	})
	inputs := []*tensors.Tensor{tensor(x, layerBatch, c.shape.Height, c.shape.Width, c.shape.Channels)}
	for _, v := range variables {
		inputs = append(inputs, tensor(values[v.Name], v.Dims...))
	}
	got := map[string][]float32{}
	for i, v := range run(inputs...) {
		got[names[i]] = v
	}
	return got
}

func wide(v []float32) []float64 {
	w := make([]float64, len(v))
	for i := range v {
		w[i] = float64(v[i])
	}
	return w
}

func narrow(v []float64) []float32 {
	w := make([]float32, len(v))
	for i := range v {
		w[i] = float32(v[i])
	}
	return w
}
