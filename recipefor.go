package fastresnet

import (
	"fmt"
	"math"
	"slices"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/fastresnet/fastresnet/schedule"
)

// RecipeFor is the recipe for a training set of your own, and what [Train] runs on one unless [WithRecipe] says
// otherwise: resnet9 at width 16, for as many epochs as take a few minutes on two cores.
//
//	images        batch   epochs, for images of up to 32x32
//	up to 999        32       80
//	up to 4,999      64       50
//	up to 19,999    128       30
//	more            128       24
//
// Larger images take fewer epochs, half as many where the side is twice as long, and at least 15. A batch is no larger than
// the set. Images in colour are changed as photographs are, by [data.PhotographAugmentations], and grey ones as drawings,
// by [data.DrawingAugmentations].
//
// Time goes with images · epochs · pixels: on two cores of 2021 or later, 1,000 images of 32x32 take about a second an
// epoch. The recipe is the same on every device, so that results are, too; with a GPU, or with patience, a larger
// [WithWidth] and more of [WithEpochs] do better.
func RecipeFor(train *data.Dataset) Recipe {
	n := train.Len()
	batch, epochs := 128, 24
	switch {
	case n < 1_000:
		batch, epochs = 32, 80
	case n < 5_000:
		batch, epochs = 64, 50
	case n < 20_000:
		batch, epochs = 128, 30
	}
	r := ResNet9Epochs24()
	r.Name, r.Published = "own", Published{}
	if n > 0 {
		shape := train.Shape()
		r.Description = fmt.Sprintf("for %v", train)
		batch = min(batch, n)
		if larger := math.Sqrt(float64(shape.Height*shape.Width)) / 32; larger > 1 {
			epochs = max(15, int(math.Round(float64(epochs)/larger)))
		}
		r.Augmentations = data.PhotographAugmentations(shape)
		if shape.Channels == 1 {
			r.Augmentations = data.DrawingAugmentations(shape)
		}
	}
	const peak, published = 0.4, 512 // of the rate, for a batch
	r.Design = layers.ResNet9()
	r.Design.Width = 16
	r.BatchSize, r.Epochs = batch, epochs
	r.Schedule = schedule.OneCycle(peak*float64(batch)/published, float64(epochs)/5, float64(epochs))
	return r
}

// ownRecipe says whether a training set is one for RecipeFor: any but CIFAR-10, or a part of it.
func ownRecipe(train *data.Dataset) bool {
	return train.Len() > 0 && !slices.Equal(train.Classes(), data.CIFAR10Classes())
}
