package graphs_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/engine/xla/graphs"
	"github.com/fastresnet/fastresnet/internal/golden"
	"github.com/fastresnet/fastresnet/internal/testbackend"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// Two images of one row of two pixels in two channels, all by hand. The channels hold 1, 2, 3, 6 and
// 0, 0, 4, 4: mean 3 and 2, biased variance 3.5 and 4, unbiased 14/3 and 16/3.
func TestBatchNormByHand(t *testing.T) {
	x := []float32{1, 0, 2, 0, 3, 4, 6, 4}
	tests := []struct {
		name           string
		training       bool
		output         []float32
		mean, variance []float32 // afterwards
	}{
		// (x-3)/sqrt(3.5)·2+1 and (x-2)/2·1-1, but for epsilon; 0.9·(1, 0) + 0.1·(3, 2) and
		// 0.9·(4, 1) + 0.1·(14/3, 16/3).
		{"training", true, []float32{-1.1380899, -2, -0.0690450, -2, 1, 0, 4.2071349, 0},
			[]float32{1.2, 0.2}, []float32{4.0666667, 1.4333333}},
		// (x-1)/2·2+1 and (x-0)/1·1-1.
		{"evaluation", false, []float32{1, -1, 2, -1, 3, 3, 6, 3}, nil, nil},
	}
	testbackend.Each(t, func(t *testing.T, name string) {
		backend := open(t, name)
		for _, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				net := layers.Network{
					Input:  data.Shape{Height: 1, Width: 2, Channels: 2},
					Layers: []layers.Layer{layers.BatchNorm{Name: "n"}},
				}
				run := compile(t, backend, func(in []*graph.Node) []*graph.Node {
					scope := &graphs.Scope{Training: test.training, DType: dtypes.Float32, Variables: map[string]*graph.Node{
						"n/scale": in[1], "n/bias": in[2], "n/mean": in[3], "n/variance": in[4],
					}}
					out := []*graph.Node{graphs.Apply(net, in[0], scope)}
					if !test.training {
						if len(scope.Updates) != 0 {
							t.Errorf("%d running statistics updated in evaluation", len(scope.Updates))
						}
						return out
					}
					if len(scope.Updates) != 2 {
						t.Errorf("%d running statistics updated, want 2", len(scope.Updates))
					}
					return append(out, scope.Updates["n/mean"], scope.Updates["n/variance"])
				})
				got := run(tensor(x, 2, 1, 2, 2), tensor([]float32{2, 1}, 2), tensor([]float32{1, -1}, 2),
					tensor([]float32{1, 0}, 2), tensor([]float32{4, 1}, 2))
				want := [][]float32{test.output, test.mean, test.variance}
				for i := range got {
					if e := golden.MaxRelativeError(got[i], want[i]); e > 1e-5 {
						t.Errorf("output %d is %v, want %v", i, got[i], want[i])
					}
				}
			})
		}
	})
}

// The deviations of a channel count however far from 0 its mean is, here 1000 times as far, once the running mean is near;
// before that they are rounded.
func TestBatchNormFarFromZero(t *testing.T) {
	const n, mean = 512, 1000.
	rng := rand.New(rand.NewPCG(1, 2))
	x := make([]float32, n)
	sum, squares := 0., 0.
	for i := range x {
		x[i] = mean + float32(rng.NormFloat64())
		sum += float64(x[i])
	}
	for _, v := range x {
		squares += (float64(v) - sum/n) * (float64(v) - sum/n)
	}
	want := make([]float32, n)
	for i, v := range x {
		want[i] = float32((float64(v) - sum/n) / math.Sqrt(squares/n+1e-5))
	}
	testbackend.Each(t, func(t *testing.T, name string) {
		net := layers.Network{Input: data.Shape{Height: 4, Width: 4, Channels: 1}, Layers: []layers.Layer{layers.BatchNorm{Name: "n"}}}
		run := compile(t, open(t, name), func(in []*graph.Node) []*graph.Node {
			scope := &graphs.Scope{Training: true, DType: dtypes.Float32, Variables: map[string]*graph.Node{
				"n/scale": in[1], "n/bias": in[2], "n/mean": in[3], "n/variance": in[2],
			}}
			return []*graph.Node{graphs.Apply(net, in[0], scope), scope.Updates["n/mean"], scope.Updates["n/variance"]}
		})
		for _, test := range []struct{ running, tolerance float64 }{{990, 1e-4}, {0, 0.2}} {
			got := run(tensor(x, n/16, 4, 4, 1), tensor([]float32{1}, 1), tensor([]float32{0}, 1), tensor([]float32{float32(test.running)}, 1))
			if e := golden.MaxRelativeError(got[0], want); e > test.tolerance {
				t.Errorf("running mean %g: the output is off by %.1e of its largest element", test.running, e)
			}
			moved := []float32{got[1][0], got[2][0]} // a tenth of the way, the variance from 0
			wanted := []float32{float32(0.9*test.running + 0.1*sum/n), 0.1 * float32(squares/(n-1))}
			if diff := cmp.Diff(wanted, moved, cmpopts.EquateApprox(test.tolerance, 0)); diff != "" {
				t.Errorf("running mean %g: running mean and variance afterwards (-want +got):\n%s", test.running, diff)
			}
		}
	})
}

