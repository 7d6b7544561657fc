package graphs_test

import (
	"math/rand/v2"
	"testing"

	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/gomlx/compute/dtypes"
	"github.com/google/go-cmp/cmp"
)

// Two steps of two weights, all by hand, with numbers that are exact in binary.
func TestSGDByHand(t *testing.T) {
	eachOf(t, engine.SGD{Momentum: 0.5, WeightDecay: 0.25}, dtypes.Float32, []int{2}, func(t *testing.T, step stepFunc) {
		// g' = (1, -1) + 0.25·(4, 8) = (2, 1); v = g'; w = (4, 8) - 0.5·(g' + 0.5·v).
		w, v := step([]float32{4, 8}, []float32{0, 0}, []float32{1, -1}, 0.5)
		if want := [][]float32{{2.5, 7.25}, {2, 1}}; !cmp.Equal(want, [][]float32{w, v}) {
			t.Errorf("after a step weights and velocities are %v and %v, want %v", w, v, want)
		}
		// g' = (0, 1) + 0.25·(2.5, 7.25) = (0.625, 2.8125); v = (1, 0.5) + g'; w - 1·(g' + 0.5·v).
		w, v = step(w, v, []float32{0, 1}, 1)
		if want := [][]float32{{1.0625, 2.78125}, {1.625, 3.3125}}; !cmp.Equal(want, [][]float32{w, v}) {
			t.Errorf("after two steps weights and velocities are %v and %v, want %v", w, v, want)
		}
	})
}

// At a constant rate the two forms of Nesterov's momentum are the same.
func TestSGDIsNesterovAtOneRate(t *testing.T) {
	const rate, n = 0.125, 16
	rng := rand.New(rand.NewPCG(1, 2))
	w := make([]float32, n)
	gradients := make([][]float32, 6)
	for i := range w {
		w[i] = float32(rng.NormFloat64())
	}
	for i := range gradients {
		gradients[i] = make([]float32, n)
		for j := range gradients[i] {
			gradients[i][j] = float32(rng.NormFloat64())
		}
	}
	run := func(step stepFunc) []float64 {
		w, v := w, make([]float32, n)
		for _, g := range gradients {
			w, v = step(w, v, g, rate)
		}
		return wide(w)
	}
	var want []float64
	eachOf(t, engine.Nesterov{Momentum: 0.9, WeightDecay: 0.01}, dtypes.Float32, []int{n}, func(_ *testing.T, step stepFunc) { want = run(step) })
	eachOf(t, engine.SGD{Momentum: 0.9, WeightDecay: 0.01}, dtypes.Float32, []int{n}, func(t *testing.T, step stepFunc) {
		if diff := cmp.Diff(want, run(step), near); diff != "" {
			t.Errorf("after six steps (-nesterov +sgd):\n%s", diff)
		}
	})
}
