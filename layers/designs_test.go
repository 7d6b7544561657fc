package layers_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/google/go-cmp/cmp"
)

// TestCosts counts parameters and multiply-adds of the published networks by hand, layer by layer. A
// convolution of k x k costs k·k·in·out, for each output pixel; norms have 2 parameters a channel.
func TestCosts(t *testing.T) {
	const (
		prep      = 9 * 3 * 64
		c64, c128 = 9 * 64 * 64, 9 * 128 * 128 // 3x3 within a width
		up128     = 9 * 64 * 128
		up256     = 9 * 128 * 256
		c256      = 9 * 256 * 256
		up512     = 9 * 256 * 512
		c512      = 9 * 512 * 512
	)
	with := func(d layers.Design, change func(*layers.Design)) layers.Design {
		change(&d)
		return d
	}
	plain := func(down layers.Down, kernel, last int) layers.Design {
		d := layers.Design{Name: "plain", Width: 64, MeanPool: true, ClassifierBias: true}
		for _, channels := range []int{2, 4, last} {
			d.Stages = append(d.Stages, layers.Stage{Channels: channels, Kernel: kernel, Down: down})
		}
		return d
	}
	tests := []struct {
		name         string
		design       layers.Design
		parameters   int
		multiplyAdds int64
	}{
		{
			// Each block has two norms, of its input's width and of its output's.
			name: "dawn", design: layers.Dawn(),
			parameters: prep + 4*c64 + (up128 + c128 + 64*128 + 2*c128) + (up256 + c256 + 128*256 + 2*c256) + (4*c256 + 256*256) +
				2*(4*64+(64+3*128)+(128+3*256)+4*256) + 512*10 + 10,
			multiplyAdds: (prep+4*c64)*1024 + (up128+c128+64*128+2*c128)*256 + (up256+c256+128*256+2*c256)*64 + (4*c256+256*256)*16 + 5120,
		},
		{
			name: "dawn with a norm after the first convolution", design: with(layers.Dawn(), func(d *layers.Design) { d.BareStem = false }),
			parameters: 128 + prep + 4*c64 + (up128 + c128 + 64*128 + 2*c128) + (up256 + c256 + 128*256 + 2*c256) + (4*c256 + 256*256) +
				2*(4*64+(64+3*128)+(128+3*256)+4*256) + 512*10 + 10,
			multiplyAdds: (prep+4*c64)*1024 + (up128+c128+64*128+2*c128)*256 + (up256+c256+128*256+2*c256)*64 + (4*c256+256*256)*16 + 5120,
		},
		{
			name: "shortest path", design: with(layers.Dawn(), func(d *layers.Design) {
				for i := range d.Stages {
					d.Stages[i].Block = layers.BlockShortest
				}
			}),
			parameters:   prep + 64*128 + 128*256 + 256*256 + 2*(2*64+(64+128)+(128+256)+2*256) + 512*10 + 10,
			multiplyAdds: prep*1024 + 64*128*256 + 128*256*64 + 256*256*16 + 5120,
		},
		{
			name: "plain, 1x1", design: plain(layers.DownStride, 1, 4),
			parameters:   prep + 64*128 + 128*256 + 256*256 + 2*(64+128+256+256) + 512*10 + 10,
			multiplyAdds: prep*1024 + 64*128*256 + 128*256*64 + 256*256*16 + 5120,
		},
		{
			name: "plain, 3x3", design: plain(layers.DownStride, 3, 4),
			parameters:   prep + up128 + up256 + c256 + 2*(64+128+256+256) + 512*10 + 10,
			multiplyAdds: prep*1024 + up128*256 + up256*64 + c256*16 + 5120,
		},
		{
			name: "plain, pooled", design: plain(layers.DownPool, 3, 4),
			parameters:   prep + up128 + up256 + c256 + 2*(64+128+256+256) + 512*10 + 10,
			multiplyAdds: prep*1024 + up128*1024 + up256*256 + c256*64 + 5120,
		},
		{
			name: "plain, wide end", design: with(plain(layers.DownPool, 3, 8), func(d *layers.Design) { d.MeanPool = false }),
			parameters:   prep + up128 + up256 + up512 + 2*(64+128+256+512) + 512*10 + 10,
			multiplyAdds: prep*1024 + up128*1024 + up256*256 + up512*64 + 5120,
		},
		{
			name: "backbone", design: layers.Backbone(),
			parameters:   prep + up128 + up256 + up512 + 2*(64+128+256+512) + 512*10,
			multiplyAdds: prep*1024 + up128*1024 + up256*256 + up512*64 + 5120,
		},
		{
			name: "backbone, twice the width", design: with(layers.Backbone(), func(d *layers.Design) { d.Width = 128 }),
			parameters:   2*prep + 4*(up128+up256+up512) + 4*(64+128+256+512) + 1024*10,
			multiplyAdds: 2*prep*1024 + 4*(up128*1024+up256*256+up512*64) + 10240,
		},
		{
			name: "backbone, one more convolution a stage", design: with(layers.Backbone(), func(d *layers.Design) {
				for i := range d.Stages {
					d.Stages[i].Extra = 1
				}
			}),
			parameters:   prep + up128 + c128 + up256 + c256 + up512 + c512 + 2*(64+2*(128+256+512)) + 512*10,
			multiplyAdds: prep*1024 + up128*1024 + c128*256 + up256*256 + c256*64 + up512*64 + c512*16 + 5120,
		},
		{
			name: "resnet9", design: layers.ResNet9(),
			parameters:   prep + up128 + 2*c128 + up256 + up512 + 2*c512 + 2*(64+3*128+256+3*512) + 512*10,
			multiplyAdds: prep*1024 + up128*1024 + 2*c128*256 + up256*256 + up512*64 + 2*c512*16 + 5120,
		},
		{
			// The whitening is no parameter, but it is work: 27 filters of 27 weights.
			name: "resnet9 with the bag of tricks", design: with(layers.ResNet9(), func(d *layers.Design) {
				d.Whitening = &layers.WhiteningSettings{Kernel: 3, Epsilon: 1e-2, Images: 10_000}
				d.Norm = layers.NormSettings{Groups: 16, FrozenScale: true}
				d.Activation = layers.Activation{Kind: "celu", Alpha: 0.3}
				d.PoolAt = layers.PoolBeforeNorm
			}),
			parameters:   27*64 + up128 + 2*c128 + up256 + up512 + 2*c512 + (64 + 3*128 + 256 + 3*512) + 512*10,
			multiplyAdds: (27*27+27*64)*1024 + up128*1024 + 2*c128*256 + up256*256 + up512*64 + 2*c512*16 + 5120,
		},
		{
			// 31x31 behind the whitening, 15x15, 7x7 and 3x3 behind the pools.
			name: "airbench94", design: layers.Airbench94(),
			parameters:   24 + 9*24*64 + c64 + 9*64*256 + 3*c256 + 2*(64+256+256) + 256*10,
			multiplyAdds: 12*24*961 + 9*24*64*961 + c64*225 + 9*64*256*225 + c256*49 + c256*49 + c256*9 + 2560,
		},
		{
			// Three convolutions a stage, of the same sizes.
			name: "airbench96", design: layers.Airbench96(),
			parameters:   24 + 9*24*128 + 2*c128 + 9*128*384 + 2*9*384*384 + 9*384*512 + 2*c512 + 3*(128+384+512) + 512*10,
			multiplyAdds: 12*24*961 + 9*24*128*961 + 2*c128*225 + 9*128*384*225 + 2*9*384*384*49 + 9*384*512*49 + 2*c512*9 + 5120,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			net := fit(t, test.design, cifar10, 10, test.design.Width)
			if n := net.Parameters(); n != test.parameters {
				t.Errorf("%d parameters, want %d", n, test.parameters)
			}
			if n := net.MultiplyAdds(); n != test.multiplyAdds {
				t.Errorf("%d multiply-adds, want %d", n, test.multiplyAdds)
			}
		})
	}
}

