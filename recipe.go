package fastresnet

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/strictjson"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/fastresnet/fastresnet/schedule"
)

// Recipe is every hyperparameter of a run, as a plain value: copy one, change it, and pass it to
// [WithRecipe]. Each field stands for itself: other Epochs do not stretch the Schedule and another
// BatchSize does not scale it, as [WithEpochs] and [WithBatchSize] do. A copy shares its slices, so replace
// them whole, or change the elements of a [Recipe.Clone].
//
// A recipe can be written as JSON and read back. Fields that are unknown, and values that a run could not
// use, are errors then; so is an augmentation that is not one of package data's.
type Recipe struct {
	// Name is short and unique, as in "resnet9-24".
	Name string `json:"name"`
	// Description says in a few words what the recipe is, or what it changes in the one before.
	Description string `json:"description"`
	// Published are the figures of its source.
	Published Published `json:"published,omitzero"`

	// Design is what the network is made of, for the images and classes of the data set, unless Network is set.
	Design layers.Design `json:"design,omitzero"`
	// Network is a network of your own; nil for the Design's. Design is zero then.
	Network *layers.Network `json:"network,omitempty"`
	// BatchSize is the number of images a step, of which Selection may take a part.
	BatchSize int `json:"batch_size"`
	// KeepIncompleteBatch also trains on the last images of an epoch when they do not fill a batch.
	KeepIncompleteBatch bool `json:"keep_incomplete_batch,omitempty"`
	// Epochs is the number of passes over the training set: 1 to 30,000, or 0 with [WithInitialModel].
	Epochs int `json:"epochs"`
	// LastEpochShare is the share of the last epoch that is trained, more than 0 and up to 1, rounded up to whole steps; 0 stands
	// for 1.
	LastEpochShare float64 `json:"last_epoch,omitempty"`
	// Schedule is the learning rate, for the mean loss of a batch, by epoch. Step i of n, counted from
	// 1, of the epoch after e whole ones uses the rate at e + i/n.
	Schedule schedule.Schedule `json:"schedule"`
	// RateBeforeStep has step i use the rate at e + (i-1)/n instead.
	RateBeforeStep bool `json:"rate_before_step,omitempty"`
	// Augmentations change every training image anew each epoch, in order.
	Augmentations data.Augmentations `json:"augmentations"`
	// Mixing combines each image of a batch with the next one, after the augmentations.
	Mixing data.Mixing `json:"mixing,omitzero"`
	// Loading is how training batches come about.
	Loading data.Loading `json:"loading,omitempty"`
	// Optimizer moves the variables that are in no group.
	Optimizer Optimizer `json:"optimizer"`
	// Groups move variables of some kinds in ways of their own.
	Groups []VariableGroup `json:"groups,omitempty"`
	// Selection trains on a part of each batch; nil for all of it.
	Selection *Selection `json:"selection,omitempty"`
	// LabelSmoothing is the share a, from 0 to below 1, of the loss that asks for all classes alike:
	// (1-a)·cross-entropy + a·mean of -log p.
	LabelSmoothing float64 `json:"label_smoothing,omitempty"`
	// ClassWeights are by how much each class counts in the loss, 0 or more: the loss of an image is multiplied by the
	// weight of its class, and with label smoothing what it asks for another class by that one's. As PyTorch's
	// CrossEntropyLoss does with reduction="sum", they are not normalised: where their mean over the images is not 1, as
	// that of [data.Dataset.ClassWeights] is, they scale the learning rate too. None for 1 each.
	ClassWeights []float64 `json:"class_weights,omitempty"`
	// Averaging has the model use an average of the weights over the steps. The zero value does not.
	Averaging Averaging `json:"averaging,omitzero"`
	// TestViews are the views of an image over which the model averages its logits.
	TestViews TestViews `json:"test_views,omitempty"`
	// Frozen are parts of the network that stay as they start, to the bit: [layers.Network.Parts], single layers by their
	// names, or [Body]. Their norms use the running statistics in training, too, and leave them as they are. No gradient is
	// computed that nobody needs: to freeze the first parts saves the most.
	Frozen []string `json:"frozen,omitempty"`
	// LayerDecay multiplies the learning rate of each part of the network once for every part behind it (layer-wise
	// decay, as in https://arxiv.org/abs/1801.06146): more than 0 and up to 1, and 0 stands for 1.
	LayerDecay float64 `json:"layer_decay,omitempty"`
}

