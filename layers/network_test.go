package layers_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func conv(name string, out, kernel, stride int) layers.Conv {
	return layers.Conv{Name: name, Out: out, Kernel: kernel, Stride: stride}
}

// block is a small network with everything that Plan opens up: a residual block with a shortcut, in a
// network whose last layer has a bias.
func block() layers.Network {
	return layers.Network{
		Name:  "block",
		Input: data.Shape{Height: 7, Width: 5, Channels: 3}, // odd, to be halved
		Layers: []layers.Layer{
			layers.Residual{
				Branch:   []layers.Layer{conv("a", 4, 3, 2), layers.BatchNorm{Name: "n"}},
				Shortcut: []layers.Layer{conv("b", 4, 1, 2)},
			},
			layers.ReLU{},
			layers.Linear{Name: "c", Out: 2, Bias: true},
		},
	}
}

func TestPlan(t *testing.T) {
	net := block()
	residual := net.Layers[0].(layers.Residual)
	in, half, out := net.Input, data.Shape{Height: 4, Width: 3, Channels: 4}, data.Shape{Height: 1, Width: 1, Channels: 2}
	weight := func(name string, spread float64, dims ...int) layers.Variable {
		return layers.Variable{Name: name, Dims: dims, Trainable: true, Spread: spread}
	}
	want := []layers.ResolvedLayer{
		{Layer: residual, In: in, Out: half},
		{
			Layer: residual.Branch[0], Depth: 1, In: in, Out: half,
			Variables:    []layers.Variable{weight("a/weight", 0.19245008972987526, 4, 3, 3, 3)}, // 1/sqrt(27)
			MultiplyAdds: 4 * 3 * 4 * 27,
		},
		{
			Layer: residual.Branch[1], Depth: 1, In: half, Out: half,
			Variables: []layers.Variable{
				{Name: "n/scale", Dims: []int{4}, Trainable: true, Mean: 1},
				{Name: "n/bias", Dims: []int{4}, Trainable: true, Bias: true},
				{Name: "n/mean", Dims: []int{4}},
				{Name: "n/variance", Dims: []int{4}, Mean: 1},
			},
		},
		{
			Layer: residual.Shortcut[0], Depth: 1, In: in, Out: half,
			Variables:    []layers.Variable{weight("b/weight", 0.57735026918962576, 4, 1, 1, 3)}, // 1/sqrt(3)
			MultiplyAdds: 4 * 3 * 4 * 3,
		},
		{Layer: net.Layers[1], In: half, Out: half},
		{
			Layer: net.Layers[2], In: half, Out: out,
			Variables: []layers.Variable{
				weight("c/weight", 0.14433756729740646, 2, 48), // 1/sqrt(48)
				{Name: "c/bias", Dims: []int{2}, Trainable: true, Bias: true, Spread: 0.14433756729740646},
			},
			MultiplyAdds: 2 * 48,
		},
	}
	rounding := cmpopts.EquateApprox(1e-15, 0)
	got, err := net.Plan()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, rounding); diff != "" {
		t.Errorf("plan (-want +got):\n%s", diff)
	}

	var wantVariables []layers.Variable
	for _, s := range want {
		wantVariables = append(wantVariables, s.Variables...)
	}
	variables, err := net.Variables()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(wantVariables, variables, rounding); diff != "" {
		t.Errorf("variables (-want +got):\n%s", diff)
	}
	if got, want := net.Classes(), 2; got != want {
		t.Errorf("%d classes, want %d", got, want)
	}
	if got, want := net.Parameters(), 108+4+4+12+96+2; got != want { // running statistics are none
		t.Errorf("%d parameters, want %d", got, want)
	}
	if got, want := net.MultiplyAdds(), int64(1296+144+96); got != want {
		t.Errorf("%d multiply-adds, want %d", got, want)
	}
}

