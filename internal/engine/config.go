package engine

import (
	"cmp"
	"time"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/layers"
)

// Config is what a training run is made of, validated by the caller.
type Config struct {
	Network       layers.Network
	Normalization data.Normalization
	Augmentations []data.Augmentation
	Mixing        data.Mixing
	Loading       data.Loading
	// Optimizer moves the trainable variables that are in no group.
	Optimizer Optimizer
	// Groups move kinds of variables at rates of their own.
	Groups []Group
	// LabelSmoothing is the share of the loss that asks for all classes alike.
	LabelSmoothing float64
	// ClassWeights are by how much each class counts in the loss; nil for 1 each.
	ClassWeights []float32
	// Average is that of the variables, if there is one.
	Average Average
	// Views are the views of an image whose logits are added up, weighted, to the model's; none for the image alone.
	Views []View
	// Batch is the number of images a step; the loss of a step is its sum over the images, divided by it.
	Batch int
	// Hardest, if more than 0, has a step learn from the images of its batch that have the highest losses, so many: the
	// sum of their losses, divided by their number. [Stepper.Hardest] says which they were; metrics are of the whole batch. It
	// goes with neither KeepIncomplete nor StepsPerDispatch, and a step that moves nothing then only looks at its batch.
	Hardest int
	// Selected, if more than 0, is how many images an epoch trains on, in the order of the epoch: those that
	// [Trainer.Select] names.
	Selected int
	// KeepIncomplete also trains on an epoch's last batch when it is smaller than Batch.
	KeepIncomplete bool
	// StepsPerDispatch, if more than 1, is how many steps one executable takes where as many full batches
	// are left, the training set is on the device and they are known to fit half a second. Every dispatch
	// waits for the device, so several steps in one save that wait. They are a loop, whose body is compiled once.
	//
	// On XLA's CPU plugin a loop is slower than single steps (BENCHMARKS.md). On a GPU, where the wait and the gaps between
	// launches weigh more, it has not been measured yet.
	StepsPerDispatch int
	// LossEvery is the number of steps after which the loss is read even if the device must be waited for; 0 for never.
	LossEvery int
	// DispatchLimit is how long a dispatch of several steps may last; 0 stands for half a second.
	DispatchLimit time.Duration
	// BFloat16 has the network compute in bfloat16 rather than in float32. Weights, statistics and loss are float32.
	BFloat16 bool
	Seed     uint64
	// Initial are the values that variables start from, by name, in place of those that the seed draws.
	Initial map[string][]float32
	// Frozen are the names of layers whose variables stay as they start, and which normalise by running statistics in
	// training, too.
	Frozen map[string]bool
	// RateFactors multiply the learning rates of layers, by name; 1 for those that are not there.
	RateFactors map[string]float64

	// inspect is told what each augmentation makes of an image, but for leading ones that only move pixels: see [Trainer.Spoiler].
	inspect func(augmentation int, image []float32)
}

// Group is the variables of a kind.
type Group struct {
	Kind      layers.VariableKind
	Optimizer Optimizer
}

// Moves say how the steps of an epoch move the variables: by step, one for the variables that are in no group, and then one
// for each group; none at all for a step that only looks at its batch ([Config.Hardest]).
type Moves [][]Move

// Move is what changes of an optimizer from step to step.
type Move struct {
	// Rate is the learning rate.
	Rate float32
	// Rescale has [Muon] bring the norms of filter banks back before the step.
	Rescale bool
}

// OptimizerOf is what moves a trainable variable, and which of a step's [Moves] it uses.
func (c Config) OptimizerOf(v layers.Variable) (o Optimizer, move int) {
	for i, g := range c.Groups {
		if g.Kind == v.Kind() {
			return g.Optimizer, 1 + i
		}
	}
	return c.Optimizer, 0
}

// RateFactor multiplies the learning rate of a variable.
func (c Config) RateFactor(v layers.Variable) float64 {
	if factor, ok := c.RateFactors[v.Layer()]; ok {
		return factor
	}
	return 1
}

// IsFrozen says whether a variable stays as it starts because its layer does.
func (c Config) IsFrozen(v layers.Variable) bool { return c.Frozen[v.Layer()] }

// Trainable are those of the network's variables that have a gradient, in order.
func (c Config) Trainable(variables []layers.Variable) []layers.Variable {
	var with []layers.Variable
	for _, v := range variables {
		if v.Trainable && !c.IsFrozen(v) {
			with = append(with, v)
		}
	}
	return with
}

// EpochImages is how many images an epoch goes through, of a training set of n.
func (c Config) EpochImages(n int) int { return cmp.Or(c.Selected, n) }

// LossImages is how many images of a whole batch count in its loss.
func (c Config) LossImages() int { return cmp.Or(c.Hardest, c.Batch) }

// Steps is the number of steps in an epoch over n images.
func (c Config) Steps(n int) int {
	if c.KeepIncomplete {
		n += c.Batch - 1
	}
	return n / c.Batch
}