// Published are the figures that a recipe's source reports for it. What it does not report is 0.
type Published struct {
	// Accuracy on the test set, 0 to 1.
	Accuracy float64 `json:"accuracy,omitempty"`
	// Seconds of training, on Hardware.
	Seconds  float64 `json:"seconds,omitempty"`
	Hardware string  `json:"hardware,omitempty"`
}

// Averaging is an exponential moving average of the weights and the running statistics. It starts at their initial values.
// After n steps these still have a share of Decay to the power of n, unless Power or Lookahead is set: more than half after
// 60 steps at 0.99. So a short run with an average tests badly, however well it trains.
type Averaging struct {
	// Every is the number of steps after which the average moves; 0 for no averaging.
	Every int `json:"every"`
	// Decay is the share of the average that is kept for each of those steps, from 0 to below 1: together
	// they keep Decay to the power of Every.
	Decay float64 `json:"decay"`
	// If Power is above 0, the share kept, Decay to the power of Every, is multiplied by (steps taken / steps of the
	// run)^Power, so that the average keeps less at first.
	Power float64 `json:"power,omitempty"`
	// Lookahead has training go on from the average each time it has moved (https://arxiv.org/abs/1907.08610). The
	// velocities of the optimizer stay as they are.
	Lookahead bool `json:"lookahead,omitempty"`
}

// TestViews are the views of an image over which a model averages its logits: [OneView], [FlipViews], [FlipTranslateViews]
// or [SixViews].
type TestViews string

// The views of a [Recipe].
const (
	// OneView is the image as it is.
	OneView TestViews = ""
	// FlipViews are the image and its mirror image, of equal weight.
	FlipViews TestViews = "flip"
	// FlipTranslateViews are FlipViews of the image, of weight 1/4 each, and those of the image moved by a
	// pixel up and left, and down and right, of weight 1/8 each. What moves in is the reflection in the edge, and so
	// images must have 2x2 pixels at least.
	FlipTranslateViews TestViews = "flip, translate"
	// SixViews are those of FlipTranslateViews with equal weights.
	SixViews TestViews = "six"
)

// known says whether there are such views.
func (v TestViews) known() bool {
	return slices.Contains([]TestViews{OneView, FlipViews, FlipTranslateViews, SixViews}, v)
}

// Clone is a copy that shares nothing with the recipe.
func (r Recipe) Clone() Recipe {
	r.Design = r.Design.Clone()
	if r.Network != nil {
		n := r.Network.Clone()
		r.Network = &n
	}
	if r.Selection != nil {
		s := *r.Selection
		s.Design = s.Design.Clone()
		r.Selection = &s
	}
	r.Schedule, r.Augmentations = slices.Clone(r.Schedule), slices.Clone(r.Augmentations)
	r.Groups, r.ClassWeights, r.Frozen = slices.Clone(r.Groups), slices.Clone(r.ClassWeights), slices.Clone(r.Frozen)
	for i := range r.Groups {
		r.Groups[i].Schedule = slices.Clone(r.Groups[i].Schedule)
	}
	return r
}

// ImagesPerStep is the number of images that a whole step trains on: BatchSize, or the part of it that Selection takes.
func (r Recipe) ImagesPerStep() int {
	if r.Selection == nil {
		return r.BatchSize
	}
	return r.Selection.of(r.BatchSize)
}

// OfWidth is a copy of the recipe whose design has a width, as by [WithWidth]. A selection's is in proportion, at least 1; a
// network of your own has no width, and stays as it is.
func (r Recipe) OfWidth(width int) Recipe {
	before := r.Design.Width
	r = r.Clone()
	if r.Network != nil {
		return r
	}
	r.Design.Width = width
	if s := r.Selection; s != nil && s.Design.Width > 0 {
		s.Design.Width = max(1, int(math.Round(float64(s.Design.Width)*factor(float64(before), float64(width)))))
	}
	return r
}