func TestVariableSize(t *testing.T) {
	if n := (layers.Variable{Dims: []int{4, 3, 3, 2}}).Size(); n != 72 {
		t.Errorf("4x3x3x2 has size %d, want 72", n)
	}
	if n := (layers.Variable{}).Size(); n != 1 {
		t.Errorf("a scalar has size %d, want 1", n)
	}
}

// More parameters than a 32-bit platform counts are not fewer there: GOARCH=386 go test ./layers.
func TestParametersBeyondAnInt(t *testing.T) {
	const most = 1 << 16 // outputs
	net := layers.Network{Input: data.Shape{Height: 1, Width: 1, Channels: most}, Layers: []layers.Layer{layers.Linear{Name: "c", Out: most, Bias: true}}}
	if got, want := net.Parameters(), int(min(int64(most*most+most), math.MaxInt)); got != want {
		t.Errorf("%d parameters, want %d", got, want)
	}
	if text := net.Summary(); !strings.Contains(text, "4,295,032,832") {
		t.Errorf("the layer's parameters are not 4,295,032,832:\n%s", text)
	}
}

// TestNetworkErrors gives each mistake to every method that resolves the network.
func TestNetworkErrors(t *testing.T) {
	image := data.Shape{Height: 8, Width: 8, Channels: 3}
	end := layers.Linear{Name: "end", Out: 2}
	on := func(shape data.Shape, l ...layers.Layer) layers.Network {
		return layers.Network{Input: shape, Layers: l}
	}
	tests := []struct {
		name string
		net  layers.Network
		says string
	}{
		{"nothing at all", layers.Network{}, "input shape 0x0x0: Network.Input is not set"},
		{"no layers", on(data.Shape{Height: 1, Width: 1, Channels: 3}), "no layers"},
		{"nil layer", on(image, end, nil), "nil"},
		{"nil layer in a branch", on(image, layers.Residual{Branch: []layers.Layer{nil}}, end), "nil"},
		{"no height", on(data.Shape{Height: 0, Width: 8, Channels: 3}, end), "0x8x3"},
		{"negative width", on(data.Shape{Height: 8, Width: -8, Channels: 3}, end), "8x-8x3"},
		{"no channels", on(data.Shape{Height: 8, Width: 8}, end), "8x8x0"},
		{"output larger than a pixel", on(image, conv("a", 2, 3, 1)), "8x8, want 1x1"},
		{"output higher than a pixel", on(data.Shape{Height: 2, Width: 1, Channels: 3}, conv("a", 2, 3, 1)), "2x1, want 1x1"},
		{"output wider than a pixel", on(data.Shape{Height: 1, Width: 2, Channels: 3}, conv("a", 2, 3, 1)), "1x2, want 1x1"},
		{"no output channels", on(image, conv("a", 0, 3, 1), end), `"a" has 0`},
		{"negative output channels", on(image, conv("a", -4, 3, 1), end), `"a" has -4`},
		{"kernel 2", on(image, conv("a", 4, 2, 1), end), "kernel 2 and stride 1"},
		{"kernel 5", on(image, conv("a", 4, 5, 1), end), "kernel 5 and stride 1"},
		{"kernel not given", on(image, layers.Conv{Name: "a", Out: 4, Stride: 1}, end), "kernel 0 and stride 1"},
		{"stride 3", on(image, conv("a", 4, 3, 3), end), "kernel 3 and stride 3"},
		{"stride not given", on(image, layers.Conv{Name: "a", Out: 4, Kernel: 3}, end), "kernel 3 and stride 0"},
		{"pool of an odd height", on(data.Shape{Height: 7, Width: 8, Channels: 3}, layers.MaxPool{Size: 2}, end), "7x8"},
		{"pool of an odd width", on(data.Shape{Height: 8, Width: 7, Channels: 3}, layers.MaxPool{Size: 2}, end), "8x7"},
		{"pool larger than the image", on(image, layers.MaxPool{Size: 16}, end), "MaxPool 16x16"},
		{"floored pool larger than the image", on(image, layers.MaxPool{Size: 16, Floor: true}, end), "MaxPool 16x16"},
		{"pool of 0", on(image, layers.MaxPool{}, end), "MaxPool 0x0"},
		{"celu of no alpha", on(image, layers.CELU{}, end), "alpha 0"},
		{"celu of an alpha that is 0 as a float32", on(image, layers.CELU{Alpha: 1e-300}, end), "alpha 1e-300"},
		{"a scale beyond float32", on(image, layers.Scale{Factor: -1e300}, end), "factor -1e+300"},
		{"a scale of NaN", on(image, layers.Scale{Factor: math.NaN()}, end), "factor NaN"},
		{"an epsilon that is 0 as a float32", on(image, layers.BatchNorm{Name: "n", NormSettings: layers.NormSettings{Epsilon: 1e-300}}, end), "epsilon 1e-300"},
		{"celu of infinite alpha", on(image, layers.CELU{Alpha: math.Inf(1)}, end), "alpha +Inf"},
		{"norm of negative groups", on(image, layers.BatchNorm{Name: "n", NormSettings: layers.NormSettings{Groups: -1}}, end), "-1 groups"},
		{"norm whose scale is frozen and random", on(image, layers.BatchNorm{Name: "n", NormSettings: layers.NormSettings{FrozenScale: true, RandomScale: true}}, end), "frozen at 1 and random"},
		{"whitening of an even kernel", on(image, layers.PatchWhitening{Name: "w", WhiteningSettings: layers.WhiteningSettings{Kernel: 2, Images: 1}}, end), "kernel 2"},
		{"whitening of no images", on(image, layers.PatchWhitening{Name: "w", WhiteningSettings: layers.WhiteningSettings{Kernel: 3}}, end), "0 images"},
		{"whitening of negative epsilon", on(image, layers.PatchWhitening{Name: "w", WhiteningSettings: layers.WhiteningSettings{Kernel: 3, Images: 1, Epsilon: -1}}, end), "epsilon -1"},
		{"whitening of a huge epsilon", on(image, layers.PatchWhitening{Name: "w", WhiteningSettings: layers.WhiteningSettings{Kernel: 3, Images: 1, Epsilon: 2e6}}, end), "epsilon 2e+06 and 1 images, need 0 to 1e6"},
		{"padded whitening of too narrow images", on(data.Shape{Height: 8, Width: 2, Channels: 3}, layers.PatchWhitening{Name: "w", WhiteningSettings: layers.WhiteningSettings{Kernel: 3, Images: 1}}, end), "patches of 3x3, and the images are 8x2"},
		{"padded whitening of too low images", on(data.Shape{Height: 1, Width: 8, Channels: 3}, layers.PatchWhitening{Name: "w", WhiteningSettings: layers.WhiteningSettings{Kernel: 3, Images: 1}}, end), "patches of 3x3, and the images are 1x8"},
		{"unpadded whitening of too narrow images", on(data.Shape{Height: 8, Width: 1, Channels: 3}, layers.PatchWhitening{Name: "w", WhiteningSettings: layers.WhiteningSettings{Kernel: 2, Images: 1, Unpadded: true}}, end), "patches of 2x2, and the images are 8x1"},
		{"whitening behind another layer", on(image, conv("a", 3, 3, 1), layers.PatchWhitening{Name: "w", WhiteningSettings: layers.WhiteningSettings{Kernel: 3, Images: 1}}, end), `"w", of patches of the images`},
		{"whitening in a block", on(image, layers.Residual{Branch: []layers.Layer{
			layers.PatchWhitening{Name: "w", WhiteningSettings: layers.WhiteningSettings{Kernel: 1, Images: 1}},
		}}, end), `"w", of patches of the images`},
		{"a second whitening", on(image, layers.PatchWhitening{Name: "w", WhiteningSettings: layers.WhiteningSettings{Kernel: 1, Images: 1}},
			layers.PatchWhitening{Name: "v", WhiteningSettings: layers.WhiteningSettings{Kernel: 1, Images: 1}}, end), `"v", of patches of the images`},
		{"no outputs", on(image, layers.Linear{Name: "end"}), `"end" has 0`},
		{"negative outputs", on(image, layers.Linear{Name: "end", Out: -1}), `"end" has -1`},
		{"branch of other channels", on(image, layers.Residual{Branch: []layers.Layer{conv("a", 4, 3, 1)}}, end), "8x8x4 to 8x8x3"},
		{"branch of other size", on(image, layers.Residual{Branch: []layers.Layer{conv("a", 3, 3, 2)}}, end), "4x4x3 to 8x8x3"},
		{"mistake in a branch", on(image, layers.Residual{Branch: []layers.Layer{conv("a", 3, 4, 1)}}, end), "kernel 4"},
		{"mistake in a shortcut", on(image, layers.Residual{Shortcut: []layers.Layer{conv("a", 3, 4, 1)}}, end), "kernel 4"},
		{"mistake in a block in a block", on(image, layers.Residual{Branch: []layers.Layer{
			layers.Residual{Shortcut: []layers.Layer{layers.MaxPool{Size: 2}}},
		}}, end), "8x8x3 to 4x4x3"},
		{"a name that is not UTF-8", on(image, layers.Linear{Name: "\xff", Out: 2}), `"\xff/weight", which is not UTF-8`},
		{"a name too long", on(image, layers.BatchNorm{Name: strings.Repeat("a", 995)}, end), "1001 bytes, need no more than 1000"},
		{"the same name twice", on(image, conv("a", 3, 3, 1), conv("a", 3, 3, 1), end), `"a/weight"`},
		{"the same name in a branch", on(image, conv("a", 3, 3, 1), layers.Residual{Branch: []layers.Layer{conv("a", 3, 3, 1)}}, end),
			`layer 0 (Conv 3x3/1 -> 3) and Conv 3x3/1 -> 3 in layer 1 (Residual) both have a variable "a/weight"`},
		{"the same name in branch and shortcut", on(image, layers.Residual{
			Branch: []layers.Layer{layers.BatchNorm{Name: "n"}}, Shortcut: []layers.Layer{layers.BatchNorm{Name: "n"}},
		}, end), `"n/scale"`},
		{"the same name for layers of two kinds", on(image, layers.BatchNorm{Name: "end"}, layers.Linear{Name: "end", Out: 2, Bias: true}), `"end/bias"`},
		{"no names", on(image, conv("", 3, 3, 1), layers.ReLU{}, layers.Residual{Branch: []layers.Layer{layers.BatchNorm{Name: "n"}, conv("", 3, 3, 1)}}, end),
			"layer 0 (Conv 3x3/1 -> 3) and Conv 3x3/1 -> 3 in layer 2 (Residual) have no Name"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := test.net.Plan()
			if !errors.Is(err, layers.ErrNetwork) {
				t.Fatalf("Plan's error is %v, want ErrNetwork", err)
			}
			if !strings.Contains(err.Error(), test.says) {
				t.Errorf("the error is %q, want %q in it", err, test.says)
			}
			if _, err := test.net.Variables(); !errors.Is(err, layers.ErrNetwork) {
				t.Errorf("Variables' error is %v, want ErrNetwork", err)
			}
			if got := test.net.Summary(); got != err.Error() {
				t.Errorf("Summary is %q, want %q", got, err)
			}
			if dot, dotErr := test.net.DOT(); dot != "" || dotErr == nil || dotErr.Error() != err.Error() {
				t.Errorf("DOT is %q with error %v, want the error %v", dot, dotErr, err)
			}
			if n := test.net.Classes(); n != 0 {
				t.Errorf("%d classes, want 0", n)
			}
			if n := test.net.Parameters(); n != 0 {
				t.Errorf("%d parameters, want 0", n)
			}
			if n := test.net.MultiplyAdds(); n != 0 {
				t.Errorf("%d multiply-adds, want 0", n)
			}
		})
	}
}
