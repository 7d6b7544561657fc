package graphs_test

import (
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/engine/xla/graphs"
	"github.com/fastresnet/fastresnet/internal/testbackend"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/google/go-cmp/cmp"
)

// TestTies is about the one element of a window that the gradient goes to: the first of the largest, in
// row-major order. Every output has a weight of its own, 1, 2, ..., so that it shows whose gradient it is.
func TestTies(t *testing.T) {
	tests := []struct {
		name                    string
		layer                   layers.Layer
		height, width, channels int // 0 channels stand for 1
		x, output, gradient     []float32
	}{
		{
			name: "two windows, the same twice in a row", layer: layers.MaxPool{Size: 2}, height: 2, width: 4,
			x: []float32{
				5, 5, 1, 2,
				1, 5, 3, 3,
			},
			output: []float32{5, 3},
			gradient: []float32{
				1, 0, 0, 0,
				0, 0, 2, 0,
			},
		},
		{
			name: "upper right before lower left", layer: layers.MaxPool{Size: 2}, height: 2, width: 2,
			x:        []float32{0, 9, 9, 9},
			output:   []float32{9},
			gradient: []float32{0, 1, 0, 0},
		},
		{
			name: "all zeros, as ReLU makes them", layer: layers.MaxPool{Size: 2}, height: 2, width: 2,
			x:        []float32{0, 0, 0, 0},
			output:   []float32{0},
			gradient: []float32{1, 0, 0, 0},
		},
		{
			name: "only the last", layer: layers.MaxPool{Size: 2}, height: 2, width: 2,
			x:        []float32{-4, -3, -2, -1},
			output:   []float32{-1},
			gradient: []float32{0, 0, 0, 1},
		},
		{
			name: "one of more than a byte can count", layer: layers.MaxPool{Size: 17}, height: 17, width: 17,
			x: only(280, 17*17), output: []float32{1}, gradient: only(280, 17*17),
		},
		{
			name: "one of 3x3", layer: layers.MaxPool{Size: 3}, height: 3, width: 3,
			x: []float32{
				1, 2, 3,
				1, 4, 4,
				4, 0, 4,
			},
			output: []float32{4},
			gradient: []float32{
				0, 0, 0,
				0, 1, 0,
				0, 0, 0,
			},
		},
		{
			name: "a channel each", layer: layers.MaxPool{Size: 2}, height: 2, width: 2, channels: 2,
			x:        []float32{1, 7, 3, 7, 3, 0, 2, 7},
			output:   []float32{3, 7},
			gradient: []float32{0, 2, 1, 0, 0, 0, 0, 0},
		},
		{
			name: "global", layer: layers.GlobalMaxPool{}, height: 2, width: 3,
			x: []float32{
				1, 2, 8,
				8, 8, 0,
			},
			output: []float32{8},
			gradient: []float32{
				0, 0, 1,
				0, 0, 0,
			},
		},
		{
			name: "global, a channel each", layer: layers.GlobalMaxPool{}, height: 2, width: 2, channels: 2,
			x:        []float32{1, 7, 3, 7, 3, 0, 2, 7},
			output:   []float32{3, 7},
			gradient: []float32{0, 2, 1, 0, 0, 0, 0, 0},
		},
		{
			name: "global, all zeros", layer: layers.GlobalMaxPool{}, height: 2, width: 2,
			x:        []float32{0, 0, 0, 0},
			output:   []float32{0},
			gradient: []float32{1, 0, 0, 0},
		},
		{
			name: "global, all negative", layer: layers.GlobalMaxPool{}, height: 2, width: 2,
			x:        []float32{-2, -1, -1, -3},
			output:   []float32{-1},
			gradient: []float32{0, 1, 0, 0},
		},
		{
			name: "relu", layer: layers.ReLU{}, height: 2, width: 3,
			x:        []float32{-1, 0, 2, 0x1p-100, -0x1p-100, 3},
			output:   []float32{0, 0, 2, 0x1p-100, 0, 3},
			gradient: []float32{0, 0, 3, 4, 0, 6},
		},
	}
	testbackend.Each(t, func(t *testing.T, name string) {
		backend := open(t, name)
		for _, test := range tests {
			for _, dtype := range []dtypes.DType{dtypes.Float32, dtypes.BFloat16} {
				t.Run(test.name+"/"+dtype.String(), func(t *testing.T) {
					shape := data.Shape{Height: test.height, Width: test.width, Channels: max(test.channels, 1)}
					output, gradient := outputAndGradient(t, backend, test.layer, shape, dtype, test.x)
					if diff := cmp.Diff(test.output, output); diff != "" {
						t.Errorf("output (-want +got):\n%s", diff)
					}
					if diff := cmp.Diff(test.gradient, gradient); diff != "" {
						t.Errorf("gradient (-want +got):\n%s", diff)
					}
				})
			}
		}
	})
}

// outputAndGradient runs a layer without variables on one image, and returns the gradient of the sum of
// its outputs weighted 1, 2, ...
func outputAndGradient(t *testing.T, backend compute.Backend, l layers.Layer, shape data.Shape, dtype dtypes.DType, x []float32) (output, gradient []float32) {
	t.Helper()
	net := layers.Network{Input: shape, Layers: []layers.Layer{l}}
	run := compile(t, backend, func(in []*graph.Node) []*graph.Node {
		y := graphs.Apply(net, in[0], &graphs.Scope{Training: true, DType: dtype})
		weights := graph.AddScalar(graph.Iota(y.Graph(), y.Shape(), 1), 1)
		return append([]*graph.Node{y}, graph.Gradient(graph.ReduceAllSum(graph.Mul(y, weights)), in[0])...)
	})
	got := run(tensor(x, 1, shape.Height, shape.Width, shape.Channels))
	return got[0], got[1]
}

// only is 1 at one of n places, and 0 elsewhere.
func only(place, n int) []float32 {
	values := make([]float32, n)
	values[place] = 1
	return values
}
