package fastresnet

import (
	"fmt"
	"slices"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/layers"
)

// fineTuningRecipe is the name of the recipes of [FineTuning].
const fineTuningRecipe = "fine-tune"

// Body stands, in [Recipe.Frozen] and [WithFrozen], for all parts of a network but its classifier.
const Body = "body"

// FineTuning is the recipe for training a model further on a set of images of one's own, and what [Train] runs with
// [WithInitialModel] unless [WithRecipe] says otherwise. It is zero if the model is nil or zero.
//
// The network, what moves it and how its loss and its views are made are those of the recipe that made the model.
// Batch, epochs and augmentations are those of [RecipeFor] the set, at half the epochs. Learning rates follow the
// model's schedule, stretched to the epochs and scaled to the batch, and fall to 0.7 from each part of the network to
// the one before it ([Recipe.LayerDecay]), so that the classifier, which may be new, learns the fastest.
func FineTuning(m *Model, train *data.Dataset) Recipe {
	if m.made() != nil {
		return Recipe{}
	}
	return fineTuning(m.Record().Recipe, m.Network(), train)
}

// fineTuning is the recipe for a network that another recipe has trained.
func fineTuning(r Recipe, network layers.Network, train *data.Dataset) Recipe {
	own := RecipeFor(train)
	r = r.Clone()
	r.Name, r.Description, r.Published = fineTuningRecipe, fmt.Sprintf("%s, trained further", network.Name), Published{}
	epochs, batch := max(1, own.Epochs/2), own.BatchSize
	stretched, scaled := factor(r.Epochs, epochs), factor(r.BatchSize, batch)
	r.Schedule = r.Schedule.Stretch(stretched).Scale(scaled)
	r.Groups = stretch(r.Groups, stretched, scaled)
	r.Epochs, r.BatchSize, r.KeepIncompleteBatch = epochs, batch, false
	r.Augmentations, r.Mixing, r.Loading, r.ClassWeights, r.Averaging = own.Augmentations, own.Mixing, own.Loading, nil, Averaging{}
	r.Frozen, r.LayerDecay = nil, 0.7
	if r.Network != nil && train.Len() > 0 {
		if n, err := network.For(train.Shape(), len(train.Classes())); err == nil { // else Train says what does not fit
			r.Network = &n
		}
	}
	return r
}

// WithInitialModel has the run start from the weights and running statistics that a model computes with, and not from
// random ones. The model itself is left as it is: it may be closed when Train returns.
//
// Each variable of the run's network takes the value of the model's variable of the same name and shape. The classifier
// starts anew if the training set's classes, or their order, are others than the model's. Anything else that does not
// fit is an error that names it. [Record.WarmStart] says what was taken. Images are normalised as the model knows it;
// they may be of another size, if the network's pools leave something of them.
//
// The recipe is [FineTuning]'s unless [WithRecipe] is given: its network must then be the model's. To train a finished
// run for some more epochs, give the recipe of its [Model.Record]. With [WithEpochs] 0 the run only makes the
// model for the training set's images and classes. Default: none.
func WithInitialModel(m *Model) Option {
	return trainOption(func(c *config) {
		if c.initial, c.initialError = copyOf(m); c.initialError != nil {
			c.initialError = fmt.Errorf("the initial model: %w", c.initialError)
		}
	})
}

// WithFrozen has parts of the network stay as they start: see [Recipe.Frozen]. Default: the recipe's, none.
func WithFrozen(parts ...string) Option {
	parts = slices.Clone(parts)
	return change(func(r *Recipe) { r.Frozen = parts })
}

// WithLayerDecay sets how learning rates fall from the classifier to the first part of the network: see
// [Recipe.LayerDecay]. Default: the recipe's, 1, and 0.7 in [FineTuning].
func WithLayerDecay(factor float64) Option {
	return change(func(r *Recipe) { r.LayerDecay = factor })
}

// frozenLayers are the layers of the network that the recipe freezes, by name.
func (r Recipe) frozenLayers(n layers.Network) (map[string]bool, error) {
	frozen, trained := map[string]bool{}, false
	used := map[string]bool{}
	for _, name := range n.LayerNames() {
		for _, part := range r.Frozen {
			if name == part || len(name) > len(part) && name[:len(part)+1] == part+"/" || part == Body && name != n.ClassifierName() {
				frozen[name], used[part] = true, true
			}
		}
		trained = trained || !frozen[name]
	}
	for _, part := range r.Frozen {
		if !used[part] {
			return nil, fmt.Errorf("frozen %q is no part of the network: want some of %q, layers in them, or %q", part, n.Parts(), Body)
		}
	}
	if !trained {
		return nil, fmt.Errorf("all layers are frozen, which leaves nothing to train")
	}
	return frozen, nil
}

// rateFactors are by what the learning rates of the network's layers are multiplied, by name.
func (r Recipe) rateFactors(n layers.Network) map[string]float64 {
	if r.LayerDecay == 0 || r.LayerDecay == 1 {
		return nil
	}
	byPart, factor := map[string]float64{}, 1.0
	for _, part := range slices.Backward(n.Parts()) {
		byPart[part] = factor
		factor *= r.LayerDecay
	}
	factors := map[string]float64{}
	for _, name := range n.LayerNames() {
		factors[name] = byPart[layers.PartOf(name)]
	}
	return factors
}
