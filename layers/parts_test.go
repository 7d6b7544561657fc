package layers_test

import (
	"errors"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/google/go-cmp/cmp"
)

func TestParts(t *testing.T) {
	cifar := data.Shape{Height: 32, Width: 32, Channels: 3}
	for _, tt := range []struct {
		design layers.Design
		want   []string
	}{
		{layers.ResNet9(), []string{"prep", "layer1", "layer2", "layer3", "classifier"}},
		{layers.Airbench94(), []string{"prep", "layer1", "layer2", "layer3", "classifier"}},
		{layers.Airbench96(), []string{"prep", "layer1", "layer2", "layer3", "classifier"}},
		{layers.Dawn(), []string{"prep", "layer1", "layer2", "layer3", "layer4", "classifier"}},
	} {
		n, err := tt.design.Build(cifar, 10)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, n.Parts()); diff != "" {
			t.Errorf("%s: parts (-want +got):\n%s", tt.design.Name, diff)
		}
	}
	unnamed := layers.Network{Input: cifar, Layers: []layers.Layer{layers.ReLU{}, layers.Conv{Out: 2, Kernel: 1, Stride: 1}, layers.Linear{Name: "c", Out: 2}}}
	if diff := cmp.Diff([]string{"", "c"}, unnamed.Parts()); diff != "" {
		t.Errorf("parts of which one has no name (-want +got):\n%s", diff)
	}
	if parts := (layers.Network{}).Parts(); len(parts) > 0 {
		t.Errorf("parts of no network: %q", parts)
	}
}

func TestVariableLayer(t *testing.T) {
	for name, want := range map[string]string{"layer1/residual/1/conv/weight": "layer1/residual/1/conv", "conv/weight": "conv", "weight": ""} {
		if got := (layers.Variable{Name: name}).Layer(); got != want {
			t.Errorf("layer of %q: %q, want %q", name, got, want)
		}
	}
}

// TestNetworkForImages has what a design makes for other images and classes.
func TestNetworkForImages(t *testing.T) {
	cifar, large, grey := data.Shape{Height: 32, Width: 32, Channels: 3}, data.Shape{Height: 57, Width: 40, Channels: 3}, data.Shape{Height: 28, Width: 28, Channels: 1}
	for _, design := range []layers.Design{layers.Dawn(), layers.Backbone(), layers.ResNet9(), layers.Airbench94()} {
		n, err := design.Build(cifar, 10)
		if err != nil {
			t.Fatal(err)
		}
		for _, tt := range []struct {
			input   data.Shape
			classes int
		}{{cifar, 10}, {cifar, 3}, {large, 10}, {grey, 2}} {
			want, err := design.Build(tt.input, tt.classes)
			if err != nil {
				t.Fatal(err)
			}
			got, err := n.ForImages(tt.input, tt.classes)
			if err != nil {
				t.Errorf("%s for %v: %v", design.Name, tt.input, err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s for %v in %d classes (-want +got):\n%s", design.Name, tt.input, tt.classes, diff)
			}
		}
		if _, err := n.ForImages(data.Shape{}, 10); !errors.Is(err, layers.ErrNetwork) {
			t.Errorf("%s for empty images: %v, want ErrNetwork", design.Name, err)
		}
	}
	pools := []layers.Layer{layers.MaxPool{Size: 2}}
	block := layers.Network{Name: "block", Input: cifar, Layers: []layers.Layer{
		layers.Residual{Branch: pools, Shortcut: []layers.Layer{layers.MaxPool{Size: 2}}}, layers.Linear{Name: "classifier", Out: 10},
	}}
	if _, err := block.ForImages(large, 10); err != nil {
		t.Errorf("a pool in a block, given an odd number of rows: %v", err)
	}
	if pools[0] != (layers.MaxPool{Size: 2}) {
		t.Error("the network itself has changed")
	}
	block.Layers[0] = layers.MaxPool{}
	if _, err := block.ForImages(cifar, 10); !errors.Is(err, layers.ErrNetwork) {
		t.Errorf("a pool without a size: %v, want ErrNetwork", err)
	}
	for what, l := range map[string]layers.Layer{
		"a nil layer": nil, "a nil pointer": (*layers.Conv)(nil), "a nil layer in a block": layers.Residual{Branch: []layers.Layer{nil}},
	} {
		block.Layers[0] = l
		if _, err := block.ForImages(cifar, 10); !errors.Is(err, layers.ErrNetwork) {
			t.Errorf("%s: %v, want ErrNetwork", what, err)
		}
	}
	pool := layers.Network{Name: "pool", Input: cifar, Layers: []layers.Layer{layers.GlobalMaxPool{}}}
	if _, err := pool.ForImages(cifar, 10); !errors.Is(err, layers.ErrNetwork) {
		t.Errorf("a network without a classifier: %v, want ErrNetwork", err)
	}
}
