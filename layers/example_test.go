package layers_test

import (
	"errors"
	"fmt"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/layers"
)

// A network is a list of layers, and prints as a table.
func ExampleNetwork_Summary() {
	net := layers.Network{
		Name:  "tiny",
		Input: data.Shape{Height: 8, Width: 8, Channels: 3},
		Layers: []layers.Layer{
			layers.Conv{Name: "prep/conv", Out: 16, Kernel: 3, Stride: 1},
			layers.BatchNorm{Name: "prep/norm"},
			layers.ReLU{},
			layers.Residual{
				Branch: []layers.Layer{
					layers.Conv{Name: "block/conv", Out: 32, Kernel: 3, Stride: 2},
					layers.BatchNorm{Name: "block/norm"},
					layers.ReLU{},
				},
				Shortcut: []layers.Layer{layers.Conv{Name: "block/shortcut", Out: 32, Kernel: 1, Stride: 2}},
			},
			layers.GlobalMeanPool{},
			layers.Linear{Name: "classifier", Out: 10, Bias: true},
		},
	}
	fmt.Print(net.Summary())
	// Output:
	// layer                output  parameters  multiply-adds
	// input                 8x8x3
	// Conv 3x3/1 -> 16     8x8x16         432         27,648
	// BatchNorm            8x8x16          32
	// ReLU                 8x8x16
	// Residual             4x4x32
	//   Conv 3x3/2 -> 32   4x4x32       4,608         73,728
	//   BatchNorm          4x4x32          64
	//   ReLU               4x4x32
	//   Conv 1x1/2 -> 32   4x4x32         512          8,192
	// GlobalMeanPool       1x1x32
	// Linear -> 10 + bias  1x1x10         330            320
	// total                             5,978        109,888
}

// What a network costs depends on its input and its width.
func ExampleDesign_Build() {
	input := data.Shape{Height: 32, Width: 32, Channels: 3}
	design := layers.ResNet9()
	for _, design.Width = range []int{8, 64} {
		net, err := design.Build(input, 10)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("width %d: %d parameters, %d multiply-adds an image\n", design.Width, net.Parameters(), net.MultiplyAdds())
	}
	// Output:
	// width 8: 103944 parameters, 6120064 multiply-adds an image
	// width 64: 6573120 parameters, 379261952 multiply-adds an image
}

// A design that does not fit the images is an error that says why.
func ExampleDesign_Build_error() {
	_, err := layers.ResNet9().Build(data.Shape{Height: 4, Width: 4, Channels: 1}, 10)
	fmt.Println(errors.Is(err, layers.ErrNetwork))
	fmt.Println(err)
	// Output:
	// true
	// layers: invalid network: images of 4x4x1 are too small for design "resnet9": need 8x8 at least, or fewer stages that halve them
}

// A network of your own is a few switches of a design.
func ExampleDesign() {
	design := layers.Design{
		Name:  "two stages",
		Width: 16,
		Stages: []layers.Stage{
			{Channels: 2, Down: layers.DownPool, Residual: true},
			{Channels: 4, Down: layers.DownPool, Extra: 1},
		},
		Activation: layers.Activation{Kind: "celu", Alpha: 0.3},
		PoolAt:     layers.PoolBeforeNorm,
	}
	net, err := design.Build(data.Shape{Height: 32, Width: 32, Channels: 3}, 10)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(net.Summary())
	// Output:
	// layer                 output  parameters  multiply-adds
	// input                32x32x3
	// Conv 3x3/1 -> 16    32x32x16         432        442,368
	// BatchNorm           32x32x16          32
	// CELU 0.3            32x32x16
	// Conv 3x3/1 -> 32    32x32x32       4,608      4,718,592
	// MaxPool 2x2         16x16x32
	// BatchNorm           16x16x32          64
	// CELU 0.3            16x16x32
	// Residual            16x16x32
	//   Conv 3x3/1 -> 32  16x16x32       9,216      2,359,296
	//   BatchNorm         16x16x32          64
	//   CELU 0.3          16x16x32
	//   Conv 3x3/1 -> 32  16x16x32       9,216      2,359,296
	//   BatchNorm         16x16x32          64
	//   CELU 0.3          16x16x32
	// Conv 3x3/1 -> 64    16x16x64      18,432      4,718,592
	// MaxPool 2x2           8x8x64
	// BatchNorm             8x8x64         128
	// CELU 0.3              8x8x64
	// Conv 3x3/1 -> 64      8x8x64      36,864      2,359,296
	// BatchNorm             8x8x64         128
	// CELU 0.3              8x8x64
	// GlobalMaxPool         1x1x64
	// Linear -> 10          1x1x10         640            640
	// total                             79,888     16,958,080
}

// A network can be drawn with Graphviz.
func ExampleNetwork_DOT() {
	net := layers.Network{
		Name:  "tiny",
		Input: data.Shape{Height: 8, Width: 8, Channels: 3},
		Layers: []layers.Layer{
			layers.Residual{Branch: []layers.Layer{layers.Conv{Name: "conv", Out: 3, Kernel: 3, Stride: 1}}},
			layers.GlobalMaxPool{},
			layers.Linear{Name: "classifier", Out: 10},
		},
	}
	dot, err := net.DOT()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(dot)
	// Output:
	// digraph "tiny" {
	// 	node [shape=box, fontname="sans-serif"];
	// 	n0 [label="input\n8x8x3"];
	// 	n1 [label="Conv 3x3/1 -> 3\n8x8x3"];
	// 	n0 -> n1;
	// 	n2 [label="sum\n8x8x3"];
	// 	n1 -> n2;
	// 	n0 -> n2;
	// 	n3 [label="GlobalMaxPool\n1x1x3"];
	// 	n2 -> n3;
	// 	n4 [label="Linear -> 10\n1x1x10"];
	// 	n3 -> n4;
	// }
}
