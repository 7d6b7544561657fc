package graphs_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/internal/engine/xla/graphs"
	"github.com/fastresnet/fastresnet/internal/golden"
	"github.com/fastresnet/fastresnet/internal/testbackend"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// TestCrossEntropy compares the loss with its formula in float64, (1-a)·(-log p of the label) + a·mean of
// -log p, each class by its weight, and its gradient in the logits, p·(sum of the targets) - target. Without smoothing
// that is the cross-entropy.
func TestCrossEntropy(t *testing.T) {
	const batch, classes = 4, 5
	rng := rand.New(rand.NewPCG(1, 2))
	logits := make([]float32, batch*classes)
	for i := range logits {
		logits[i] = float32(3 * rng.NormFloat64())
	}
	labels := []int32{0, 4, 2, 2}
	for _, o := range []struct {
		smoothing float64
		weights   []float32
	}{{}, {smoothing: 0.2}, {smoothing: 0.9}, {weights: []float32{0.5, 1, 2, 0, 3}}, {0.2, []float32{0.5, 1, 2, 0, 3}}} {
		var want float64
		gradient := make([]float32, len(logits))
		for i, label := range labels {
			row := logits[i*classes : (i+1)*classes]
			var norm float64
			for _, l := range row {
				norm += math.Exp(float64(l))
			}
			targets, total := make([]float64, classes), 0.
			for c := range row {
				targets[c] = o.smoothing / classes
				if c == int(label) {
					targets[c] += 1 - o.smoothing
				}
				if o.weights != nil {
					targets[c] *= float64(o.weights[c])
				}
				total += targets[c]
			}
			for c, l := range row {
				want -= targets[c] * (float64(l) - math.Log(norm))
				gradient[i*classes+c] = float32(total*math.Exp(float64(l))/norm - targets[c])
			}
		}
		testbackend.Each(t, func(t *testing.T, name string) {
			run := compile(t, open(t, name), func(in []*graph.Node) []*graph.Node {
				loss := graphs.CrossEntropy(in[0], graphs.Labels{Own: in[1]}, o.smoothing, o.weights)
				return []*graph.Node{loss, graph.Gradient(loss, in[0])[0]}
			})
			out := run(tensor(logits, batch, classes), tensor(labels, batch))
			loss, got := out[0], out[1]
			if math.Abs(float64(loss[0])-want) > 1e-5*want {
				t.Errorf("%+v: loss %g, want %g", o, loss[0], want)
			}
			if e := golden.MaxRelativeError(got, gradient); e > 1e-5 {
				t.Errorf("%+v: the gradient differs by %.2g of its largest value", o, e)
			}
		})
	}
}

// A row that is not finite is no hit, for its label 0 neither.
func TestAccumulateCountsFiniteRows(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	logits := []float32{1, 0, nan, nan, 3, nan, inf, 0, 0, 1, 1, -inf}
	labels := []int32{0, 0, 0, 0, 1, 0}
	testbackend.Each(t, func(t *testing.T, name string) {
		run := compile(t, open(t, name), func(in []*graph.Node) []*graph.Node {
			return []*graph.Node{graphs.Accumulate(in[2], graph.ReduceAllSum(in[0]), in[0], in[1], graph.Const(in[0].Graph(), int32(7)))}
		})
		before := []float32{engine.MetricHits: 10, engine.MetricDiverged: -1}
		metrics := run(tensor(logits, 6, 2), tensor(labels, 6), tensor(before, engine.NumMetrics))[0]
		if metrics[engine.MetricHits] != 12 || metrics[engine.MetricDiverged] != 7 {
			t.Errorf("%g hits, diverged in step %g; want 2 more than 10, and 7", metrics[engine.MetricHits], metrics[engine.MetricDiverged])
		}
	})
}

// Of equal losses, infinite ones too, the first count.
func TestHardest(t *testing.T) {
	inf := float32(math.Inf(1))
	for _, tt := range []struct {
		losses []float32
		n      int
		want   []int32
	}{
		{[]float32{1, 3, 3, 2, 3}, 2, []int32{0, 1, 1, 0, 0}},
		{[]float32{1, 3, 3, 2, 3}, 4, []int32{0, 1, 1, 1, 1}},
		{[]float32{0, 0, 0}, 1, []int32{1, 0, 0}},
		{[]float32{2, inf, inf, 3}, 1, []int32{0, 1, 0, 0}},
	} {
		testbackend.Each(t, func(t *testing.T, name string) {
			run := compile(t, open(t, name), func(in []*graph.Node) []*graph.Node {
				return []*graph.Node{graph.ConvertDType(graphs.Hardest(in[0], tt.n), dtypes.Float32)}
			})
			for i, got := range run(tensor(tt.losses, len(tt.losses)))[0] {
				if int32(got) != tt.want[i] {
					t.Errorf("the %d hardest of %v: image %d counts: %g, want %d", tt.n, tt.losses, i, got, tt.want[i])
				}
			}
		})
	}
}
