package engine

import (
	"context"
	"math"
	"testing"

	"github.com/fastresnet/fastresnet/internal/optim"
	"github.com/fastresnet/fastresnet/internal/testbackend"
	"github.com/fastresnet/fastresnet/layers"
)

// A group moves its kind of variables, and no other, at the rate in its place: without momentum and decay, half as
// far at half the rate.
func TestGroupsMoveTheirKind(t *testing.T) {
	set := synthetic(t, 16)
	testbackend.Each(t, func(t *testing.T, backend string) {
		d := openFor(t, backend)
		cfg := config(t, set, 16)
		cfg.Network = network(t, layers.Airbench94(), set, 2)
		cfg.Weights, cfg.Biases = optim.Nesterov{}, optim.Nesterov{}
		cfg.Groups = []Group{
			{layers.KindWhiteningBiases, optim.SGD{}}, {layers.KindFilters, optim.Nesterov{}}, {layers.KindLinearWeights, optim.SGD{}},
		}
		variables, err := cfg.Network.Variables()
		if err != nil {
			t.Fatal(err)
		}
		before := initialWeights(t, variables, cfg.Seed, set, cfg.Normalization)
		moved := func(rates ...float32) map[string][]float32 {
			trainer := newTrainer(t, d, cfg, set)
			if _, err := trainer.Epoch(context.Background(), 1, rates, noStep); err != nil {
				t.Fatalf("%+v", err)
			}
			after, err := trainer.Variables()
			if err != nil {
				t.Fatal(err)
			}
			for name := range after {
				for i := range after[name] {
					after[name][i] -= before[name][i]
				}
			}
			return after
		}
		whole := moved(1, 1, 1, 1)
		for rate, of := range []map[layers.Kind]bool{
			{layers.KindBiases: true, layers.KindScales: true}, {layers.KindWhiteningBiases: true}, {layers.KindFilters: true}, {layers.KindLinearWeights: true},
		} {
			rates := []float32{1, 1, 1, 1}
			rates[rate] = 0.5
			got := moved(rates...)
			for _, v := range variables {
				if !v.Trainable {
					continue
				}
				factor, size := float32(1), 0.0
				if of[v.Kind()] {
					factor = 0.5
				}
				for _, w := range whole[v.Name] {
					size = max(size, math.Abs(float64(w)))
				}
				for i, w := range whole[v.Name] {
					if math.Abs(float64(got[v.Name][i]-factor*w)) > 1e-3*size+1e-7 {
						t.Fatalf("rate %d halved: %s[%d] moved by %g, want %g of %g", rate, v.Name, i, got[v.Name][i], factor, w)
					}
				}
				if size == 0 {
					t.Errorf("%s does not move", v.Name)
				}
			}
		}
	})
}
