package xla

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/internal/engine/enginetest"
	"github.com/fastresnet/fastresnet/internal/golden"
	"github.com/fastresnet/fastresnet/internal/testbackend"
	"github.com/fastresnet/fastresnet/internal/testlayers"
	"github.com/fastresnet/fastresnet/layers"
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

// One step of every engine gives the same loss and the same weights.
func TestEnginesAgree(t *testing.T) {
	set := enginetest.Synthetic(t, 16)
	cfg := enginetest.Config(t, set, 16)
	fed := cfg
	fed.Augmentations = []data.Augmentation{data.Crop{Pad: 4}, withoutGraph{}}

	mixed := cfg
	mixed.Mixing = data.Mixing{Kind: data.CutMix, Alpha: 1}

	tricks := cfg
	design := layers.ResNet9()
	design.Whitening = &layers.WhiteningSettings{Kernel: 3, Epsilon: 1e-2, Images: 16}
	design.Norm = layers.NormSettings{Groups: 8, FrozenScale: true}
	design.Activation = layers.Activation{Kind: "celu", Alpha: 0.3}
	design.PoolAt, design.LogitScale = layers.PoolBeforeNorm, 1./16
	tricks.Network = enginetest.Network(t, design, set, 2)
	tricks.LabelSmoothing, tricks.ClassWeights = 0.2, []float32{0.5, 1, 2, 1, 1, 0, 3, 1, 1, 1}
	tricks.Groups = []engine.Group{{Kind: layers.KindBiases, Optimizer: engine.Nesterov{Momentum: 0.9, WeightDecay: 5e-4 / 8}}}
	tricks.Average = engine.Average{Every: 1, Keep: 0.5}

	speedrun := cfg
	speedrun.Network = enginetest.Network(t, layers.Airbench94(), set, 2)
	speedrun.Augmentations = []data.Augmentation{data.Crop{Pad: 2}, data.AlternatingFlip{}}
	speedrun.Groups = []engine.Group{
		{Kind: layers.KindFilters, Optimizer: engine.Muon{Momentum: 0.6}},
		{Kind: layers.KindWhiteningBiases, Optimizer: engine.SGD{Momentum: 0.85, WeightDecay: 0.01}},
		{Kind: layers.KindBiases, Optimizer: engine.SGD{Momentum: 0.85, WeightDecay: 0.01}},
	}

	longer := cfg
	longer.Network = enginetest.Network(t, layers.Airbench96(), set, 2)
	longer.Optimizer, longer.LabelSmoothing = engine.SGD{Momentum: 0.85, WeightDecay: 0.0013}, 0.2
	longer.Augmentations = []data.Augmentation{data.Crop{Pad: 4}, data.AlternatingFlip{}, data.Cutout{Height: 12, Width: 12}}
	longer.Batch, longer.Average = 8, engine.Average{Every: 1, Keep: 0.5, Power: 3, Steps: 2, Lookahead: true}

	frozen := tricks // in its midst, so that gradients pass through what is frozen
	frozen.Frozen = map[string]bool{"layer1/conv": true, "layer1/norm": true, "layer1/residual/norm1": true}
	frozen.RateFactors = map[string]float64{"prep/conv": 0.25, "prep/norm": 0.25}

	odd := enginetest.Noise(t, 16, data.Shape{Height: 11, Width: 14, Channels: 1})
	floors := cfg
	floors.Network, floors.Normalization = enginetest.Network(t, layers.ResNet9(), odd, 4), odd.Normalization()

	every := cfg
	every.Augmentations = nil
	every.Network.Layers = testlayers.Every()
	for i, l := range every.Network.Layers {
		if classifier, is := l.(layers.Linear); is {
			classifier.Out = 10
			every.Network.Layers[i] = classifier
		}
	}

	for _, run := range []struct {
		label string
		cfg   engine.Config
		set   *data.Dataset
		zero  float64 // what less is nothing but rounding: in front of a norm a bias and a mean are of no use
	}{
		{"resident", cfg, set, 0}, {"fed from the host", fed, set, 0}, {"mixed", mixed, set, 0}, {"bag of tricks", tricks, set, 0}, {"frozen", frozen, set, 0},
		{"speedrun", speedrun, set, 0}, {"longer speedrun", longer, set, 0},
		{"sizes that pools cannot halve", floors, odd, 0}, {"every layer", every, set, 1e-5},
	} {
		t.Run(run.label, func(t *testing.T) {
			wantHistory, want := enginetest.Train(t, enginetest.NewTrainer(t, enginetest.Open(t, "go"), run.cfg, run.set), 1)
			each(t, func(t *testing.T, d *engine.Device) {
				history, got := enginetest.Train(t, enginetest.NewTrainer(t, d, run.cfg, run.set), 1)
				if diff := math.Abs(history[0].Loss - wantHistory[0].Loss); !(diff <= 1e-5) || history[0].Accuracy != wantHistory[0].Accuracy {
					t.Errorf("metrics %+v, want %+v", history[0], wantHistory[0])
				}
				for name := range want {
					// A pool or ReLU that rounding turns the other way moves single weights by about 1e-3.
					if e := golden.MaxRelativeError(got[name], want[name]); !(e <= 2e-2) && !(largest(got[name]) <= run.zero && largest(want[name]) <= run.zero) {
						t.Errorf("%s differs by %.2g of its largest value", name, e)
					}
				}
			})
		})
	}
}

