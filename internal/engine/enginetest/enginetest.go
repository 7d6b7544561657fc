// Package enginetest tests engines: [Conform] has what every engine must do, whatever it computes with.
package enginetest

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/layers"
)

// Synthetic is a data set of n images.
func Synthetic(t testing.TB, n int) *data.Dataset {
	t.Helper()
	set, err := data.Synthetic(n, 1)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// Noise is a data set of n images of random pixels, in three classes.
func Noise(t testing.TB, n int, shape data.Shape) *data.Dataset {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	pixels, labels := make([]uint8, n*shape.Size()), make([]int, n)
	for i := range pixels {
		pixels[i] = uint8(rng.Uint32())
	}
	for i := range labels {
		labels[i] = rng.IntN(3)
	}
	set, err := data.New(pixels, shape, labels, []string{"a", "b", "c"})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// Open opens a backend until the test's end.
func Open(t testing.TB, backend string) *engine.Device {
	t.Helper()
	if kind, _, _ := strings.Cut(backend, ":"); kind == "xla" && !engine.Has(kind) {
		t.Skip("this test was built without XLA")
	}
	d, err := engine.Open(backend, engine.Opening{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}

// Network is a design at a width, for a set's images and classes.
func Network(t testing.TB, d layers.Design, set *data.Dataset, width int) layers.Network {
	t.Helper()
	d.Width = width
	n, err := d.Build(set.Shape(), len(set.Classes()))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Config is a run small enough for GoMLX's own convolution.
func Config(t testing.TB, set *data.Dataset, batch int) engine.Config {
	t.Helper()
	return engine.Config{
		Network:       Network(t, layers.ResNet9(), set, 2),
		Normalization: set.Normalization(),
		Augmentations: []data.Augmentation{data.Crop{Pad: 4}, data.FlipLR{}, data.Cutout{Height: 8, Width: 8}},
		Optimizer:     engine.Nesterov{Momentum: 0.9, WeightDecay: 5e-4},
		Batch:         batch,
		Seed:          1,
	}
}

// SmallConfig is Config with a network that XLA compiles in a moment: what it tests does not depend on it.
func SmallConfig(t testing.TB, set *data.Dataset, batch int) engine.Config {
	t.Helper()
	cfg := Config(t, set, batch)
	cfg.Network = layers.Network{Name: "small", Input: set.Shape(), Layers: []layers.Layer{
		layers.Conv{Name: "conv", Out: 4, Kernel: 3, Stride: 2},
		layers.BatchNorm{Name: "norm"},
		layers.ReLU{},
		layers.GlobalMeanPool{},
		layers.Linear{Name: "classifier", Out: len(set.Classes()), Bias: true},
	}}
	return cfg
}

// Tiny is a run of 7 batches of 8 and one of 4, on a network that compiles in a moment.
func Tiny(t testing.TB) (engine.Config, *data.Dataset) {
	t.Helper()
	set := Synthetic(t, 60)
	cfg := Config(t, set, 8)
	cfg.KeepIncomplete = true
	cfg.Network.Layers = []layers.Layer{
		layers.Conv{Name: "conv", Out: 4, Kernel: 3, Stride: 2}, layers.BatchNorm{Name: "norm"}, layers.ReLU{},
		layers.MaxPool{Size: 2}, layers.GlobalMeanPool{}, layers.Linear{Name: "classifier", Out: 10},
	}
	return cfg, set
}

// Run is a training run, and what it is made of.
type Run struct {
	*engine.Trainer
	Config engine.Config
}

// NewTrainer is a run until the test's end.
func NewTrainer(t testing.TB, d *engine.Device, cfg engine.Config, set *data.Dataset) Run {
	t.Helper()
	trainer, err := engine.NewTrainer(context.Background(), d, cfg, set)
	if err != nil {
		t.Fatalf("%+v", err)
	}
	t.Cleanup(trainer.Close)
	return Run{trainer, cfg}
}

// Constant are steps at one rate, without groups.
func Constant(rate float32, steps int) engine.Moves {
	return slices.Repeat(engine.Moves{At(rate)}, steps)
}

// At is a step at the rates of the variables in no group and of each group.
func At(rates ...float32) []engine.Move {
	var moves []engine.Move
	for _, rate := range rates {
		moves = append(moves, engine.Move{Rate: rate, Rescale: true})
	}
	return moves
}

// NoStep does nothing after a step.
func NoStep(engine.Progress) {}

// Train trains some epochs and returns their metrics with the variables at the end, their averages if there are any.
func Train(t testing.TB, r Run, epochs int) ([]engine.Metrics, map[string][]float32) {
	t.Helper()
	return Until(t, r, epochs, -1)
}

// Until trains epochs up to the last one, from where the run is, and stops after a number of steps in all; -1 for
// never.
func Until(t testing.TB, r Run, epochs, stop int) (history []engine.Metrics, variables map[string][]float32) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	at := SnapshotOf(t, r)
	steps := r.Steps()
	moves := slices.Repeat(engine.Moves{At(slices.Repeat([]float32{0.05}, 1+len(r.Config.Groups))...)}, steps)
	for epoch := max(at.Epoch, 1); epoch <= epochs && ctx.Err() == nil; epoch++ {
		m, err := r.Epoch(ctx, epoch, moves, func(p engine.Progress) {
			if (epoch-1)*steps+p.Step+1 == stop {
				cancel()
			}
		})
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Fatalf("%+v", err)
		}
		history = append(history, m)
	}
	return history, Variables(t, r)
}

// SnapshotOf is where a run is.
func SnapshotOf(t testing.TB, r Run) engine.Snapshot {
	t.Helper()
	s, err := r.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Variables are the run's as they are now, their averages if there are any.
func Variables(t testing.TB, r Run) map[string][]float32 {
	t.Helper()
	weights, last, err := r.Weights()
	if err != nil {
		t.Fatal(err)
	}
	defer weights.Close()
	if last != nil {
		defer last.Close()
	}
	values, err := weights.Values()
	if err != nil {
		t.Fatal(err)
	}
	return values
}

// InitialWeights are the variables before the first step.
func InitialWeights(t testing.TB, cfg engine.Config, set *data.Dataset) map[string][]float32 {
	t.Helper()
	variables, err := cfg.Network.Variables()
	if err != nil {
		t.Fatal(err)
	}
	values, err := engine.InitialWeights(context.Background(), variables, cfg, set)
	if err != nil {
		t.Fatal(err)
	}
	return values
}

// Evaluating is an evaluator, with the weights that it computes with.
type Evaluating struct {
	*engine.Evaluator
	weights engine.Weights
}

// Compute is [engine.Evaluator.Compute].
func (e Evaluating) Compute(ctx context.Context, output engine.Output, pixels []uint8) ([]float32, error) {
	return e.Evaluator.Compute(ctx, e.weights, output, pixels)
}

// Evaluator computes with these variables until the test's end.
func Evaluator(t testing.TB, d *engine.Device, cfg engine.Config, values map[string][]float32) Evaluating {
	t.Helper()
	variables, err := cfg.Network.Variables()
	if err != nil {
		t.Fatal(err)
	}
	weights, err := d.Upload(variables, values)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(weights.Close)
	e := engine.NewEvaluator(d, cfg)
	t.Cleanup(e.Close)
	return Evaluating{e, weights}
}

// Logits are the logits of images [n, height, width, channels] by these variables.
func Logits(t testing.TB, d *engine.Device, cfg engine.Config, values map[string][]float32, pixels []uint8) []float32 {
	t.Helper()
	logits, err := Evaluator(t, d, cfg, values).Compute(context.Background(), engine.Logits, pixels)
	if err != nil {
		t.Fatalf("%+v", err)
	}
	return logits
}
