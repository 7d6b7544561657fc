package cpu

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/fastresnet/fastresnet/internal/golden"
)

// TestCrossEntropy compares the loss with its formula, (1-a)·(-log p of the label) + a·mean of -log p, and its gradient
// with differences.
func TestCrossEntropy(t *testing.T) {
	const batch, classes = 4, 5
	rng := rand.New(rand.NewPCG(1, 2))
	logits := make([]float32, batch*classes)
	for i := range logits {
		logits[i] = float32(3 * rng.NormFloat64())
	}
	labels := []int32{0, 4, 2, 2}
	for _, smoothing := range []float64{0, 0.2, 0.9} {
		formula := func(logits []float64) (loss float64) {
			for i, label := range labels {
				row := logits[i*classes : (i+1)*classes]
				var sum float64
				for _, l := range row {
					sum += math.Exp(l)
				}
				for class, l := range row {
					share := smoothing / classes
					if class == int(label) {
						share += 1 - smoothing
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
		l := crossEntropy(got, logits, labels, smoothing, 8)
		if math.Abs(l.sum-want) > 1e-9*want {
			t.Errorf("smoothing %g: loss %g, want %g", smoothing, l.sum, want)
		}
		if e := golden.MaxRelativeError(got, gradient); e > 1e-6 {
			t.Errorf("smoothing %g: the gradient differs by %.2g of its largest value", smoothing, e)
		}
	}
}

// Logits so large that their exponentials are not numbers have a loss and a gradient all the same.
func TestCrossEntropyOfLargeLogits(t *testing.T) {
	got := make([]float32, 4)
	l := crossEntropy(got, []float32{1000, -1000, 1000, -1000}, []int32{0, 1}, 0, 1)
	if l.sum != 2000 || l.hits != 1 || got[0] != 0 || got[2] != 1 || got[3] != -1 {
		t.Errorf("%+v, gradient %v", l, got)
	}
}

// A row that is not finite is no hit, for its label 0 neither, and the loss is not finite.
func TestHitsAreFinite(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	logits := []float32{1, 0, nan, nan, 3, nan, inf, 0, 0, 1, 1, -inf}
	l := crossEntropy(make([]float32, len(logits)), logits, []int32{0, 0, 0, 0, 1, 0}, 0, 6)
	if l.hits != 2 || l.finite() {
		t.Errorf("%+v, want 2 hits and no finite loss", l)
	}
	for _, row := range [][]float32{{nan, 0}, {0, nan}, {inf, 0}, {0, inf}, {-inf, 0}, {0, -inf}} {
		if l := crossEntropy(make([]float32, 2), row, []int32{0}, 0.1, 1); l.hits != 0 || l.finite() {
			t.Errorf("%v: %+v, want no hit and no finite loss", row, l)
		}
	}
}