// largest is the largest magnitude of values.
func largest(values []float32) (size float64) {
	for _, v := range values {
		size = max(size, math.Abs(float64(v)))
	}
	return size
}

// Every way of loading trains to the same on every engine.
func TestLoadingsAgree(t *testing.T) {
	set := enginetest.Synthetic(t, 40)
	for _, loading := range []data.Loading{data.LoadInBulk, data.LoadPerImage, data.LoadEveryEpoch} {
		cfg := enginetest.SmallConfig(t, set, 16)
		cfg.KeepIncomplete, cfg.Loading = true, loading
		want, _ := enginetest.Train(t, enginetest.NewTrainer(t, enginetest.Open(t, "go"), cfg, set), 1)
		each(t, func(t *testing.T, d *engine.Device) {
			history, _ := enginetest.Train(t, enginetest.NewTrainer(t, d, cfg, set), 1)
			if got, want := history[0].Loss, want[0].Loss; math.Abs(got-want) > 1e-3*want {
				t.Errorf("loading %q: loss %g, want %g", loading, got, want)
			}
		})
	}
}

// The hand-written convolutions train like GoMLX's own, on networks without a choice that rounding could
// turn the other way.
func TestConvolutionsTrainLikeGoMLXs(t *testing.T) {
	set := enginetest.Synthetic(t, 20)
	for _, conv := range []layers.Conv{
		{Name: "conv", Out: 5, Kernel: 1, Stride: 1}, {Name: "conv", Out: 5, Kernel: 3, Stride: 1},
		{Name: "conv", Out: 5, Kernel: 1, Stride: 2}, {Name: "conv", Out: 5, Kernel: 3, Stride: 2},
	} {
		t.Run(conv.String(), func(t *testing.T) {
			cfg := enginetest.Config(t, set, 8) // two batches of 8 and one of 4
			cfg.KeepIncomplete = true
			second := conv
			second.Name, second.Out = "second", 3
			cfg.Network.Layers = []layers.Layer{conv, second, layers.GlobalMeanPool{}, layers.Linear{Name: "classifier", Out: 10}}
			change := func(backend string) map[string][]float32 {
				_, after := enginetest.Train(t, enginetest.NewTrainer(t, enginetest.Open(t, backend), cfg, set), 2)
				for name, before := range enginetest.InitialWeights(t, cfg, set) {
					for i := range before {
						after[name][i] -= before[i]
					}
				}
				return after
			}
			want, got := change(gomlx), change("go")
			for name := range want {
				if e := golden.MaxRelativeError(got[name], want[name]); e > 1e-4 {
					t.Errorf("the change of %s in six steps differs by %.2g of its largest value", name, e)
				}
			}
		})
	}
}

func TestBFloat16TrainsLikeFloat32(t *testing.T) {
	set := enginetest.Synthetic(t, 64)
	d := enginetest.Open(t, testbackend.XLA(t))
	cfg := enginetest.Config(t, set, 16)
	want, _ := enginetest.Train(t, enginetest.NewTrainer(t, d, cfg, set), 2)
	cfg.BFloat16 = true
	got, variables := enginetest.Train(t, enginetest.NewTrainer(t, d, cfg, set), 2)
	for i := range want {
		if got[i].Loss == want[i].Loss || math.Abs(got[i].Loss-want[i].Loss) > 0.02*want[i].Loss {
			t.Errorf("epoch %d: loss %g in bfloat16, %g in float32", i+1, got[i].Loss, want[i].Loss)
		}
	}
	if !engine.Finite(variables) {
		t.Error("a variable is not finite")
	}
}
