package engine

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/golden"
	"github.com/fastresnet/fastresnet/internal/optim"
	"github.com/fastresnet/fastresnet/internal/testbackend"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/gomlx/compute/dtypes"
	"github.com/google/go-cmp/cmp"
)

// withoutGraph is an augmentation of a user's own: it has no graph form, and flips every image.
type withoutGraph struct{ data.FlipLR }

func (withoutGraph) Draw(_ *rand.Rand, n int, _ data.Shape) []int32 {
	ones := make([]int32, n)
	for i := range ones {
		ones[i] = 1
	}
	return ones
}

func synthetic(t testing.TB, n int) *data.Dataset {
	t.Helper()
	set, err := data.Synthetic(n, 1)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func openFor(t testing.TB, backend string) *Device {
	t.Helper()
	d, err := Open(backend, Opening{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}

// network is a design at a width, for a set's images and classes.
func network(t testing.TB, d layers.Design, set *data.Dataset, width int) layers.Network {
	t.Helper()
	d.Width = width
	n, err := d.Network(set.Shape(), len(set.Classes()))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// config is a run small enough for GoMLX's own convolution.
func config(t testing.TB, set *data.Dataset, batch int) Config {
	t.Helper()
	return Config{
		Network:       network(t, layers.ResNet9(), set, 2),
		Normalization: set.Normalization(),
		Augmentations: []data.Augmentation{data.Crop{Pad: 4}, data.FlipLR{}, data.Cutout{Height: 8, Width: 8}},
		Weights:       optim.Nesterov{Momentum: 0.9, WeightDecay: 5e-4},
		Biases:        optim.Nesterov{Momentum: 0.9, WeightDecay: 5e-4},
		Batch:         batch,
		DType:         dtypes.Float32,
		Seed:          1,
	}
}

// smallConfig is config with a network that XLA compiles in a moment: what it tests does not depend on it.
func smallConfig(t testing.TB, set *data.Dataset, batch int) Config {
	t.Helper()
	cfg := config(t, set, batch)
	cfg.Network = layers.Network{Name: "small", Input: set.Shape(), Layers: []layers.Layer{
		layers.Conv{Name: "conv", Out: 4, Kernel: 3, Stride: 2},
		layers.BatchNorm{Name: "norm"},
		layers.ReLU{},
		layers.GlobalMeanPool{},
		layers.Linear{Name: "classifier", Out: len(set.Classes()), Bias: true},
	}}
	return cfg
}

func newTrainer(t testing.TB, d *Device, cfg Config, set *data.Dataset) *Trainer {
	t.Helper()
	trainer, err := NewTrainer(context.Background(), d, cfg, set)
	if err != nil {
		t.Fatalf("%+v", err)
	}
	t.Cleanup(trainer.Close)
	return trainer
}

func constant(rate float32, steps int) []float32 {
	rates := make([]float32, steps)
	for i := range rates {
		rates[i] = rate
	}
	return rates
}

func noStep(int, int) {}

// train runs some epochs and returns their metrics with the variables at the end.
func train(t *testing.T, trainer *Trainer, epochs int) ([]Metrics, map[string][]float32) {
	t.Helper()
	return until(t, trainer, epochs, -1)
}

// What is done once before the first step ends with the context, on every backend.
func TestPreparationIsCancelled(t *testing.T) {
	set := synthetic(t, 40)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	testbackend.Each(t, func(t *testing.T, backend string) {
		d := openFor(t, backend)
		whitened := smallConfig(t, set, 16)
		whitened.Network.Layers = append([]layers.Layer{layers.PatchWhitening{Name: "w", WhiteningSettings: layers.WhiteningSettings{Kernel: 3, Images: 40}}},
			whitened.Network.Layers...)
		prepared := smallConfig(t, set, 16)
		prepared.Loading = data.LoadPerImage
		for name, cfg := range map[string]Config{"whitening": whitened, "preparing images": prepared} {
			if _, err := NewTrainer(ctx, d, cfg, set); !errors.Is(err, context.Canceled) {
				t.Errorf("%s: error %v, want context.Canceled", name, err)
			}
		}
	})
}

// One step of every lowering gives the same loss and the same weights.
func TestLoweringsAgree(t *testing.T) {
	set := synthetic(t, 16)
	cfg := config(t, set, 16)
	fed := cfg
	fed.Augmentations = []data.Augmentation{data.Crop{Pad: 4}, withoutGraph{}}

	tricks := cfg
	design := layers.ResNet9()
	design.Whitening = &layers.WhiteningSettings{Kernel: 3, Epsilon: 1e-2, Images: 16}
	design.Norm = layers.NormSettings{Groups: 8, FrozenScale: true}
	design.Activation = layers.Activation{Kind: "celu", Alpha: 0.3}
	design.PoolAt, design.LogitScale = layers.PoolBeforeNorm, 1./16
	tricks.Network = network(t, design, set, 2)
	tricks.LabelSmoothing, tricks.Biases.RateFactor = 0.2, 8
	tricks.AverageEvery, tricks.Average = 1, optim.Average{Keep: 0.5}

	speedrun := cfg
	speedrun.Network = network(t, layers.Airbench94(), set, 2)
	speedrun.Augmentations = []data.Augmentation{data.Crop{Pad: 2}, data.AlternatingFlip{}}
	speedrun.Groups = []Group{
		{layers.KindFilters, optim.Muon{Momentum: 0.6, DType: dtypes.Float32}},
		{layers.KindWhiteningBiases, optim.SGD{Momentum: 0.85, WeightDecay: 0.01}},
		{layers.KindBiases, optim.SGD{Momentum: 0.85, WeightDecay: 0.01}},
	}

	odd := noise(t, 16, data.Shape{Height: 11, Width: 14, Channels: 1})
	floors := cfg
	floors.Network, floors.Normalization = network(t, layers.ResNet9(), odd, 4), odd.Normalization()

	for _, run := range []struct {
		label string
		cfg   Config
		set   *data.Dataset
	}{
		{"resident", cfg, set}, {"fed from the host", fed, set}, {"bag of tricks", tricks, set}, {"speedrun", speedrun, set},
		{"sizes that pools cannot halve", floors, odd},
	} {
		t.Run(run.label, func(t *testing.T) {
			set := run.set
			wantHistory, want := train(t, newTrainer(t, openFor(t, "go"), run.cfg, set), 1)
			testbackend.Each(t, func(t *testing.T, backend string) {
				variables, err := run.cfg.Network.Variables()
				if err != nil {
					t.Fatal(err)
				}
				d := openFor(t, backend)
				trainer := newTrainer(t, d, run.cfg, set)
				if trainer.lowering, err = newGraphLowering(context.Background(), d, run.cfg, variables, set, []int{16}); err != nil {
					t.Fatalf("%+v", err)
				}
				history, got := train(t, trainer, 1)
				if diff := math.Abs(history[0].Loss - wantHistory[0].Loss); diff > 1e-5 || history[0].Accuracy != wantHistory[0].Accuracy {
					t.Errorf("metrics %+v, want %+v", history[0], wantHistory[0])
				}
				for name := range want {
					// A pool or ReLU that rounding turns the other way moves single weights by about 1e-3.
					if e := golden.MaxRelativeError(got[name], want[name]); e > 2e-2 {
						t.Errorf("%s differs by %.2g of its largest value", name, e)
					}
				}
			})
		})
	}
}

func TestMetricsCountEveryImage(t *testing.T) {
	set := synthetic(t, 50)
	testbackend.Each(t, func(t *testing.T, backend string) {
		d := openFor(t, backend)
		for _, tt := range []struct {
			label         string
			keep          bool
			steps, images int
		}{
			{"the incomplete batch is dropped", false, 3, 48},
			{"the incomplete batch is kept", true, 4, 50},
		} {
			t.Run(tt.label, func(t *testing.T) {
				cfg := smallConfig(t, set, 16)
				cfg.KeepIncomplete = tt.keep
				history, _ := train(t, newTrainer(t, d, cfg, set), 1)
				if m := history[0]; m.Steps != tt.steps || m.Examples != tt.images || m.Diverged != -1 {
					t.Errorf("metrics %+v, want %d steps over %d images", m, tt.steps, tt.images)
				}
				if loss := history[0].Loss; loss < 1.5 || loss > 3 {
					t.Errorf("mean loss %g of an untrained network in 10 classes, want about log 10 = 2.3", loss)
				}
			})
		}
	})
}

func TestSameSeedSameBits(t *testing.T) {
	set := synthetic(t, 48)
	d := openFor(t, "go")
	cfg := config(t, set, 16)
	history, variables := train(t, newTrainer(t, d, cfg, set), 2)
	again, variablesAgain := train(t, newTrainer(t, d, cfg, set), 2)
	if diff := cmp.Diff(history, again); diff != "" {
		t.Errorf("history (-first +second):\n%s", diff)
	}
	if diff := cmp.Diff(variables, variablesAgain); diff != "" {
		t.Error("the same seed ended in other weights")
	}
	cfg.Seed++
	other, _ := train(t, newTrainer(t, d, cfg, set), 2)
	if cmp.Equal(history, other) {
		t.Error("another seed gave the same history")
	}
}

func TestEpochStopsWithinAStep(t *testing.T) {
	set := synthetic(t, 64)
	testbackend.Each(t, func(t *testing.T, backend string) {
		trainer := newTrainer(t, openFor(t, backend), smallConfig(t, set, 16), set)
		ctx, cancel := context.WithCancel(context.Background())
		m, err := trainer.Epoch(ctx, 1, constant(0.05, 4), func(step, _ int) {
			if step == 1 {
				cancel()
			}
		})
		if !errors.Is(err, context.Canceled) || m.Steps != 2 || m.Examples != 32 {
			t.Errorf("metrics %+v, error %v, want 2 steps and context.Canceled", m, err)
		}
	})
}

func TestDivergenceNamesTheStep(t *testing.T) {
	set := synthetic(t, 64)
	testbackend.Each(t, func(t *testing.T, backend string) {
		trainer := newTrainer(t, openFor(t, backend), smallConfig(t, set, 16), set)
		rates := constant(0, 4)
		rates[1] = float32(math.NaN()) // spoils the weights of step 2, counted from 0
		m, err := trainer.Epoch(context.Background(), 1, rates, noStep)
		if err != nil || m.Diverged != 2 {
			t.Errorf("metrics %+v, error %v, want divergence at step 2", m, err)
		}
	})
}

func TestBFloat16TrainsLikeFloat32(t *testing.T) {
	set := synthetic(t, 64)
	d := openFor(t, testbackend.XLA(t))
	cfg := config(t, set, 16)
	want, _ := train(t, newTrainer(t, d, cfg, set), 2)
	cfg.DType = dtypes.BFloat16
	got, variables := train(t, newTrainer(t, d, cfg, set), 2)
	for i := range want {
		if got[i].Loss == want[i].Loss || math.Abs(got[i].Loss-want[i].Loss) > 0.02*want[i].Loss {
			t.Errorf("epoch %d: loss %g in bfloat16, %g in float32", i+1, got[i].Loss, want[i].Loss)
		}
	}
	for name, values := range variables {
		for _, v := range values {
			if v != v {
				t.Fatalf("%s holds NaN", name)
			}
		}
	}
}

func TestLogitsDoNotDependOnTheBatch(t *testing.T) {
	set := synthetic(t, 30)
	testbackend.Each(t, func(t *testing.T, backend string) {
		d := openFor(t, backend)
		_, variables := train(t, newTrainer(t, d, config(t, set, 10), set), 1)
		var want []float32
		for _, batch := range []int{1, 4, 30, 64, 200} { // with images left over, exact, larger than the set, much larger
			e, err := NewEvaluator(d, config(t, set, batch))
			if err != nil {
				t.Fatal(err)
			}
			if err := e.Use(variables); err != nil {
				t.Fatal(err)
			}
			got, err := e.Logits(context.Background(), set.Pixels())
			if err != nil {
				t.Fatalf("%+v", err)
			}
			e.Close()
			if want == nil {
				want = got
			}
			if err := golden.MaxRelativeError(got, want); err > 1e-5 {
				t.Errorf("batch %d: logits differ by %.2g from those of batch 1", batch, err)
			}
		}
	})
}

// The hand-written convolutions train like GoMLX's own, on networks without a choice that rounding could
// turn the other way.
func TestConvolutionsTrainLikeGoMLXs(t *testing.T) {
	set := synthetic(t, 20)
	for _, conv := range []layers.Conv{
		{Name: "conv", Out: 5, Kernel: 1, Stride: 1}, {Name: "conv", Out: 5, Kernel: 3, Stride: 1},
		{Name: "conv", Out: 5, Kernel: 1, Stride: 2}, {Name: "conv", Out: 5, Kernel: 3, Stride: 2},
	} {
		t.Run(conv.String(), func(t *testing.T) {
			cfg := config(t, set, 8) // two batches of 8 and one of 4
			cfg.KeepIncomplete = true
			second := conv
			second.Name, second.Out = "second", 3
			cfg.Network.Layers = []layers.Layer{conv, second, layers.GlobalMeanPool{}, layers.Linear{Name: "classifier", Out: 10}}
			variables, err := cfg.Network.Variables()
			if err != nil {
				t.Fatal(err)
			}
			d := openFor(t, "go")
			change := func(native bool) map[string][]float32 {
				trainer := newTrainer(t, d, cfg, set)
				if native {
					if trainer.lowering, err = newGraphLowering(context.Background(), d, cfg, variables, set, []int{8, 4}); err != nil {
						t.Fatalf("%+v", err)
					}
				}
				_, after := train(t, trainer, 2)
				for name, before := range initialWeights(t, variables, cfg.Seed, set, cfg.Normalization) {
					for i := range before {
						after[name][i] -= before[i]
					}
				}
				return after
			}
			want, got := change(true), change(false)
			for name := range want {
				if e := golden.MaxRelativeError(got[name], want[name]); e > 1e-4 {
					t.Errorf("the change of %s in six steps differs by %.2g of its largest value", name, e)
				}
			}
		})
	}
}
