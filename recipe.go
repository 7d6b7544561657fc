package fastresnet

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/schedule"
)

// Recipe is every hyperparameter of a run, as a plain value: copy one, change it, and pass it to
// [WithRecipe]. Each field stands for itself: other Epochs do not stretch the Schedule and another
// BatchSize does not scale it, as [WithEpochs] and [WithBatchSize] do. A copy shares its slices, so replace
// them whole, or change the elements of a [Recipe.Clone].
type Recipe struct {
	// Name is short and unique, as in "resnet9-24".
	Name string
	// Description says in a few words what the recipe is.
	Description string
	// Published are the figures of its source.
	Published Published

	// Architecture names a network that layers.New knows, such as "resnet9". In a [Result] of
	// [WithNetwork] it is that network's name, and Width is 0.
	Architecture string
	// Width is the number of channels of the network's first stage; the others are in proportion.
	Width int
	// BatchSize is the number of images a step.
	BatchSize int
	// KeepIncompleteBatch also trains on the last images of an epoch when they do not fill a batch.
	KeepIncompleteBatch bool
	// Epochs is the number of passes over the training set.
	Epochs int
	// Schedule is the learning rate, for the mean loss of a batch, by epoch. Step i of n, counted from
	// 1, of the epoch after e whole ones uses the rate at e + i/n.
	Schedule schedule.Schedule
	// Augmentations change every training image anew each epoch, in order.
	Augmentations []data.Augmentation
	// Momentum is Nesterov's, from 0 to below 1.
	Momentum float64
	// WeightDecay is the coefficient of each trainable parameter in the gradient of the mean loss.
	WeightDecay float64
}

// Published are the figures that a recipe's source reports for it.
type Published struct {
	// Accuracy on the test set, 0 to 1.
	Accuracy float64
	// Seconds of training, on Hardware.
	Seconds  float64
	Hardware string
}

// The named recipes. Source: the series "How to train your ResNet", its rungs 17 and 18. Learning rates
// are for the mean loss; each comes with the reason that the series gives.
var (
	// ResNet9Epochs24 reaches 94 % on CIFAR-10, in 79 s on one V100 in its source. It is what [Train]
	// runs by default.
	ResNet9Epochs24 = resNet9Epochs24()
	// ResNet9Epochs20 is the rung before: the same network for 20 epochs.
	ResNet9Epochs20 = resNet9Epochs20()
)

func resNet9Epochs24() Recipe {
	return Recipe{
		Name:         "resnet9-24",
		Description:  "residual branches in layers 1 and 3, 24 epochs",
		Published:    Published{Accuracy: 0.9408, Seconds: 79, Hardware: "V100"},
		Architecture: "resnet9",
		Width:        64,
		BatchSize:    512, // large enough to fill a GPU, small enough to train in few epochs
		Epochs:       24,
		Schedule:     schedule.SlantedOneCycle(0.4, 5, 24), // a short climb, a long descent to 0
		Augmentations: []data.Augmentation{
			data.Crop{Pad: 4},
			data.FlipLR{},
			data.Cutout{Height: 8, Width: 8}, // regularises where weight decay no longer does
		},
		Momentum:    0.9,
		WeightDecay: 5e-4,
	}
}

func resNet9Epochs20() Recipe {
	r := resNet9Epochs24()
	r.Name, r.Description = "resnet9-20", "residual branches in layers 1 and 3, 20 epochs"
	r.Published = Published{Accuracy: 0.938, Seconds: 66, Hardware: "V100"}
	r.Epochs, r.Schedule = 20, schedule.SlantedOneCycle(0.4, 4, 20)
	return r
}

// Recipes lists the named recipes in the order of their source.
func Recipes() []Recipe {
	return []Recipe{resNet9Epochs20(), resNet9Epochs24()}
}

// RecipeByName finds a named recipe. The error wraps [ErrOption] and lists the names.
func RecipeByName(name string) (Recipe, error) {
	var names []string
	for _, r := range Recipes() {
		if r.Name == name {
			return r, nil
		}
		names = append(names, r.Name)
	}
	return Recipe{}, fmt.Errorf("%w: recipe %q is unknown, want one of: %s", ErrOption, name, strings.Join(names, ", "))
}

// Clone is a copy that shares nothing with the recipe.
func (r Recipe) Clone() Recipe {
	r.Schedule, r.Augmentations = slices.Clone(r.Schedule), slices.Clone(r.Augmentations)
	return r
}

// problems lists everything that is wrong with the recipe whatever the data set is.
func (r Recipe) problems() []error {
	var errs []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf("%w: "+format, append([]any{ErrOption}, args...)...))
		}
	}
	check(r.BatchSize >= 1, "batch size %d, need at least 1", r.BatchSize)
	check(r.Epochs >= 1, "%d epochs, need at least 1", r.Epochs)
	check(r.Momentum >= 0 && r.Momentum < 1, "momentum %g, need 0 to below 1", r.Momentum)
	check(r.WeightDecay >= 0 && r.WeightDecay <= 1, "weight decay %g, need 0 to 1", r.WeightDecay)
	if err := r.Schedule.Validate(); err != nil {
		errs = append(errs, fmt.Errorf("%w: %w", ErrOption, err))
	} else if r.Epochs >= 1 {
		const rounding = 1e-9
		check(r.Schedule.End() <= float64(r.Epochs)+rounding, "the schedule's last knot is at epoch %g of a run of %d epochs",
			r.Schedule.End(), r.Epochs)
	}
	for i, a := range r.Augmentations {
		check(a != nil, "augmentation %d is nil", i)
	}
	return errs
}