// TestPlaces lists the layers of a stage for each place of the pool.
func TestPlaces(t *testing.T) {
	tests := []struct {
		at   layers.PoolAt
		want string
	}{
		{layers.PoolAfterActivation, "Conv 3x3/1 -> 8; BatchNorm; GELU; MaxPool 2x2"},
		{layers.PoolBeforeActivation, "Conv 3x3/1 -> 8; BatchNorm; MaxPool 2x2; GELU"},
		{layers.PoolBeforeNorm, "Conv 3x3/1 -> 8; MaxPool 2x2; BatchNorm; GELU"},
	}
	for _, test := range tests {
		t.Run(string(test.at), func(t *testing.T) {
			net := fit(t, layers.Design{
				Name: "one", Stages: []layers.Stage{{Channels: 2, Down: layers.DownPool}},
				Activation: layers.Activation{Kind: "gelu"}, PoolAt: test.at,
			}, cifar10, 10, 4)
			var got []string
			for _, l := range net.Layers[3:7] {
				got = append(got, l.String())
			}
			if diff := cmp.Diff(test.want, strings.Join(got, "; ")); diff != "" {
				t.Errorf("stage (-want +got):\n%s", diff)
			}
		})
	}
}

// TestActivationKinds wants the layer of each kind of activation, and of none a ReLU.
func TestActivationKinds(t *testing.T) {
	for want, activation := range map[layers.Layer]layers.Activation{
		layers.ReLU{}:           {},
		layers.CELU{Alpha: 0.3}: {Kind: "celu", Alpha: 0.3},
		layers.GELU{}:           {Kind: "gelu"},
		layers.SiLU{}:           {Kind: "silu"},
	} {
		net := fit(t, layers.Design{Name: "one", Activation: activation}, cifar10, 10, 4)
		if got := net.Layers[2]; got != want {
			t.Errorf("the activation of kind %q is %v, want %v", activation.Kind, got, want)
		}
	}
}

