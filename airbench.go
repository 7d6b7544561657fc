package fastresnet

import (
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/fastresnet/fastresnet/schedule"
)

// airbench94Muon is the speedrun airbench94 in its version with Muon, 94.01 % (mean of 200 runs) on one A100
// (https://github.com/KellerJordan/cifar10-airbench, airbench94_muon.py).
//
// The source's loss is the sum over the batch, where ours is the mean, so its gradient is batch times ours. SGD is
// linear in the gradient: for the same steps the rate is batch times the source's, and the weight decay, which
// stands beside the gradient, the source's divided by batch. The source's decay is 2e-6·batch/rate, by the
// source's rate; here, 2e-6/rate. The batch of another run scales the rates, so it keeps those of the source.
// Muon does not see how large a gradient is: its rate stays.
func airbench94Muon() Recipe {
	const batch, epochs = 2000, 8
	falling := func(rate, end float64) schedule.Schedule { return through([][2]float64{{0, rate}, {end, 0}}) }
	sgd := func(variables layers.Kind, rate, end float64) Group {
		return Group{
			Variables: variables, Optimizer: SGD{Momentum: 0.85, WeightDecay: 2e-6 / rate}, Schedule: falling(rate*batch, end),
		}
	}
	return Recipe{
		Name: "airbench94-muon", Description: "the speedrun: Muon, 2x2 whitening, alternating flips",
		Published: Published{Accuracy: 0.9401, Seconds: 2.59, Hardware: "A100"},
		Design:    layers.Airbench94(),
		BatchSize: batch, Epochs: epochs,
		Schedule: falling(0.24, epochs), RateBeforeStep: true,
		Augmentations: data.Augmentations{data.Crop{Pad: 2}, data.AlternatingFlip{}},
		Optimizer:     Nesterov{}, // moves nothing: all is in groups
		Groups: []Group{
			{Variables: layers.KindFilters, Optimizer: Muon{Momentum: 0.6}},
			sgd(layers.KindWhiteningBiases, 0.053, 3), // these stay as they are from epoch 3 on
			sgd(layers.KindBiases, 0.053, epochs),
			sgd(layers.KindLinearWeights, 0.67, epochs),
		},
		LabelSmoothing: 0.2,
		TestViews:      FlipTranslateViews,
	}
}
