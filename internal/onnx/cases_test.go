package onnx_test

import (
	"bytes"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/internal/onnx"
	"github.com/fastresnet/fastresnet/layers"
)

// modelCase is a network, at its published width if it has one, and the views of a model of it.
type modelCase struct {
	name    string // of its files
	network layers.Network
	views   []engine.View
	alike   bool // all images have the same logits
}

func modelCases(t *testing.T) []modelCase {
	t.Helper()
	cifar10 := data.Shape{Height: 32, Width: 32, Channels: 3}
	fit := func(d layers.Design) layers.Network {
		n, err := d.Build(cifar10, 10)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	var cases []modelCase
	for _, name := range layers.DesignNames() {
		d, err := layers.DesignByName(name)
		if err != nil {
			t.Fatal(err)
		}
		cases = append(cases, modelCase{name: name, network: fit(d)})
	}
	tricks := layers.ResNet9()
	tricks.Whitening = &layers.WhiteningSettings{Kernel: 3, Epsilon: 1e-2, Images: 1}
	tricks.Norm = layers.NormSettings{Groups: 16, FrozenScale: true}
	tricks.Activation = layers.Activation{Kind: "celu", Alpha: 0.3}
	tricks.PoolAt = layers.PoolBeforeNorm

	conv := func(name string, out, kernel, stride int) layers.Conv {
		return layers.Conv{Name: name, Out: out, Kernel: kernel, Stride: stride}
	}
	small := layers.ResNet9()
	small.Width = 4
	odd, err := small.Build(data.Shape{Height: 13, Width: 15, Channels: 1}, 10)
	if err != nil {
		t.Fatal(err)
	}
	oblong := data.Shape{Height: 13, Width: 10, Channels: 2}
	return append(cases,
		modelCase{name: "airbench94", network: fit(layers.Airbench94()), views: []engine.View{
			{Weight: 0.25}, {Weight: 0.25, Flip: true},
			{Weight: 0.125, Down: -1, Right: -1}, {Weight: 0.125, Down: -1, Right: -1, Flip: true},
			{Weight: 0.125, Down: 1, Right: 1}, {Weight: 0.125, Down: 1, Right: 1, Flip: true},
		}},
		modelCase{name: "airbench96", network: fit(layers.Airbench96())},
		modelCase{name: "sizes-that-pools-cannot-halve", network: odd},
		modelCase{name: "bag-of-tricks", network: fit(tricks), views: []engine.View{{Weight: 0.5}, {Weight: 0.5, Flip: true}}},
		modelCase{name: "strides-and-pools", network: layers.Network{Name: "strides-and-pools", Input: oblong, Layers: []layers.Layer{
			layers.PatchWhitening{Name: "white", WhiteningSettings: layers.WhiteningSettings{Kernel: 3, Images: 1, Unpadded: true, Bias: true}}, // 11x8
			conv("even", 6, 3, 2), // 6x4
			layers.Residual{
				Branch: []layers.Layer{conv("branch", 8, 3, 2), layers.GELU{}, layers.Residual{
					Branch: []layers.Layer{conv("inner", 8, 1, 1), layers.ReLU{}}}, layers.SiLU{}},
				Shortcut: []layers.Layer{conv("shortcut", 8, 1, 2)},
			}, // 3x2
			layers.BatchNorm{Name: "norm", NormSettings: layers.NormSettings{Epsilon: 0.25}},
			layers.Linear{Name: "hidden", Out: 12},
			layers.CELU{Alpha: 0.075},
			layers.Linear{Name: "classifier", Out: 3, Bias: true},
			layers.Scale{Factor: -0.5},
		}}, views: []engine.View{{Weight: 0.625, Down: 3, Right: -2}, {Weight: 0.375, Flip: true, Right: 4}}},
		modelCase{name: "features-of-zeros", alike: true, network: layers.Network{Input: oblong, Layers: []layers.Layer{
			layers.GlobalMeanPool{}, layers.Scale{}, layers.Linear{Name: "classifier", Out: 3, Bias: true},
		}}},
		modelCase{name: "one-channel-one-view", network: layers.Network{Input: data.Shape{Height: 7, Width: 8, Channels: 1}, Layers: []layers.Layer{
			conv("conv", 5, 3, 1), layers.MaxPool{Size: 3, Floor: true}, layers.GlobalMeanPool{}, layers.Linear{Name: "", Out: 2},
		}}, views: []engine.View{{Weight: 1, Flip: true}}},
	)
}

// model fills the network with values unlike those it starts with: filters that keep the variance, and statistics,
// scales and biases that differ by channel.
func (c modelCase) model(t *testing.T) onnx.Model {
	t.Helper()
	variables, err := c.network.Variables()
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	values := map[string][]float32{}
	for _, v := range variables {
		mean, spread := 0.0, 0.3 // biases and running means
		switch {
		case len(v.Dims) > 1:
			spread = math.Sqrt(6 / float64(v.Size()/v.Dims[0]))
		case strings.HasSuffix(v.Name, "/scale"), strings.HasSuffix(v.Name, "/variance"):
			mean, spread = 1, 0.5
		}
		tensor := make([]float32, v.Size())
		for i := range tensor {
			tensor[i] = float32(mean + spread*(2*rng.Float64()-1))
		}
		values[v.Name] = tensor
	}
	n := data.Normalization{}
	for range c.network.Input.Channels {
		n.Mean = append(n.Mean, float32(110+30*rng.Float64()))
		n.Std = append(n.Std, float32(50+20*rng.Float64()))
	}
	return onnx.Model{Network: c.network, Classes: strings.Split("abcdefghij", "")[:c.network.Classes()], Normalization: n, Views: c.views, Values: values}
}

// images are n of them, of random pixels.
func (c modelCase) images(n int) []uint8 {
	rng := rand.New(rand.NewPCG(3, 4))
	pixels := make([]uint8, n*c.network.Input.Size())
	for i := range pixels {
		pixels[i] = uint8(rng.Uint32())
	}
	return pixels
}

func written(t *testing.T, m onnx.Model) []byte {
	t.Helper()
	var file bytes.Buffer
	if err := onnx.Write(&file, m); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}
