package enginetest

import (
	"context"
	"errors"
	"testing"

	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/internal/golden"
	"github.com/fastresnet/fastresnet/layers"
)

// The features times the classifier's weights are the logits: of one image, of a few and of more than a batch, with the
// same weights in between.
func featuresMakeTheLogits(t *testing.T, d *engine.Device) {
	const batch = 32
	set := Synthetic(t, batch+20)
	for _, design := range []layers.Design{layers.Dawn(), layers.ResNet9(), layers.Airbench94()} {
		t.Run(design.Name, func(t *testing.T) {
			cfg := Config(t, set, batch)
			cfg.Network = Network(t, design, set, 2)
			cfg.Views = []engine.View{{Weight: 0.25}, {Weight: 0.75, Flip: true, Down: 1}}
			values := InitialWeights(t, cfg, set)
			e := Evaluator(t, d, cfg, values)
			for _, n := range []int{1, 5, set.Len()} {
				pixels := set.Pixels()[:n*set.Shape().Size()]
				want, err := e.Compute(context.Background(), engine.Logits, pixels)
				if err != nil {
					t.Fatal(err)
				}
				features, err := e.Compute(context.Background(), engine.Features, pixels)
				if err != nil {
					t.Fatal(err)
				}
				if e := golden.MaxRelativeError(Classify(cfg.Network, values, features), want); !(e <= 1e-4) {
					t.Errorf("%d images: features times weights differ from the logits by %.2g", n, e)
				}
			}
		})
	}

	cfg := SmallConfig(t, set, batch)
	cfg.Network.Layers = []layers.Layer{layers.Linear{Name: "classifier", Out: 10}}
	_, err := Evaluator(t, d, cfg, InitialWeights(t, cfg, set)).Compute(context.Background(), engine.Features, set.Pixels())
	if !errors.Is(err, layers.ErrNetwork) {
		t.Errorf("features of a network without a body: error %v, want ErrNetwork", err)
	}
}

// Classify gives features [n, N] to the classifier of a network, which a scale may follow, in float64: the logits
// [n, classes].
func Classify(net layers.Network, values map[string][]float32, features []float32) []float32 {
	var linear layers.Linear
	factor := 1.0
	for _, l := range net.Layers {
		switch l := l.(type) {
		case layers.Linear:
			linear = l
		case layers.Scale:
			factor = l.Factor
		}
	}
	weights, biases := values[linear.Name+"/weight"], values[linear.Name+"/bias"]
	size := len(weights) / linear.Out
	var logits []float32
	for first := 0; first < len(features); first += size {
		for class := range linear.Out {
			sum := 0.
			if linear.Bias {
				sum = float64(biases[class])
			}
			for i, w := range weights[class*size:][:size] {
				sum += float64(w) * float64(features[first+i])
			}
			logits = append(logits, float32(factor*sum))
		}
	}
	return logits
}