// factor is by how much a number changes; 1 where one that is no good would make it useless.
func factor(before, after float64) float64 {
	if !(before > 0 && after > 0) {
		return 1
	}
	return after / before
}

// MarshalJSON writes the recipe, and its optimizer by its name.
func (r Recipe) MarshalJSON() ([]byte, error) {
	type plain Recipe // without this method
	return json.Marshal(struct {
		plain
		Optimizer optimizerJSON `json:"optimizer"`
	}{plain(r), optimizerJSON{r.Optimizer}})
}

// UnmarshalJSON reads a recipe, whole: what the text leaves out is zero. Its errors wrap [ErrOption].
func (r *Recipe) UnmarshalJSON(text []byte) error {
	type plain Recipe // without this method
	var in struct {
		plain
		Optimizer optimizerJSON `json:"optimizer"`
	}
	if err := strictjson.Unmarshal(text, &in, "stages"); err != nil { // null for a design that has none
		return fmt.Errorf("%w: recipe: %w", ErrOption, err)
	}
	read := Recipe(in.plain)
	read.Optimizer = in.Optimizer.Optimizer
	if p := read.problems(); len(p) > 0 {
		return fmt.Errorf("recipe: %w", errors.Join(p...))
	}
	*r = read
	return nil
}

// maxEpochs is how many have their history in the header of a model's file, and of a checkpoint: up to 330 bytes each, of the
// 16 MiB that it may have.
const maxEpochs = 30_000

// problems lists everything that is wrong with the recipe whatever the data set is.
func (r Recipe) problems() (p problems) {
	p.want(r.BatchSize >= 1, "batch size %d, need at least 1", r.BatchSize)
	p.want(r.Epochs >= 0 && r.Epochs <= maxEpochs, "%d epochs, need 0 to %d", r.Epochs, maxEpochs)
	p.want(r.LastEpochShare >= 0 && r.LastEpochShare <= 1, "last epoch %g, need 0 (for 1) to 1", r.LastEpochShare)
	p.want(r.LastEpochShare == 0 || r.Epochs >= 1, "a share of the last epoch, and no epoch")
	p.add(optimizerProblem(r.Optimizer))
	p.want(r.LabelSmoothing >= 0 && r.LabelSmoothing < 1, "label smoothing %g, need 0 to below 1", r.LabelSmoothing)
	for class, w := range r.ClassWeights {
		p.want(w >= 0 && w <= math.MaxFloat32, "weight %g of class %d, need 0 or more", w, class)
	}
	p.want(r.ClassWeights == nil || slices.ContainsFunc(r.ClassWeights, func(w float64) bool { return w > 0 }), "class weights %v, need one above 0", r.ClassWeights)
	p.want(r.LayerDecay >= 0 && r.LayerDecay <= 1, "layer decay %g, need 0 (for 1) to 1", r.LayerDecay)
	p.want(r.Averaging.Every >= 0, "averaging every %d steps, need 0 (none) or more", r.Averaging.Every)
	p.want(r.Averaging.Decay >= 0 && r.Averaging.Decay < 1, "averaging decay %g, need 0 to below 1", r.Averaging.Decay)
	p.want(r.Averaging.Power >= 0 && r.Averaging.Power <= math.MaxFloat32, "averaging power %g, need 0 or more", r.Averaging.Power)
	p.want(r.Averaging.Every > 0 || r.Averaging.Power == 0 && !r.Averaging.Lookahead, "averaging with a power or lookahead every 0 steps, which is none")
	p.want(r.TestViews.known(), "test views %q, want %q, %q, %q or %q", r.TestViews, OneView, FlipViews, FlipTranslateViews, SixViews)
	p.want(r.Published.Accuracy >= 0 && r.Published.Accuracy <= 1, "published accuracy %g, need 0 to 1", r.Published.Accuracy)
	p.want(r.Published.Seconds >= 0 && r.Published.Seconds <= math.MaxFloat64, "published seconds %g, need 0 or more", r.Published.Seconds)
	p.add(r.Mixing.Validate())
	p.add(r.Loading.Validate())
	if err := r.follows(r.Schedule); err != nil {
		p = append(p, err)
	}
	p = append(p, r.groupProblems()...)
	if s := r.Selection; s != nil {
		p = append(p, s.problems()...)
		p.want(r.Mixing.Kind == data.NoMixing, "selection: not with mixing, as losses of mixed images say little about either")
		p.want(!r.KeepIncompleteBatch, "selection: not with incomplete batches")
	}
	for i, a := range r.Augmentations {
		p.want(a != nil, "augmentation %d is nil", i)
	}
	p.add(r.architectureProblem())
	return p
}

