package graphs_test

import (
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/engine/xla/graphs"
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
