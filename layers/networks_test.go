package layers_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/google/go-cmp/cmp"
)

var cifar10 = data.Shape{Height: 32, Width: 32, Channels: 3}

// TestResNet9Variables lists the variables of the published network, written out.
func TestResNet9Variables(t *testing.T) {
	var want []string
	convNorm := func(name, number string, in, out int) {
		want = append(want,
			fmt.Sprintf("%s/conv%s/weight [%d 3 3 %d]", name, number, out, in),
			fmt.Sprintf("%s/norm%s/scale [%d]", name, number, out),
			fmt.Sprintf("%s/norm%s/bias [%d]", name, number, out),
			fmt.Sprintf("%s/norm%s/mean [%d]", name, number, out),
			fmt.Sprintf("%s/norm%s/variance [%d]", name, number, out),
		)
	}
	convNorm("prep", "", 3, 64)
	convNorm("layer1", "", 64, 128)
	convNorm("layer1/residual", "1", 128, 128)
	convNorm("layer1/residual", "2", 128, 128)
	convNorm("layer2", "", 128, 256)
	convNorm("layer3", "", 256, 512)
	convNorm("layer3/residual", "1", 512, 512)
	convNorm("layer3/residual", "2", 512, 512)
	want = append(want, "classifier/weight [10 512]")

	variables, err := fit(t, layers.ResNet9(), cifar10, 10, 64).Variables()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, v := range variables {
		got = append(got, fmt.Sprint(v.Name, " ", v.Dims))
		if statistic := strings.HasSuffix(v.Name, "/mean") || strings.HasSuffix(v.Name, "/variance"); v.Trainable == statistic {
			t.Errorf("%s: trainable is %v", v.Name, v.Trainable)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("variables (-want +got):\n%s", diff)
	}
}

// TestResNet9Shapes follows an image through the published network.
func TestResNet9Shapes(t *testing.T) {
	steps, err := fit(t, layers.ResNet9(), cifar10, 10, 64).Plan()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range steps {
		line := fmt.Sprintf("%d %v: %v", s.Depth, s.Layer, s.Out)
		if !strings.Contains(line, "BatchNorm") && !strings.Contains(line, "ReLU") { // one of each after every convolution
			got = append(got, line)
		}
	}
	want := []string{
		"0 Conv 3x3/1 -> 64: 32x32x64",
		"0 Conv 3x3/1 -> 128: 32x32x128",
		"0 MaxPool 2x2: 16x16x128",
		"0 Residual: 16x16x128",
		"1 Conv 3x3/1 -> 128: 16x16x128",
		"1 Conv 3x3/1 -> 128: 16x16x128",
		"0 Conv 3x3/1 -> 256: 16x16x256",
		"0 MaxPool 2x2: 8x8x256",
		"0 Conv 3x3/1 -> 512: 8x8x512",
		"0 MaxPool 2x2: 4x4x512",
		"0 Residual: 4x4x512",
		"1 Conv 3x3/1 -> 512: 4x4x512",
		"1 Conv 3x3/1 -> 512: 4x4x512",
		"0 GlobalMaxPool: 1x1x512",
		"0 Linear -> 10: 1x1x10",
		"0 Scale x0.125: 1x1x10",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("layers (-want +got):\n%s", diff)
	}
	if n := len(steps); n != len(want)+2*8 {
		t.Errorf("%d layers, want %d", n, len(want)+2*8)
	}
}

// TestResNet9Cost counts by hand, layer by layer.
func TestResNet9Cost(t *testing.T) {
	tests := []struct {
		name           string
		input          data.Shape
		classes, width int
		parameters     int
		multiplyAdds   int64
	}{
		{
			name: "as published", input: cifar10, classes: 10, width: 64,
			parameters: 1_728 + // prep: 9·3·64
				73_728 + 2*147_456 + // layer1: 9·64·128; 9·128·128 twice
				294_912 + // layer2: 9·128·256
				1_179_648 + 2*2_359_296 + // layer3: 9·256·512; 9·512·512 twice
				2*(64+3*128+256+3*512) + // norms
				5_120, // classifier: 512·10
			multiplyAdds: 1_728*1024 +
				73_728*1024 + 2*147_456*256 +
				294_912*256 +
				1_179_648*64 + 2*2_359_296*16 +
				5_120,
		},
		{
			// Twice the width is four times the work and the parameters of a convolution, but in the
			// first, whose input stays.
			name: "twice the width", input: cifar10, classes: 10, width: 128,
			parameters:   2*1_728 + 4*(73_728+2*147_456+294_912+1_179_648+2*2_359_296) + 2*2*(64+3*128+256+3*512) + 2*5_120,
			multiplyAdds: 2*1_728*1024 + 4*5*73_728*1024 + 2*5_120,
		},
		{
			// Half the height and the width is a quarter of the work, but in the classifier.
			name: "16x16", input: data.Shape{Height: 16, Width: 16, Channels: 3}, classes: 10, width: 64,
			parameters:   6_573_120,
			multiplyAdds: (379_261_952-5_120)/4 + 5_120,
		},
		{
			name: "grey, 7 classes, 24x40", input: data.Shape{Height: 24, Width: 40, Channels: 1}, classes: 7, width: 64,
			parameters:   6_573_120 - 2*9*64 - 3*512,
			multiplyAdds: 9*64*960 + (73_728+2*147_456/4+294_912/4+1_179_648/16+2*2_359_296/64)*960 + 7*512,
		},
		{
			// 1, 2, 4 and 8 channels.
			name: "the narrowest", input: data.Shape{Height: 8, Width: 8, Channels: 1}, classes: 2, width: 1,
			parameters:   9*(1+2+4+4+8+32+64+64) + 2*(1+3*2+4+3*8) + 16,
			multiplyAdds: 9*(64*(1+2)+16*(4+4+8)+4*32+1*(64+64)) + 16,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			net := fit(t, layers.ResNet9(), test.input, test.classes, test.width)
			if n := net.Parameters(); n != test.parameters {
				t.Errorf("%d parameters, want %d", n, test.parameters)
			}
			if n := net.MultiplyAdds(); n != test.multiplyAdds {
				t.Errorf("%d multiply-adds, want %d", n, test.multiplyAdds)
			}
			if n := net.Classes(); n != test.classes {
				t.Errorf("%d classes, want %d", n, test.classes)
			}
		})
	}
	if n := fit(t, layers.ResNet9(), cifar10, 10, 64).MultiplyAdds(); n != 379_261_952 { // published: 379 M
		t.Errorf("the published network has %d multiply-adds, want 379,261,952", n)
	}
}

// fit is a design at a width, fitted to images and classes.
func fit(t *testing.T, d layers.Design, input data.Shape, classes, width int) layers.Network {
	t.Helper()
	d.Width = width
	n, err := d.Build(input, classes)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
