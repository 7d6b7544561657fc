package enginetest

import (
	"context"
	"testing"

	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/google/go-cmp/cmp"
)

// partsNetwork has the parts "prep", "layer1", "layer2" and "classifier", and every kind of layer with variables.
func partsNetwork(cfg engine.Config) layers.Network {
	return layers.Network{Name: "parts", Input: cfg.Network.Input, Layers: []layers.Layer{
		layers.PatchWhitening{Name: "prep/whitening", WhiteningSettings: layers.WhiteningSettings{Kernel: 1, Epsilon: 1e-2, Images: 10, Bias: true}},
		layers.Conv{Name: "layer1/conv", Out: 4, Kernel: 3, Stride: 2}, layers.BatchNorm{Name: "layer1/norm"}, layers.ReLU{}, layers.MaxPool{Size: 2},
		layers.Residual{
			Branch:   []layers.Layer{layers.Conv{Name: "layer2/conv", Out: 4, Kernel: 3, Stride: 1}, layers.BatchNorm{Name: "layer2/norm"}, layers.GELU{}},
			Shortcut: []layers.Layer{layers.Conv{Name: "layer2/shortcut", Out: 4, Kernel: 1, Stride: 1}},
		},
		layers.GlobalMeanPool{}, layers.Linear{Name: "classifier", Out: 10, Bias: true}, layers.Scale{Factor: 0.5},
	}}
}

// frozenSets are layers of such a network to freeze.
func frozenSets(n layers.Network) map[string]map[string]bool {
	all := map[string]map[string]bool{"the beginning": {}, "the midst": {}, "a branch": {"layer2/conv": true, "layer2/norm": true}, "all but the classifier": {}}
	for _, name := range n.LayerNames() {
		part := layers.PartOf(name)
		all["the beginning"][name] = part == "prep" || part == "layer1"
		all["the midst"][name] = part == "layer2"
		all["all but the classifier"][name] = part != "classifier"
	}
	return all
}

// Frozen layers stay as they start to the bit, their averages too, and the others move.
func frozenLayersStay(t *testing.T, d *engine.Device) {
	set := Synthetic(t, 32)
	cfg := Config(t, set, 16)
	cfg.Network = partsNetwork(cfg)
	cfg.Average = engine.Average{Every: 1, Keep: 0.3}
	before := InitialWeights(t, cfg, set)
	for name := range before {
		for i := range before[name] {
			before[name][i] += 0.1 // of statistics, too, so that rounding would move their averages
		}
	}
	cfg.Initial = before
	variables, err := cfg.Network.Variables()
	if err != nil {
		t.Fatal(err)
	}
	for name, frozen := range frozenSets(cfg.Network) {
		t.Run(name, func(t *testing.T) {
			cfg := cfg
			cfg.Frozen = frozen
			run := NewTrainer(t, d, cfg, set)
			Train(t, run, 2)
			s, err := run.Snapshot()
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range variables {
				for what, values := range map[string]map[string][]float32{"variable": s.Variables, "average": s.Averages} {
					same := cmp.Equal(before[v.Name], values[v.Name])
					if (frozen[v.Layer()] || v.Whitening != nil && what == "variable") && !same {
						t.Errorf("the %s %s has moved", what, v.Name)
					} else if !frozen[v.Layer()] && v.Whitening == nil && same {
						t.Errorf("the %s %s has not moved", what, v.Name)
					}
				}
				if v.Whitening != nil && !frozen[v.Layer()] {
					continue // its average moves by rounding alone
				}
				if _, has := s.Velocities[v.Name]; has != (v.Trainable && !frozen[v.Layer()]) {
					t.Errorf("%s has a velocity: %t", v.Name, has)
				}
			}
		})
	}
}

// A layer at a part of the rate moves that part as far.
func rateFactorsCount(t *testing.T, d *engine.Device) {
	set := Synthetic(t, 16)
	cfg := SmallConfig(t, set, 16)
	cfg.Optimizer = engine.SGD{}
	before := InitialWeights(t, cfg, set)
	moved := func(factors map[string]float64, rate float32) map[string][]float32 {
		cfg := cfg
		cfg.RateFactors = factors
		run := NewTrainer(t, d, cfg, set)
		if _, err := run.Epoch(context.Background(), 1, Constant(rate, 1), NoStep); err != nil {
			t.Fatalf("%+v", err)
		}
		return Variables(t, run)
	}
	half, whole := moved(nil, 0.5), moved(nil, 1)
	got := moved(map[string]float64{"conv": 0.5}, 1)
	for name, want := range map[string][]float32{"conv/weight": half["conv/weight"], "classifier/weight": whole["classifier/weight"]} {
		if cmp.Equal(want, before[name]) {
			t.Errorf("%s does not move", name)
		}
		if diff := cmp.Diff(want, got[name]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// Values that are given are what the run starts from, and the others are drawn as if there were none.
func givenValuesCount(t *testing.T, d *engine.Device) {
	set := Synthetic(t, 16)
	cfg := SmallConfig(t, set, 16)
	want := InitialWeights(t, cfg, set)
	for i := range want["conv/weight"] {
		want["conv/weight"][i] = float32(i)
	}
	cfg.Initial = map[string][]float32{"conv/weight": want["conv/weight"]}
	if diff := cmp.Diff(want, Variables(t, NewTrainer(t, d, cfg, set))); diff != "" {
		t.Errorf("variables (-want +got):\n%s", diff)
	}
}
