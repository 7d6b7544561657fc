package fastresnet

import (
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/fastresnet/fastresnet/schedule"
)

// Ladder lists the 28 rungs of the series "How to train your ResNet" in its order, the first rung first.
// The list and all that is in it are the caller's.
func Ladder() []Recipe {
	var climbed []Recipe
	var r Recipe
	for _, step := range ladder {
		r = r.Clone()
		r.Name, r.Description, r.Published = step.name, step.what, Published{step.accuracy, step.seconds, "V100"}
		step.change(&r)
		climbed = append(climbed, r)
	}
	return climbed
}

// rung is a step of the ladder: what it changes in the recipe before it. Learning rates are for the mean
// loss. Where the source reports no accuracy or time, it is 0.
type rung struct {
	name, what        string
	accuracy, seconds float64
	change            func(*Recipe)
}

// through is the schedule through knots of epoch and rate.
func through(knots [][2]float64) schedule.Schedule {
	var s schedule.Schedule
	for _, k := range knots {
		s = append(s, schedule.Knot{Epoch: k[0], Rate: k[1]})
	}
	return s
}

// ladder is the series. Its rung n is the element n-1.
//
// The source trained rungs 1 to 17 on incomplete batches too, and dropped them from rung 18 on, as its
// DAWNBench entry did.
var ladder = []rung{
	{"dawn-found", "the baseline, with a redundant first norm", 0, 356, func(r *Recipe) {
		r.Design = layers.Dawn()
		r.Design.BareStem = false
		r.Design.Norm.LowPrecision = true
		r.BatchSize, r.KeepIncompleteBatch = 128, true
		r.Epochs = 35
		r.Schedule = through([][2]float64{{0, 0}, {15, 0.1}, {30, 0.005}, {35, 0}})
		r.Augmentations = data.Augmentations{data.Crop{Pad: 4}, data.FlipLR{}}
		r.Loading = data.LoadEveryEpoch
		r.Optimizer = Nesterov{Momentum: 0.9, WeightDecay: 5e-4}
	}},
	{"dawn-tidy", "the redundant norm removed", 0, 323, func(r *Recipe) {
		r.Design.BareStem = true
	}},
	{"dawn-once", "fixed preprocessing done once", 0, 308, func(r *Recipe) {
		r.Loading = data.LoadPerImage
	}},
	{"dawn-bulk", "random choices drawn in bulk", 0.941, 297, func(r *Recipe) {
		r.Loading = data.LoadInBulk
	}},
	{"dawn-512", "batch 512, learning rate up 10 %", 0.941, 256, func(r *Recipe) {
		r.BatchSize = 512
		r.Schedule = through([][2]float64{{0, 0}, {15, 0.44}, {30, 0.005}, {35, 0}})
	}},
	{"dawn-norm32", "batch norm in single precision", 0.94, 186, func(r *Recipe) {
		r.Design.Norm.LowPrecision = false
	}},
	{"dawn-cutout", "cutout, slanted one-cycle", 0.941, 161, func(r *Recipe) {
		r.Epochs, r.Schedule = 30, schedule.OneCycle(0.4, 8, 30)
		r.Augmentations = append(r.Augmentations, data.Cutout{Height: 8, Width: 8})
	}},
	{"dawn-768", "batch 768", 0.94, 154, func(r *Recipe) {
		r.BatchSize = 768
		r.Schedule = schedule.OneCycle(0.6, 8, 30)
	}},
	{"shortest-path", "the shortest path: no residual branches", 0.559, 36, func(r *Recipe) {
		r.Design.Name = "shortest-path"
		for i := range r.Design.Stages {
			r.Design.Stages[i].Block = layers.BlockShortest
		}
		r.BatchSize = 512
		r.Epochs, r.Schedule = 20, schedule.OneCycle(0.4, 4, 20)
	}},
	{"plain-1x1", "repeated norms and activations removed", 0.56, 32, func(r *Recipe) {
		r.Design.Name, r.Design.BareStem = "plain", false
		r.Design.Stages = []layers.Stage{
			{Channels: 2, Kernel: 1, Down: layers.DownStride},
			{Channels: 4, Kernel: 1, Down: layers.DownStride},
			{Channels: 4, Kernel: 1, Down: layers.DownStride},
		}
	}},
	{"plain-3x3", "3x3 convolutions", 0.856, 36, func(r *Recipe) {
		for i := range r.Design.Stages {
			r.Design.Stages[i].Kernel = 3
		}
	}},
	{"plain-pool", "max-pools in place of strides", 0.897, 43, func(r *Recipe) {
		for i := range r.Design.Stages {
			r.Design.Stages[i].Down = layers.DownPool
		}
	}},
	{"wide-end", "a wider last stage, a global max-pool alone", 0.907, 47, func(r *Recipe) {
		r.Design.Stages[2].Channels = 8
		r.Design.MeanPool = false
	}},
	{"backbone", "norm scales start at 1, logits x 0.125", 0.911, 47, func(r *Recipe) {
		r.Design.Name = "backbone"
		r.Design.Norm.RandomScale = false
		r.Design.ClassifierBias, r.Design.LogitScale = false, 0.125
	}},
	{"backbone-wide", "twice the width, 60 epochs", 0.935, 321, func(r *Recipe) {
		r.Design.Width = 128
		r.Epochs, r.Schedule = 60, schedule.OneCycle(0.4, 12, 60)
	}},
	{"backbone-deep", "one more convolution a stage instead", 0.95, 180, func(r *Recipe) {
		r.Design.Width = 64
		for i := range r.Design.Stages {
			r.Design.Stages[i].Extra = 1
		}
		r.Augmentations[2] = data.Cutout{Height: 12, Width: 12}
	}},
	{"resnet9-20", "residual branches in stages 1 and 3 instead", 0.938, 66, func(r *Recipe) {
		r.Design = layers.ResNet9()
		r.Epochs, r.Schedule = 20, schedule.OneCycle(0.4, 4, 20)
		r.Augmentations[2] = data.Cutout{Height: 8, Width: 8}
	}},
	{"resnet9-24", "four more epochs", 0.9408, 79, func(r *Recipe) {
		r.KeepIncompleteBatch = false
		r.Epochs, r.Schedule = 24, schedule.OneCycle(0.4, 5, 24) // a short climb, a long descent to 0
	}},
	// Nothing changes here: this library has preprocessing on the device from rung 4 on.
	{"device-data", "preprocessing on the device", 0.941, 70, func(*Recipe) {}},
	{"early-pool", "max-pool before norm and activation", 0.941, 64, func(r *Recipe) {
		r.Design.PoolAt = layers.PoolBeforeNorm
		r.Epochs, r.Schedule = 25, schedule.OneCycle(0.4, 5, 25)
	}},
	{"smooth-labels", "label smoothing 0.2", 0.941, 59, func(r *Recipe) {
		r.LabelSmoothing = 0.2
		r.Epochs, r.Schedule = 23, schedule.OneCycle(0.4, 23./5, 23)
	}},
	{"celu", "CELU for ReLU", 0.941, 52, func(r *Recipe) {
		r.Design.Activation = layers.Activation{Kind: "celu", Alpha: 0.075}
		r.Epochs, r.Schedule = 20, schedule.OneCycle(0.4, 4, 20)
	}},
	{"ghost-norm", "ghost batch norm in 16 groups", 0.941, 46, func(r *Recipe) {
		r.Design.Norm.Groups = 16
		r.Epochs, r.Schedule = 18, schedule.OneCycle(0.6, 18./5, 18)
	}},
	{"frozen-scales", "norm scales frozen at 1, biases learn faster", 0.941, 43, func(r *Recipe) {
		r.Design.Norm.FrozenScale = true
		r.Design.Activation.Alpha = 0.3
		r.Design.LogitScale = 1. / 16
		r.Groups = []VariableGroup{{Variables: layers.KindBiases, Optimizer: Nesterov{Momentum: 0.9, WeightDecay: 5e-4 / 64}, RateFactor: 64}}
		r.Epochs, r.Schedule = 17, schedule.OneCycle(0.6, 17./5, 17)
	}},
	{"whitening", "input patch whitening", 0.941, 39, func(r *Recipe) {
		r.Design.Whitening = &layers.WhiteningSettings{Kernel: 3, Epsilon: 1e-2, Images: 10_000}
		r.Epochs, r.Schedule = 15, schedule.OneCycle(0.6, 3, 15)
	}},
	{"averaging", "moving average of the weights", 0.941, 34, func(r *Recipe) {
		r.Averaging = Averaging{Every: 5, Decay: 0.99}
		r.Augmentations[2] = data.Cutout{Height: 5, Width: 5}
		r.Epochs, r.Schedule = 13, through([][2]float64{{0, 0}, {13. / 5, 1}, {11, 0.1}})
	}},
	{"flip-test", "test-time flip averaging, no cutout", 0.941, 26, func(r *Recipe) {
		r.TestViews = FlipViews
		r.Augmentations = r.Augmentations[:2]
		r.Epochs, r.Schedule = 10, through([][2]float64{{0, 0}, {2, 1}, {8, 0.1}})
	}},
	{"long", "to convergence: 80 epochs, large cutout", 0.961, 0, func(r *Recipe) {
		r.Augmentations = append(r.Augmentations, data.Cutout{Height: 12, Width: 12})
		r.Epochs, r.Schedule = 80, through([][2]float64{{0, 0}, {16, 0.4}, {78, 0.04}})
	}},
}