// architectureProblem is what is wrong with the network, whatever it is to be trained on.
func (r Recipe) architectureProblem() error {
	if r.Network == nil {
		return r.Design.Validate()
	}
	if !reflect.DeepEqual(r.Design, layers.Design{}) {
		return fmt.Errorf("%w: the recipe has a design, %q, and a network, %q", layers.ErrNetwork, r.Design.Name, r.Network.Name)
	}
	_, err := r.Network.Plan()
	return err
}

// architecture is what makes the network.
func (r Recipe) architecture() layers.Architecture {
	if r.Network != nil {
		return *r.Network
	}
	return r.Design
}

// groupProblems lists everything that is wrong with the groups.
func (r Recipe) groupProblems() (p problems) {
	seen := map[layers.VariableKind]bool{}
	for i, g := range r.Groups {
		p.want(slices.Contains(layers.VariableKinds(), g.Variables), "group %d: variables %q, want one of %q", i, g.Variables, layers.VariableKinds())
		p.want(!seen[g.Variables], "group %d: a second one of %s", i, g.Variables)
		seen[g.Variables] = true
		p.want(g.RateFactor >= 0 && g.RateFactor <= math.MaxFloat32, "group %d: rate factor %g, need 0 or more", i, g.RateFactor)
		if err := optimizerProblem(g.Optimizer); err != nil {
			p.add(fmt.Errorf("group %d: %w", i, err))
		}
		if _, muon := g.Optimizer.(Muon); muon {
			p.want(g.Variables == layers.KindFilters || g.Variables == layers.KindLinearWeights, "group %d: muon for %s, which are no matrices", i, g.Variables)
		}
		peak := r.Schedule.Peak()
		if len(g.Schedule) > 0 {
			peak = g.Schedule.Peak()
			if err := r.follows(g.Schedule); err != nil {
				p = append(p, fmt.Errorf("group %d: %w", i, err))
			}
		}
		if max(peak, g.RateFactor) <= math.MaxFloat32 {
			p.want(peak*g.RateFactor <= math.MaxFloat32, "group %d: rate factor %g of a rate of %g, need a float32", i, g.RateFactor, peak)
		}
	}
	return p
}

// follows reports whether the run can follow a schedule.
func (r Recipe) follows(s schedule.Schedule) error {
	if err := s.Validate(); err != nil {
		return fmt.Errorf("%w: %w", ErrOption, err)
	}
	if peak := s.Peak(); peak > math.MaxFloat32 {
		return fmt.Errorf("%w: the schedule has a rate of %g, need a float32", ErrOption, peak)
	}
	const rounding = 1e-9
	if r.Epochs >= 1 && s.End() > float64(r.Epochs)+rounding {
		return fmt.Errorf("%w: the schedule's last knot is at epoch %g of a run of %d epochs: end it at %d (Schedule.Stretch), "+
			"or train for %g epochs (WithEpochs keeps a schedule of WithSchedule as it is, and stretches a recipe's)",
			ErrOption, s.End(), r.Epochs, r.Epochs, math.Ceil(s.End()-rounding))
	}
	return nil
}
