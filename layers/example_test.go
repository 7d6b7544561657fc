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
func ExampleResNet9() {
	input := data.Shape{Height: 32, Width: 32, Channels: 3}
	for _, width := range []int{8, 64} {
		net := layers.ResNet9(input, 10, width)
		fmt.Printf("width %d: %d parameters, %d multiply-adds an image\n", width, net.Parameters(), net.MultiplyAdds())
	}
	// Output:
	// width 8: 103944 parameters, 6120064 multiply-adds an image
	// width 64: 6573120 parameters, 379261952 multiply-adds an image
}

// A network that does not fit its images is an error that says why.
func ExampleNew() {
	_, err := layers.New("resnet9", data.Shape{Height: 28, Width: 28, Channels: 1}, 10, 64)
	fmt.Println(errors.Is(err, layers.ErrNetwork))
	fmt.Println(err)
	// Output:
	// true
	// layers: invalid network: layer 15, MaxPool 2x2: its size does not divide 7x7
}