// TestWhiteningActivation gives the whitening an activation of its own, and then none.
func TestWhiteningActivation(t *testing.T) {
	activations := func(behindWhitening layers.Activation) (found []layers.Layer) {
		design := layers.Airbench94()
		design.Activation, design.WhiteningActivation = layers.Activation{Kind: "silu"}, behindWhitening
		for _, l := range fit(t, design, cifar10, 10, 4).Layers {
			switch l.(type) {
			case layers.ReLU, layers.GELU, layers.SiLU:
				found = append(found, l)
			}
		}
		return found
	}
	silu := layers.SiLU{}
	for first, activation := range map[layers.Layer]layers.Activation{
		layers.GELU{}: {Kind: "gelu"}, layers.ReLU{}: {Kind: "relu"}, silu: {},
	} {
		want := []layers.Layer{first, silu, silu, silu, silu, silu, silu}
		if diff := cmp.Diff(want, activations(activation)); diff != "" {
			t.Errorf("with %q behind the whitening (-want +got):\n%s", activation.Kind, diff)
		}
	}
}

// TestDawnBlock lists the first block of the second stage, where the shape changes.
func TestDawnBlock(t *testing.T) {
	net := fit(t, layers.Dawn(), cifar10, 10, 4)
	want := []string{
		"BatchNorm, random scale", "ReLU",
		"{[Conv 3x3/2 -> 8 BatchNorm, random scale ReLU Conv 3x3/1 -> 8] [Conv 1x1/2 -> 8]}",
	}
	var got []string
	for _, l := range net.Layers[7:10] {
		text := l.String()
		if r, ok := l.(layers.Residual); ok {
			text = fmt.Sprintf("{%v %v}", r.Branch, r.Shortcut)
		}
		got = append(got, text)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("block (-want +got):\n%s", diff)
	}
	if first := net.Layers[3].(layers.Residual); first.Shortcut != nil {
		t.Errorf("the shortcut of a block that keeps its shape is %v", first.Shortcut)
	}
}

