package fastresnet

import (
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/fastresnet/fastresnet/schedule"
)

// Airbench94Muon is the speedrun airbench94 in its version with Muon: 94.01 % on CIFAR-10 (mean of 200 runs) in 2.59 s on one
// A100 in its source (https://github.com/KellerJordan/cifar10-airbench, airbench94_muon.py).
func Airbench94Muon() Recipe {
	const end = 8
	sgd := summedSGD{batch: 2000, momentum: 0.85, decay: 2e-6}
	return Recipe{
		Name: "airbench94-muon", Description: "the speedrun: Muon, 2x2 whitening, alternating flips",
		Published: Published{Accuracy: 0.9401, Seconds: 2.59, Hardware: "A100"},
		Design:    layers.Airbench94(),
		BatchSize: sgd.batch, Epochs: end,
		Schedule: falling(0.24, end), RateBeforeStep: true,
		Augmentations: data.Augmentations{data.Crop{Pad: 2}, data.AlternatingFlip{}},
		Optimizer:     Nesterov{}, // moves nothing: all is in groups
		Groups: []VariableGroup{
			{Variables: layers.KindFilters, Optimizer: Muon{Momentum: 0.6}},
			sgd.group(layers.KindWhiteningBiases, 0.053, 3), // these stay as they are from epoch 3 on
			sgd.group(layers.KindBiases, 0.053, end),
			sgd.group(layers.KindLinearWeights, 0.67, end),
		},
		LabelSmoothing: 0.2,
		TestViews:      FlipTranslateViews,
	}
}

// airbench94In2025 is what a search by programs made of it, 94.01 % (means of 200 runs) on one A100
// (https://github.com/hiverge/cifar10-speedrun). It ends with step 243, the 19th of 32 of its last epoch.
//
// The source takes the views of the quarter of the test set that it is least sure of, and one view of the rest. Here what a
// model answers about an image does not depend on others.
func airbench94In2025() Recipe {
	const epoch = 32. // steps
	const last, end = 19 / epoch, 243 / epoch
	const decay = 1.0418e-6
	sgd := summedSGD{batch: 1536, momentum: 0.825, decay: decay}
	design := layers.Airbench94()
	design.Activation, design.WhiteningActivation = layers.Activation{Kind: "silu"}, layers.Activation{Kind: "gelu"}
	design.Norm.Momentum = 1 - 0.5566
	design.Whitening.Images = 960
	return Recipe{
		Name: "airbench94-2025", Description: "the speedrun, searched on: SiLU, colour jitter, 243 steps",
		Published: Published{Accuracy: 0.9401, Seconds: 2.015, Hardware: "A100"},
		Design:    design,
		BatchSize: sgd.batch, Epochs: 8, LastEpochShare: last,
		Schedule: falling(0.205, end), RateBeforeStep: true,
		Augmentations: data.Augmentations{
			data.Crop{Pad: 2}, data.AlternatingFlip{}, data.ColourJitter{Brightness: 0.1399, Contrast: 0.1308, AboutZero: true},
		},
		Optimizer: Nesterov{}, // moves nothing: all is in groups
		Groups: []VariableGroup{
			{Variables: layers.KindFilters, Optimizer: Muon{
				Momentum: 0.655, WeightDecay: decay * 1536, Polynomial: [3]float64{3.4576, -4.7391, 2.0843}, Rescaling: Rescaling{First: 2, Last: 17},
			}},
			sgd.group(layers.KindWhiteningBiases, 0.0573, 7/epoch), // these stay as they are from step 7 on
			sgd.group(layers.KindBiases, 0.0573, end),
			sgd.group(layers.KindLinearWeights, 0.5415, end),
		},
		LabelSmoothing: 0.09,
		TestViews:      SixViews,
	}
}

