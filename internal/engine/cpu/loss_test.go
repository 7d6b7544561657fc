package cpu

import (
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/internal/golden"
	"github.com/google/go-cmp/cmp"
)

// TestCrossEntropy compares the loss with its formula, (1-a)·(-log p of the label) + a·mean of -log p, each class by its
// weight, and its gradient with differences.
func TestCrossEntropy(t *testing.T) {
	const batch, classes = 4, 5
	rng := rand.New(rand.NewPCG(1, 2))
	logits := make([]float32, batch*classes)
	for i := range logits {
		logits[i] = float32(3 * rng.NormFloat64())
	}
	labels := []int32{0, 4, 2, 2}
	for _, o := range []objective{
		{}, {smoothing: 0.2}, {smoothing: 0.9}, {weights: []float32{0.5, 1, 2, 0, 3}}, {smoothing: 0.2, weights: []float32{0.5, 1, 2, 0, 3}},
	} {
		formula := func(logits []float64) (loss float64) {
			for i, label := range labels {
				row := logits[i*classes : (i+1)*classes]
				var sum float64
				for _, l := range row {
					sum += math.Exp(l)
				}
				for class, l := range row {
					share := o.smoothing / classes
					if class == int(label) {
						share += 1 - o.smoothing
					}
					if o.weights != nil {
						share *= float64(o.weights[class])
					}
					loss -= share * (l - math.Log(sum))
				}
			}
			return loss
		}
		wide := make([]float64, len(logits))
		for i, l := range logits {
			wide[i] = float64(l)
		}
		want, gradient := formula(wide), make([]float32, len(logits))
		for i := range wide {
			const step = 1e-5
			wide[i] += step
			above := formula(wide)
			wide[i] -= 2 * step
			gradient[i] = float32((above - formula(wide)) / (2 * step) / 8)
			wide[i] += step
		}
		got := make([]float32, len(logits))
		l := crossEntropy(got, logits, engine.Batch{Labels: labels}, o, 8)
		if math.Abs(l.sum-want) > 1e-9*want {
			t.Errorf("%+v: loss %g, want %g", o, l.sum, want)
		}
		if e := golden.MaxRelativeError(got, gradient); e > 1e-6 {
			t.Errorf("%+v: the gradient differs by %.2g of its largest value", o, e)
		}
	}
}

// The weighted loss and its gradient are PyTorch's.
func TestWeightedCrossEntropyIsThatOfPyTorch(t *testing.T) {
	m, err := golden.LoadMetrics()
	if err != nil {
		t.Fatal(err)
	}
	var logits []float32
	for _, row := range m.Logits {
		logits = append(logits, row...)
	}
	var labels []int32
	for _, label := range m.Labels {
		labels = append(labels, int32(label))
	}
	for text, want := range m.Weighted {
		smoothing, err := strconv.ParseFloat(text, 64)
		if err != nil {
			t.Fatal(err)
		}
		got := make([]float32, len(logits))
		l := crossEntropy(got, logits, engine.Batch{Labels: labels}, objective{smoothing: smoothing, weights: m.ClassWeights}, 1)
		if math.Abs(l.sum-want.Loss) > 1e-6*want.Loss {
			t.Errorf("smoothing %g: loss %g, want %g", smoothing, l.sum, want.Loss)
		}
		if e := golden.MaxRelativeError(got, want.Gradient); e > 1e-6 {
			t.Errorf("smoothing %g: the gradient differs by %.2g of its largest value", smoothing, e)
		}
	}
}

// The loss of mixed images and its gradient are PyTorch's.
func TestMixedCrossEntropyIsThatOfPyTorch(t *testing.T) {
	m, err := golden.LoadMetrics()
	if err != nil {
		t.Fatal(err)
	}
	const n = 4
	var logits []float32
	for _, row := range m.Logits[:n] {
		logits = append(logits, row...)
	}
	for kind, want := range m.Mixed {
		b := engine.Batch{Shares: want.Shares}
		for i := range n {
			b.Labels, b.Others = append(b.Labels, int32(m.Labels[i])), append(b.Others, int32(m.Labels[(i+1)%n]))
		}
		got := make([]float32, len(logits))
		l := crossEntropy(got, logits, b, objective{smoothing: 0.1}, 1)
		if math.Abs(l.sum-want.Loss) > 1e-6*want.Loss {
			t.Errorf("%s: loss %g, want %g", kind, l.sum, want.Loss)
		}
		if e := golden.MaxRelativeError(got, want.Gradient); e > 1e-6 {
			t.Errorf("%s: the gradient differs by %.2g of its largest value", kind, e)
		}
	}
}

// Logits so large that their exponentials are not numbers have a loss and a gradient all the same.
func TestCrossEntropyOfLargeLogits(t *testing.T) {
	got := make([]float32, 4)
	l := crossEntropy(got, []float32{1000, -1000, 1000, -1000}, engine.Batch{Labels: []int32{0, 1}}, objective{}, 1)
	if l.sum != 2000 || l.hits != 1 || got[0] != 0 || got[2] != 1 || got[3] != -1 {
		t.Errorf("%+v, gradient %v", l, got)
	}
}

// A row that is not finite is no hit, for its label 0 neither, and the loss is not finite.
func TestHitsAreFinite(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	logits := []float32{1, 0, nan, nan, 3, nan, inf, 0, 0, 1, 1, -inf}
	l := crossEntropy(make([]float32, len(logits)), logits, engine.Batch{Labels: []int32{0, 0, 0, 0, 1, 0}}, objective{}, 6)
	if l.hits != 2 || l.finite() {
		t.Errorf("%+v, want 2 hits and no finite loss", l)
	}
	for _, row := range [][]float32{{nan, 0}, {0, nan}, {inf, 0}, {0, inf}, {-inf, 0}, {0, -inf}} {
		if l := crossEntropy(make([]float32, 2), row, engine.Batch{Labels: []int32{0}}, objective{smoothing: 0.1}, 1); l.hits != 0 || l.finite() {
			t.Errorf("%v: %+v, want no hit and no finite loss", row, l)
		}
	}
}

// Of equal losses, infinite ones too, the first count; the rest has no gradient.
func TestHardest(t *testing.T) {
	inf := math.Inf(1)
	for _, tt := range []struct {
		losses []float64
		n      int
		want   []int32
	}{
		{[]float64{1, 3, 3, 2, 3}, 2, []int32{1, 2}},
		{[]float64{1, 3, 3, 2, 3}, 4, []int32{1, 2, 3, 4}},
		{[]float64{0, 0, 0}, 1, []int32{0}},
		{[]float64{2, inf, inf, 3}, 1, []int32{1}},
	} {
		if diff := cmp.Diff(tt.want, hardest(tt.losses, tt.n)); diff != "" {
			t.Errorf("the %d hardest of %v (-want +got):\n%s", tt.n, tt.losses, diff)
		}
	}
	gradient := []float32{9, 9, 9, 9}
	l := crossEntropy(gradient, []float32{5, 0, 0, 5}, engine.Batch{Labels: []int32{0, 0}}, objective{hardest: 1}, 1)
	if !slices.Equal(l.hardest, []int32{1}) || gradient[0] != 0 || gradient[1] != 0 || gradient[2] == 0 || gradient[2] == 9 {
		t.Errorf("%v count, gradient %v", l.hardest, gradient)
	}
}
