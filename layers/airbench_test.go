package layers_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/google/go-cmp/cmp"
)

// TestAirbench94 follows an image through the published network.
func TestAirbench94(t *testing.T) {
	net := fit(t, layers.Airbench94(), cifar10, 10, 64)
	steps, err := net.Plan()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range steps {
		got = append(got, fmt.Sprintf("%v: %v", s.Layer, s.Out))
	}
	want := []string{"PatchWhitening 2x2, unpadded, with negatives + bias: 31x31x24", "GELU: 31x31x24"}
	for _, stage := range []struct {
		channels, in, out int
	}{{64, 31, 15}, {256, 15, 7}, {256, 7, 3}} {
		before, after := fmt.Sprintf("%dx%dx%d", stage.in, stage.in, stage.channels), fmt.Sprintf("%dx%dx%d", stage.out, stage.out, stage.channels)
		conv := fmt.Sprintf("Conv 3x3/1 -> %d, identity: ", stage.channels)
		norm := "BatchNorm, frozen scale, epsilon 1e-12, momentum 0.4: "
		want = append(want, conv+before, "MaxPool 2x2, floor: "+after, norm+after, "GELU: "+after, conv+after, norm+after, "GELU: "+after)
	}
	want = append(want, "GlobalMaxPool: 1x1x256", "Linear -> 10, unit start: 1x1x10", "Scale x0.00390625: 1x1x10")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("layers (-want +got):\n%s", diff)
	}
}

// TestAirbench96 follows an image through the published network.
func TestAirbench96(t *testing.T) {
	net := fit(t, layers.Airbench96(), cifar10, 10, 128)
	steps, err := net.Plan()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range steps {
		got = append(got, fmt.Sprintf("%d %v: %v", s.Depth, s.Layer, s.Out))
	}
	want := []string{"0 PatchWhitening 2x2, unpadded, with negatives + bias, zero bias: 31x31x24", "0 GELU: 31x31x24"}
	for _, stage := range []struct {
		channels, in, out int
	}{{128, 31, 15}, {384, 15, 7}, {512, 7, 3}} {
		before, after := fmt.Sprintf("%dx%dx%d", stage.in, stage.in, stage.channels), fmt.Sprintf("%dx%dx%d", stage.out, stage.out, stage.channels)
		conv := fmt.Sprintf("Conv 3x3/1 -> %d, identity: ", stage.channels)
		norm := "BatchNorm, frozen scale, epsilon 1e-12: "
		want = append(want, "0 "+conv+before, "0 MaxPool 2x2, floor: "+after, "0 "+norm+after, "0 GELU: "+after,
			"0 Residual: "+after, "1 "+conv+after, "1 "+norm+after, "1 GELU: "+after, "1 "+conv+after, "1 "+norm+after, "0 GELU: "+after)
	}
	want = append(want, "0 GlobalMaxPool: 1x1x512", "0 Linear -> 10: 1x1x10", fmt.Sprintf("0 Scale x%g: 1x1x10", 1./9))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("layers (-want +got):\n%s", diff)
	}
}

// TestKinds counts the variables of each kind, in networks that have all of them.
func TestKinds(t *testing.T) {
	dawn := layers.Dawn() // 1 convolution, 8 blocks of 2 with 2 norms each, 3 shortcuts
	tests := []struct {
		design layers.Design
		want   map[layers.VariableKind]int
	}{
		{layers.Airbench94(), map[layers.VariableKind]int{
			layers.KindFilters: 6, layers.KindLinearWeights: 1, layers.KindBiases: 6, layers.KindWhiteningBiases: 1}},
		{layers.Airbench96(), map[layers.VariableKind]int{
			layers.KindFilters: 9, layers.KindLinearWeights: 1, layers.KindBiases: 9, layers.KindWhiteningBiases: 1}},
		{dawn, map[layers.VariableKind]int{
			layers.KindFilters: 20, layers.KindLinearWeights: 1, layers.KindBiases: 17, layers.KindScales: 16}},
	}
	for _, test := range tests {
		variables, err := fit(t, test.design, cifar10, 10, 4).Variables()
		if err != nil {
			t.Fatal(err)
		}
		got := map[layers.VariableKind]int{}
		for _, v := range variables {
			if v.Trainable {
				got[v.Kind()]++
			}
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.design.Name, diff)
		}
	}
}

// TestWhiteningBias starts a bias at random and at 0.
func TestWhiteningBias(t *testing.T) {
	for _, test := range []struct {
		design layers.Design
		spread float64
	}{{layers.Airbench94(), 1 / math.Sqrt(12)}, {layers.Airbench96(), 0}} {
		variables, err := fit(t, test.design, cifar10, 10, 4).Variables()
		if err != nil {
			t.Fatal(err)
		}
		if bias := variables[1]; !bias.Whitened || bias.Mean != 0 || bias.Spread != test.spread {
			t.Errorf("%s: the bias is %+v, want one uniform in ±%g", test.design.Name, bias, test.spread)
		}
	}
}

// TestUnpaddedWhiteningNeedsAPatch gives images that are smaller than a patch.
func TestUnpaddedWhiteningNeedsAPatch(t *testing.T) {
	w := layers.PatchWhitening{Name: "w", WhiteningSettings: layers.WhiteningSettings{Kernel: 2, Images: 1, Unpadded: true}}
	for side, ok := range map[int]bool{1: false, 2: true} {
		n := layers.Network{Input: data.Shape{Height: side, Width: 3, Channels: 1}, Layers: []layers.Layer{w, layers.Linear{Name: "l", Out: 2}}}
		if _, err := n.Plan(); (err == nil) != ok {
			t.Errorf("height %d: the error is %v", side, err)
		}
	}
}
