package graphs_test

import (
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/engine/xla/graphs"
	"github.com/fastresnet/fastresnet/internal/golden"
	"github.com/fastresnet/fastresnet/internal/testbackend"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestPrecision shows what a scope's DType reaches, with pixels 1 and 1 + 2^-8: bfloat16, which has 7
// bits after the point, rounds the second to 1 before the first layer sees it.
func TestPrecision(t *testing.T) {
	tests := []struct {
		dtype          dtypes.DType
		output         []float32
		mean, variance float32 // as updated
	}{
		// The running mean goes from 0.5 to 0.45 + 0.1·(1 + 2^-9), the variance from 0 to 0.1·2^-17,
		// neither of which bfloat16 can hold.
		{dtypes.Float32, []float32{1, 1 + 0x1p-8}, 0.45 + 0.1*(1+0x1p-9), 0.1 * 0x1p-17},
		{dtypes.BFloat16, []float32{1, 1}, 0.45 + 0.1, 0},
	}
	testbackend.Each(t, func(t *testing.T, name string) {
		backend := open(t, name)
		for _, test := range tests {
			t.Run(test.dtype.String(), func(t *testing.T) {
				run := compile(t, backend, func(in []*graph.Node) []*graph.Node {
					apply := func(x *graph.Node, l layers.Layer) (*graph.Node, *graphs.Scope) {
						scope := &graphs.Scope{Training: true, DType: test.dtype, Variables: map[string]*graph.Node{
							"n/scale": in[1], "n/bias": in[1], "n/mean": in[1], "n/variance": in[2],
						}}
						net := layers.Network{Input: data.Shape{Height: 1, Width: 2, Channels: 1}, Layers: []layers.Layer{l}}
						return graphs.Apply(net, x, scope), scope
					}
					y, _ := apply(in[0], layers.Scale{Factor: 1})
					logits, scope := apply(in[0], layers.BatchNorm{Name: "n"})
					for _, n := range []*graph.Node{y, logits, scope.Updates["n/mean"], scope.Updates["n/variance"]} {
						if n.DType() != dtypes.Float32 {
							t.Errorf("%s, want float32", n)
						}
					}
					return []*graph.Node{y, scope.Updates["n/mean"], scope.Updates["n/variance"]}
				})
				got := run(tensor([]float32{1, 1 + 0x1p-8}, 1, 1, 2, 1), tensor([]float32{0.5}, 1), tensor([]float32{0}, 1))
				want := [][]float32{test.output, {test.mean}, {test.variance}}
				if diff := cmp.Diff(want, got, cmpopts.EquateApprox(1e-6, 0)); diff != "" {
					t.Errorf("output, mean and variance (-want +got):\n%s", diff)
				}
			})
		}
	})
}

// A bias's gradient is a sum over images and pixels, which must not be one of bfloat16's few bits where the network
// computes in those: here it is one of numbers that bfloat16 holds exactly, and that differ by their fourth digit.
func TestGradientsOfBiases(t *testing.T) {
	const images, side, out = 64, 9, 6
	tests := map[string]struct {
		layer layers.Layer
		each  int // outputs of an image, by channel
	}{
		"linear":    {layers.Linear{Name: "l", Out: out, Bias: true}, 1},
		"whitening": {layers.PatchWhitening{Name: "l", WhiteningSettings: layers.WhiteningSettings{Kernel: 2, Images: 1, Unpadded: true, Bias: true}}, (side - 1) * (side - 1)},
	}
	testbackend.Each(t, func(t *testing.T, name string) {
		backend := open(t, name)
		for label, test := range tests {
			t.Run(label, func(t *testing.T) {
				net := layers.Network{Input: data.Shape{Height: side, Width: side, Channels: 1}, Layers: []layers.Layer{test.layer}}
				whole := net
				whole.Layers = append(whole.Layers, layers.Linear{Name: "end", Out: 1})
				variables, err := whole.Variables()
				if err != nil {
					t.Fatal(err)
				}
				weight, bias := variables[0], variables[1]
				channels := bias.Size()
				upstream, want := make([]float32, images*test.each*channels), make([]float32, channels)
				for i := range upstream {
					upstream[i] = 1 + float32(i%125)/128
					want[i%channels] += upstream[i]
				}
				run := compile(t, backend, func(in []*graph.Node) []*graph.Node {
					scope := &graphs.Scope{Training: true, DType: dtypes.BFloat16, Variables: map[string]*graph.Node{weight.Name: in[1], bias.Name: in[2]}}
					y := graphs.Apply(net, in[0], scope)
					return graph.Gradient(graph.ReduceAllSum(graph.Mul(y, graph.Reshape(in[3], y.Shape().Dimensions...))), in[2])
				})
				got := run(tensor(make([]float32, images*side*side), images, side, side, 1), tensor(make([]float32, weight.Size()), weight.Dims...),
					tensor(make([]float32, channels), channels), tensor(upstream, len(upstream)))[0]
				if e := golden.MaxRelativeError(got, want); e > 1e-5 {
					t.Errorf("got %v, want %v: off by %.1e", got, want, e)
				}
			})
		}
	})
}