// airbench96 is the speedrun for 96 %, 96.03 % (mean of 400 runs) in 34.7 s on one A100
// (https://github.com/KellerJordan/cifar10-airbench, legacy/airbench96.py).
func airbench96() Recipe {
	const epoch = 48. // steps
	const end, whitening = 37, 3
	r := airbench96On(1024, end, 177/epoch)
	r.Name, r.Description = "airbench96", "the speedrun for 96 %: wider, deeper, 37 epochs, lookahead"
	r.Published = Published{Accuracy: 0.9603, Seconds: 34.7, Hardware: "A100"}
	const last = whitening - 1/epoch // step of the whitening's bias, which stays as it is from then on
	r.Groups = append(r.Groups, VariableGroup{
		Variables: layers.KindWhiteningBiases, Optimizer: r.Optimizer, Schedule: through([][2]float64{{0, r.Schedule.At(0)}, {last, r.Schedule.At(last)}, {whitening, 0}}),
	})
	return r
}

// airbench96Faster is its successor, 96.00 % (mean of 200 runs) in 27.3 s on one A100 (airbench96_faster.py there): it trains on
// the half of each batch that a small network finds the hardest, for more epochs. The source has that network see the whole run
// beforehand, which comes to the same. It means to train the whitening's bias for three epochs only, too, but compares an epoch
// with a step there, and never stops.
func airbench96Faster() Recipe {
	const epoch = 48. // steps
	r := airbench96On(512, 45, 216/epoch)
	r.Name, r.Description = "airbench96-faster", "airbench96 on the half of each batch that a small network finds the hardest"
	r.Published = Published{Accuracy: 0.96, Seconds: 27.3, Hardware: "A100"}
	small := layers.Airbench94()
	small.Name, small.Width, small.UnitClassifier, small.Whitening.Bias = "airbench96-proxy", 32, false, false
	small.Norm, small.LogitScale = r.Design.Norm, r.Design.LogitScale
	small.Stages[1].Channels, small.Stages[2].Channels = 2, 2
	r.Selection = &Selection{Design: small, Share: 0.5, Every: 4}
	return r
}

// airbench96On is what the speedruns for 96 % have in common, which draw 1,024 images a step and train on a number of them: an
// epoch to warm up to, and an end. The sources give their rate and weight decay for 1,024 images and for gradients that stay
// the same, which momentum makes 1 + 1/(1-momentum) times as large in Nesterov's form.
func airbench96On(images int, end, warm float64) Recipe {
	const batch, momentum, biases = 1024, 0.85, 64
	part := float64(images) / batch
	rate, decay := part*9/(1+1/(1-momentum)), 0.012/9/part
	return Recipe{
		Design:    layers.Airbench96(),
		BatchSize: batch, Epochs: int(end),
		Schedule: through([][2]float64{{0, 0.2 * rate}, {warm, rate}, {end, 0}}), RateBeforeStep: true,
		Augmentations: data.Augmentations{data.Crop{Pad: 4}, data.AlternatingFlip{}, data.Cutout{Height: 12, Width: 12}},
		Optimizer:     SGD{Momentum: momentum, WeightDecay: decay},
		Groups: []VariableGroup{
			{Variables: layers.KindBiases, Optimizer: SGD{Momentum: momentum, WeightDecay: decay / biases}, RateFactor: biases},
		},
		LabelSmoothing: 0.2,
		Averaging:      Averaging{Every: 5, Decay: 0.95, Power: 3, Lookahead: true},
		TestViews:      FlipTranslateViews,
	}
}

// falling is a rate that falls linearly to 0 at an epoch.
func falling(rate, end float64) schedule.Schedule { return through([][2]float64{{0, rate}, {end, 0}}) }

// summedSGD makes groups of a source whose loss is the sum over the batch, where ours is the mean, so that its gradient is
// batch times ours. SGD is linear in the gradient: for the same steps the rate is batch times the source's, and the weight
// decay, which stands beside the gradient, the source's divided by batch. The sources' decay is decay·batch/rate, by their
// rate; here, decay/rate. The batch of another run scales the rates, so it keeps those of the source. Muon does not see how
// large a gradient is: its rate stays.
type summedSGD struct {
	batch           int
	momentum, decay float64
}

func (s summedSGD) group(variables layers.VariableKind, rate, end float64) VariableGroup {
	return VariableGroup{
		Variables: variables, Optimizer: SGD{Momentum: s.momentum, WeightDecay: s.decay / rate}, Schedule: falling(rate*float64(s.batch), end),
	}
}
