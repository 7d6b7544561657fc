package engine

import (
	"context"
	"math"
	"testing"

	"github.com/fastresnet/fastresnet/internal/optim"
	"github.com/fastresnet/fastresnet/internal/testbackend"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// An average that keeps nothing is the weights, bit for bit.
func TestAveragingOfNothingKept(t *testing.T) {
	set := synthetic(t, 48)
	testbackend.Each(t, func(t *testing.T, backend string) {
		d := openFor(t, backend)
		cfg := smallConfig(t, set, 16)
		_, want := train(t, newTrainer(t, d, cfg, set), 2)
		cfg.AverageEvery = 1
		_, got := train(t, newTrainer(t, d, cfg, set), 2)
		if !cmp.Equal(want, got) {
			t.Error("the average that keeps nothing differs from the weights")
		}
	})
}

// The average starts from the initial values, moves after every second step, counted across epochs of three, and
// leaves the weights themselves alone.
func TestAveraging(t *testing.T) {
	const every, keep = 2, 0.75
	set := synthetic(t, 48)
	testbackend.Each(t, func(t *testing.T, backend string) {
		d := openFor(t, backend)
		cfg := smallConfig(t, set, 16)
		plain := newTrainer(t, d, cfg, set)
		want := initialWeights(t, plain.variables, cfg.Seed, set, cfg.Normalization)
		steps := 0
		for epoch := 1; epoch <= 2; epoch++ {
			_, err := plain.Epoch(context.Background(), epoch, constant(0.05, 3), func(int, int) {
				if steps++; steps%every != 0 {
					return
				}
				weights, err := plain.Variables()
				if err != nil {
					t.Fatal(err)
				}
				for name, values := range weights {
					for i, v := range values {
						want[name][i] = keep*want[name][i] + (1-keep)*v
					}
				}
			})
			if err != nil {
				t.Fatal(err)
			}
		}

		cfg.AverageEvery, cfg.Average = every, optim.Average{Keep: keep}
		_, got := train(t, newTrainer(t, d, cfg, set), 2)
		if diff := cmp.Diff(want, got, cmpopts.EquateApprox(0, 1e-6)); diff != "" {
			t.Errorf("averages (-want +got):\n%s", diff)
		}
	})
}

// Biases move by an optimiser of their own: without momentum and decay, a bias moves as many times as far as its
// rate is larger, and the weights move as before.
func TestBiasesHaveAnOptimizer(t *testing.T) {
	set := synthetic(t, 16)
	testbackend.Each(t, func(t *testing.T, backend string) {
		d := openFor(t, backend)
		cfg := smallConfig(t, set, 16)
		cfg.Weights, cfg.Biases = optim.Nesterov{}, optim.Nesterov{}
		variables, err := cfg.Network.Variables()
		if err != nil {
			t.Fatal(err)
		}
		before := initialWeights(t, variables, cfg.Seed, set, cfg.Normalization)
		_, want := train(t, newTrainer(t, d, cfg, set), 1)
		cfg.Biases.RateFactor = 4
		_, got := train(t, newTrainer(t, d, cfg, set), 1)
		biases := 0
		for _, v := range variables {
			for i, w := range want[v.Name] {
				if v.Bias {
					biases++
					w = before[v.Name][i] + 4*(w-before[v.Name][i])
				}
				if math.Abs(float64(got[v.Name][i]-w)) > 1e-6 {
					t.Fatalf("%s[%d] is %g, want %g", v.Name, i, got[v.Name][i], w)
				}
			}
		}
		if biases == 0 {
			t.Error("the network has no biases")
		}
	})
}