// A channel that does not vary in a batch, though it did before, is no reason for a variance below 0, whose root is NaN.
func TestBatchNormOfConstants(t *testing.T) {
	const n = 64
	constants := []float32{1000, 333.3, -0.1, 7.7, 12345.678, 0}
	x := make([]float32, n*len(constants))
	for i := range x {
		x[i] = constants[i%len(constants)]
	}
	testbackend.Each(t, func(t *testing.T, name string) {
		backend := open(t, name)
		for _, running := range []float32{0, 1, 1e6} { // variance
			net := layers.Network{Input: data.Shape{Height: 1, Width: 1, Channels: len(constants)}, Layers: []layers.Layer{layers.BatchNorm{Name: "n"}}}
			run := compile(t, backend, func(in []*graph.Node) []*graph.Node {
				scope := &graphs.Scope{Training: true, DType: dtypes.Float32, Variables: map[string]*graph.Node{
					"n/scale": in[1], "n/bias": in[2], "n/mean": in[2], "n/variance": in[3],
				}}
				y := graphs.Apply(net, in[0], scope)
				gradients := graph.Gradient(graph.ReduceAllSum(graph.Square(y)), in[0], in[1])
				return []*graph.Node{y, scope.Updates["n/variance"], gradients[0], gradients[1]}
			})
			fill := func(v float32) *tensors.Tensor {
				return tensor(slices.Repeat([]float32{v}, len(constants)), len(constants))
			}
			got := run(tensor(x, n, 1, 1, len(constants)), fill(1), fill(0), fill(running))
			for i, values := range got {
				for _, v := range values {
					if v := float64(v); math.IsNaN(v) || math.IsInf(v, 0) || i == 1 && v < 0 {
						t.Fatalf("running variance %g: output %d is %v", running, i, values)
					}
				}
			}
		}
	})
}

// A channel that never changes has variance 0, and only epsilon keeps it finite: 0/sqrt(1e-5). What the
// epsilon is shows in a channel of little variance: of 0 and 0.002 it is 1e-6, and (x-mean)/sqrt(1e-6 +
// 1e-5) is ±0.30151.
func TestBatchNormEpsilon(t *testing.T) {
	testbackend.Each(t, func(t *testing.T, name string) {
		net := layers.Network{
			Input:  data.Shape{Height: 1, Width: 2, Channels: 2},
			Layers: []layers.Layer{layers.BatchNorm{Name: "n"}},
		}
		run := compile(t, open(t, name), func(in []*graph.Node) []*graph.Node {
			return []*graph.Node{graphs.Apply(net, in[0], &graphs.Scope{Training: true, DType: dtypes.Float32, Variables: map[string]*graph.Node{
				"n/scale": in[1], "n/bias": in[2], "n/mean": in[2], "n/variance": in[1],
			}})}
		})
		got := run(tensor([]float32{7, 0, 7, 0.002}, 1, 1, 2, 2), tensor([]float32{1, 1}, 2), tensor([]float32{0, 0}, 2))[0]
		// The 0 is a difference of numbers that are 7 times as large as what is divided by sqrt(1e-5).
		if e := golden.MaxRelativeError(got, []float32{0, -0.30151134, 0, 0.30151134}); e > 2e-4 {
			t.Errorf("got %v", got)
		}
	})
}

// One group is no groups: the same bits, forward and backward.
func TestOneGroup(t *testing.T) {
	testbackend.Each(t, func(t *testing.T, name string) {
		backend := open(t, name)
		c := layerCase{"", data.Shape{Height: 3, Width: 4, Channels: 3}, false, []layers.Layer{layers.BatchNorm{Name: "n"}}}
		want := c.graph(t, backend, dtypes.Float32)
		c.layers = []layers.Layer{layers.BatchNorm{Name: "n", NormSettings: layers.NormSettings{Groups: 1}}}
		if diff := cmp.Diff(want, c.graph(t, backend, dtypes.Float32)); diff != "" {
			t.Errorf("one group (-want +got):\n%s", diff)
		}
	})
}
