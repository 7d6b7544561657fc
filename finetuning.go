package fastresnet

import (
	"fmt"
	"math"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/layers"
)

// FineTuning is the recipe for training a model further on a set of images of your own, and what [Train] runs with
// [WithInitialModel] unless [WithRecipe] says otherwise. It is zero if the model is nil or zero.
//
// The network, what moves it and how its loss and its views are made are those of the recipe that made the model, without
// its Selection. Augmentations are those of [RecipeFor] the set, with half of its batch, or what the groups of ghost norms
// divide, and half of its epochs. Learning rates follow the model's schedule, stretched to the epochs. They are scaled by the
// square root of the batch: in proportion to it, as few steps as a small set makes would lead nowhere. From each part of the
// network to the one before it they fall to 0.7 ([Recipe.LayerDecay]), so that the classifier, which may be new, learns the
// fastest.
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
	r.Name, r.Description, r.Published = "fine-tune", fmt.Sprintf("%s, trained further", network.Name), Published{}
	epochs, batch := max(1, own.Epochs/2), max(1, own.BatchSize/2)
	if groups, n := normGroups(network), train.Len(); groups > 1 && n >= groups {
		batch = min((batch+groups-1)/groups, n/groups) * groups
	}
	stretched, scaled := factor(r.scheduled(), float64(epochs)), math.Sqrt(factor(float64(r.ImagesPerStep()), float64(batch)))
	r.Schedule = r.Schedule.Stretch(stretched).Scale(scaled)
	r.Groups = stretch(r.Groups, stretched, scaled)
	r.Epochs, r.LastEpochShare, r.BatchSize, r.KeepIncompleteBatch = epochs, 0, batch, false
	r.Augmentations, r.Mixing, r.Loading, r.ClassWeights, r.Averaging = own.Augmentations, own.Mixing, own.Loading, nil, Averaging{}
	r.Selection = nil
	r.Frozen, r.LayerDecay = nil, 0.7
	if r.Network != nil && train.Len() > 0 {
		if n, err := network.ForImages(train.Shape(), len(train.Classes())); err == nil { // else Train says what does not fit
			r.Network = &n
		}
	}
	return r
}

// normGroups is what the groups of a network's batch norms all divide.
func normGroups(n layers.Network) int {
	all := 1
	steps, _ := n.Plan()
	for _, s := range steps {
		if norm, is := s.Layer.(layers.BatchNorm); is && norm.Groups > 1 {
			a, b := all, norm.Groups
			for b != 0 {
				a, b = b, a%b
			}
			all *= norm.Groups / a
		}
	}
	return all
}
