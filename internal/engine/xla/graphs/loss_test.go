package graphs_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/internal/engine/xla/graphs"
	"github.com/fastresnet/fastresnet/internal/golden"
	"github.com/fastresnet/fastresnet/internal/testbackend"
	"github.com/gomlx/gomlx/core/graph"
)

// TestCrossEntropy compares the loss with its formula in float64, (1-a)·(-log p of the label) + a·mean of
// -log p, and its gradient in the logits, p - target. Without smoothing that is the cross-entropy.
func TestCrossEntropy(t *testing.T) {
	const batch, classes = 4, 5
	rng := rand.New(rand.NewPCG(1, 2))
	logits := make([]float32, batch*classes)
	for i := range logits {
		logits[i] = float32(3 * rng.NormFloat64())
	}
	labels := []int32{0, 4, 2, 2}
	for _, smoothing := range []float64{0, 0.2, 0.9} {
		var want float64
		gradient := make([]float32, len(logits))
		for i, label := range labels {
			row := logits[i*classes : (i+1)*classes]
			var norm float64
			for _, l := range row {
				norm += math.Exp(float64(l))
			}
			for c, l := range row {
				target := smoothing / classes
				if c == int(label) {
					target += 1 - smoothing
				}
				want -= target * (float64(l) - math.Log(norm))
				gradient[i*classes+c] = float32(math.Exp(float64(l))/norm - target)
			}
		}
		testbackend.Each(t, func(t *testing.T, name string) {
			run := compile(t, open(t, name), func(in []*graph.Node) []*graph.Node {
				loss := graphs.CrossEntropy(in[0], in[1], smoothing)
				return []*graph.Node{loss, graph.Gradient(loss, in[0])[0]}
			})
			out := run(tensor(logits, batch, classes), tensor(labels, batch))
			loss, got := out[0], out[1]
			if math.Abs(float64(loss[0])-want) > 1e-5*want {
				t.Errorf("smoothing %g: loss %g, want %g", smoothing, loss[0], want)
			}
			if e := golden.MaxRelativeError(got, gradient); e > 1e-5 {
				t.Errorf("smoothing %g: the gradient differs by %.2g of its largest value", smoothing, e)
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