func TestDesignByName(t *testing.T) {
	if diff := cmp.Diff([]string{"dawn", "backbone", "resnet9", "airbench94", "airbench96"}, layers.DesignNames()); diff != "" {
		t.Errorf("architectures (-want +got):\n%s", diff)
	}
	for _, name := range layers.DesignNames() {
		design, err := layers.DesignByName(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if net := fit(t, design, cifar10, 10, 4); net.Name != name {
			t.Errorf("%s is named %q", name, net.Name)
		}
	}
	for _, name := range []string{"", "vgg"} {
		if _, err := layers.DesignByName(name); !errors.Is(err, layers.ErrNetwork) || !strings.Contains(err.Error(), "dawn, backbone, resnet9") {
			t.Errorf("the error of %q is %v", name, err)
		}
	}
}

// TestDesignClone changes everything that a copy could share.
func TestDesignClone(t *testing.T) {
	design := layers.ResNet9()
	design.Whitening = &layers.WhiteningSettings{Kernel: 3}
	clone := design.Clone()
	clone.Stages[0].Extra, clone.Whitening.Kernel = 7, 1
	if design.Stages[0].Extra != 0 || design.Whitening.Kernel != 3 {
		t.Errorf("a change to the clone reached the design: %+v, %+v", design.Stages[0], design.Whitening)
	}
}

func TestDesignJSON(t *testing.T) {
	for _, design := range []layers.Design{
		layers.Dawn(), layers.Backbone(), layers.ResNet9(), layers.Airbench94(), layers.Airbench96(),
		{
			Name: "all", Width: 3, Whitening: &layers.WhiteningSettings{Kernel: 3, Epsilon: 0.5, Images: 7}, BareStem: true,
			Stages: []layers.Stage{
				{Channels: 1, Block: layers.BlockShortest, Down: layers.DownStride, Extra: 2, Residual: true},
				{Channels: 2, Kernel: 1, Down: layers.DownPool},
			},
			Norm:       layers.NormSettings{Groups: 4, FrozenScale: true, LowPrecision: true},
			Activation: layers.Activation{Kind: "celu", Alpha: 0.1}, PoolAt: layers.PoolBeforeActivation,
			IdentityStart: true, MeanPool: true, ClassifierBias: true, LogitScale: 0.5,
		},
		{
			Name: "two activations", Width: 3, Whitening: &layers.WhiteningSettings{Kernel: 2, Epsilon: 0.5, Images: 7, Unpadded: true}, NoStem: true,
			Stages:     []layers.Stage{{Channels: 1, Down: layers.DownPool}},
			Activation: layers.Activation{Kind: "silu"}, WhiteningActivation: layers.Activation{Kind: "celu", Alpha: 0.1},
		},
	} {
		t.Run(design.Name, func(t *testing.T) {
			text, err := json.Marshal(design)
			if err != nil {
				t.Fatal(err)
			}
			var got layers.Design
			if err := json.Unmarshal(text, &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(design, got); diff != "" {
				t.Errorf("after a round trip (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDesignErrors(t *testing.T) {
	tests := []struct {
		name   string
		change func(*layers.Design)
		says   string
	}{
		{"no width", func(d *layers.Design) { d.Width = 0 }, "width 0"},
		{"negative width", func(d *layers.Design) { d.Width = -64 }, "width -64"},
		{"huge width", func(d *layers.Design) { d.Width = 1 << 30 }, "width 1073741824"},
		{"huge channels", func(d *layers.Design) { d.Stages[2].Channels = 1 << 30 }, "stage 3: channels 1073741824"},
		{"channels too many by the width", func(d *layers.Design) { d.Stages[2].Channels = 1 << 12 }, "stage 3: channels 4096 times the width, need 1 to 1024"},
		{"no channels", func(d *layers.Design) { d.Stages[1].Channels = 0 }, "stage 2: channels 0"},
		{"negative extra", func(d *layers.Design) { d.Stages[1].Extra = -1 }, "stage 2: -1 extra"},
		{"unknown block", func(d *layers.Design) { d.Stages[0].Block = "dense" }, `block "dense"`},
		{"unknown way down", func(d *layers.Design) { d.Stages[0].Down = "lift" }, `down "lift"`},
		{"pool in a pre-activation block", func(d *layers.Design) { d.Stages[0].Block = layers.BlockPreActivation }, "a pool in a preactivation block"},
		{"kernel in a pre-activation block", func(d *layers.Design) {
			d.Stages[0] = layers.Stage{Channels: 2, Block: layers.BlockPreActivation, Kernel: 3}
		}, "a kernel of 3 in a preactivation block"},
		{"kernel 5", func(d *layers.Design) { d.Stages[0].Kernel = 5 }, "kernel 5"},
		{"unknown activation", func(d *layers.Design) { d.Activation.Kind = "tanh" }, `activation "tanh"`},
		{"alpha of relu", func(d *layers.Design) { d.Activation.Alpha = 1 }, "alpha 1, which is for celu only"},
		{"celu without alpha", func(d *layers.Design) { d.Activation.Kind = "celu" }, `activation "celu": alpha 0`},
		{"unknown activation behind the whitening", func(d *layers.Design) {
			*d = layers.Airbench94()
			d.WhiteningActivation.Kind = "tanh"
		}, `behind the whitening: activation "tanh"`},
		{"alpha of silu behind the whitening", func(d *layers.Design) {
			*d = layers.Airbench94()
			d.WhiteningActivation = layers.Activation{Kind: "silu", Alpha: 1}
		}, `behind the whitening: activation "silu" has alpha 1`},
		{"celu without alpha behind the whitening", func(d *layers.Design) {
			*d = layers.Airbench94()
			d.WhiteningActivation.Kind = "celu"
		}, `behind the whitening: activation "celu": alpha 0`},
		{"activation behind the whitening, and a stem", func(d *layers.Design) { d.WhiteningActivation.Kind = "gelu" }, "and a stem in its place"},
		{"no stem and no whitening", func(d *layers.Design) { d.NoStem = true }, "no stem, and no whitening"},
		{"no stem and a bare one", func(d *layers.Design) { *d = layers.Airbench94(); d.BareStem = true }, "no stem and a bare one"},
		{"no stem and no stages", func(d *layers.Design) { *d = layers.Airbench94(); d.Stages = nil }, "no plain block first"},
		{"no stem before a residual block", func(d *layers.Design) {
			*d = layers.Airbench94()
			d.Stages[0] = layers.Stage{Channels: 1, Block: layers.BlockShortest}
		}, "no plain block first"},
		{"whitening 7x7", func(d *layers.Design) { d.Whitening = &layers.WhiteningSettings{Kernel: 7, Images: 1} }, "kernel 7"},
		{"whitening of no images", func(d *layers.Design) { d.Whitening = &layers.WhiteningSettings{Kernel: 3} }, "0 images"},
		{"whitening 2x2 with padding", func(d *layers.Design) { *d = layers.Airbench94(); d.Whitening.Unpadded = false }, "kernel 2"},
		{"a whitening's bias at 0, and none", func(d *layers.Design) { *d = layers.Airbench96(); d.Whitening.Bias = false }, "and no bias"},
		{"epsilon of a norm", func(d *layers.Design) { d.Norm.Epsilon = -1e-5 }, "epsilon -1e-05"},
		{"epsilon of a norm that is not a number", func(d *layers.Design) { d.Norm.Epsilon = math.NaN() }, "epsilon NaN"},
		{"groups of a norm", func(d *layers.Design) { d.Norm.Groups = -1 }, "-1 groups"},
		{"a norm's scale that is frozen and random", func(d *layers.Design) { d.Norm.FrozenScale, d.Norm.RandomScale = true, true }, "both frozen at 1 and random"},
		{"logit scale", func(d *layers.Design) { d.LogitScale = 1e39 }, "logit scale 1e+39"},
		{"momentum of a norm", func(d *layers.Design) { d.Norm.Momentum = 1.5 }, "momentum 1.5"},
		{"unknown place", func(d *layers.Design) { d.PoolAt = "here" }, `a pool at "here"`},
		{"too many stages", func(d *layers.Design) { d.Stages = slices.Repeat(d.Stages[:1], 100) }, "100 stages"},
		{"several at once", func(d *layers.Design) { d.Width, d.Norm.Groups, d.PoolAt = 0, -1, "here" }, "width 0, need 1 to 65536\nBatchNorm: \"norm\" has -1 groups, need 0 to 65536\na pool at"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			design := layers.ResNet9()
			test.change(&design)
			err := design.Validate()
			if !errors.Is(err, layers.ErrNetwork) {
				t.Fatalf("the error is %v, want ErrNetwork", err)
			}
			if !strings.Contains(err.Error(), test.says) {
				t.Errorf("the error is %q, want %q in it", err, test.says)
			}
			if lines, want := strings.Count(err.Error(), "\n"), strings.Count(test.says, "\n"); lines != want {
				t.Errorf("%d complaints, want %d: %v", lines+1, want+1, err)
			}
			if _, fitted := design.Build(cifar10, 10); fitted == nil || fitted.Error() != err.Error() {
				t.Errorf("Network's error is %v, Validate's %v", fitted, err)
			}
		})
	}
}

// TestDesignFits gives images and classes that do not suit a design.
func TestDesignFits(t *testing.T) {
	tests := []struct {
		name    string
		input   data.Shape
		classes int
		says    string
	}{
		{"too small", data.Shape{Height: 4, Width: 4, Channels: 3}, 10, "images of 4x4x3 are too small for design \"resnet9\": need 8x8"},
		{"too narrow", data.Shape{Height: 32, Width: 7, Channels: 3}, 10, "images of 32x7x3 are too small"},
		{"no image", data.Shape{}, 10, "0x0x0"},
		{"no classes", cifar10, 0, `"classifier" has 0`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := layers.ResNet9().Build(test.input, test.classes)
			if !errors.Is(err, layers.ErrNetwork) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("the error is %v, want ErrNetwork with %q", err, test.says)
			}
		})
	}
}

// Images of sizes that a stage cannot halve lose a row or a column there, which the summary says, and the least size
// that a design asks for is one that it takes.
func TestDesignsTakeImagesOfAnySize(t *testing.T) {
	for _, design := range []layers.Design{layers.Dawn(), layers.Backbone(), layers.ResNet9(), layers.Airbench94()} {
		for _, test := range []struct {
			height, width int
			floors        map[string]int // pools that drop something, by design
		}{
			{32, 32, map[string]int{"airbench94": 3}},
			{28, 28, map[string]int{"backbone": 1, "resnet9": 1, "airbench94": 2}}, // 14, 7, 3; 27, 13, 6, 3
			{30, 30, map[string]int{"backbone": 2, "resnet9": 2, "airbench94": 2}}, // 15, 7, 3; 29, 14, 7, 3
			{33, 24, map[string]int{"backbone": 1, "resnet9": 1, "airbench94": 3}}, // 33x24, 16x12, 8x6
			{9, 15, map[string]int{"backbone": 3, "resnet9": 3, "airbench94": 2}},  // 9x15, 4x7, 2x3; 8x14, 4x7, 2x3
			{17, 57, map[string]int{"backbone": 1, "resnet9": 1, "airbench94": 0}}, // 17x57, 8x28; 16x56, 8x28, 4x14
		} {
			t.Run(fmt.Sprintf("%s/%dx%d", design.Name, test.height, test.width), func(t *testing.T) {
				network, err := design.Build(data.Shape{Height: test.height, Width: test.width, Channels: 3}, 10)
				if err != nil {
					t.Fatal(err)
				}
				if got, want := strings.Count(network.Summary(), "MaxPool 2x2, floor"), test.floors[design.Name]; got != want {
					t.Errorf("%d pools drop something, want %d:\n%s", got, want, network.Summary())
				}
			})
		}
	}
	padded := layers.Design{Name: "padded whitening", Width: 4, Whitening: &layers.WhiteningSettings{Kernel: 3, Images: 1}}
	for _, design := range []layers.Design{layers.Dawn(), layers.ResNet9(), layers.Airbench94(), padded} {
		least := 0
		for size := 16; size > 0; size-- {
			if _, err := design.Build(data.Shape{Height: size, Width: size, Channels: 3}, 10); err == nil {
				least = size
			} else if want := fmt.Sprintf("need %dx%d at least", least, least); !strings.Contains(err.Error(), want) {
				t.Errorf("%s on %dx%d: error %v, want %q", design.Name, size, size, err, want)
			}
		}
	}
}
