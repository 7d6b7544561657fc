package fastresnet

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/layers"
)

// Selection has a run train on a part of each batch: the images that a small network finds the hardest, those that have
// the highest losses (https://arxiv.org/abs/1906.11829 selects by a small network, https://arxiv.org/abs/1910.00762 the
// hardest of a batch). That network sees every epoch right before the run's own does, with the same augmentations, and
// learns from what it selects, by the recipe's schedule, optimizers, label smoothing and class weights, whatever else the
// recipe or [WithInitialModel] says. It is not part of the model.
//
// It saves time where most images have become easy, and the small network costs little beside the large one. An [Epoch]
// then counts, and measures the training loss of, the images that were selected. What selecting takes is part of the time
// of the epoch's first step; observers do not hear of it. On XLA the small network has a copy of the training set of its
// own. Mixing and incomplete batches do not go with a selection.
type Selection struct {
	// Design is what the small network is made of. Its width is its own: that of layers.ResNet9, 64, is large beside most
	// networks. [WithWidth] changes it by the same factor as the run's.
	Design layers.Design `json:"design"`
	// Share is the part of a batch that is trained on, more than 0 and below 1, rounded down, and one image at least. The
	// learning rate is for the mean loss of those.
	Share float64 `json:"share"`
	// Every is how often the small network learns: in the first of every so many steps of an epoch, at least 1. In the
	// others it only looks at the batch, which is about a third of the work.
	Every int `json:"every"`
}

// ImagesPerStep is the number of images that a whole step trains on: BatchSize, or the part of it that Selection takes.
func (r Recipe) ImagesPerStep() int {
	if r.Selection == nil {
		return r.BatchSize
	}
	const rounding = 1e-9
	return max(1, int(r.Selection.Share*float64(r.BatchSize)+rounding))
}

// OfWidth is a copy of the recipe whose design has a width, as by [WithWidth]. A selection's is in proportion, at least 1; a
// network of one's own has no width, and stays as it is.
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

// selectionProblems lists everything that is wrong with the selection, whatever the data set is.
func (r Recipe) selectionProblems() error {
	s := r.Selection
	if s == nil {
		return nil
	}
	var errs []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf("%w: selection: "+format, append([]any{ErrOption}, args...)...))
		}
	}
	check(s.Share > 0 && s.Share < 1, "a share of %g, need more than 0 and less than 1", s.Share)
	check(s.Every >= 1, "a network that learns every %d steps, need at least 1", s.Every)
	check(r.Mixing.Kind == data.NoMixing, "not with mixing, as losses of mixed images say little about either")
	check(!r.KeepIncompleteBatch, "not with incomplete batches")
	if err := s.Design.Validate(); err != nil {
		check(false, "%w", err)
	}
	return errors.Join(errs...)
}

// settleSelector makes the small network of the recipe's selection for the images.
func (c *config) settleSelector(shape data.Shape, classes int) error {
	s := c.recipe.Selection
	if s == nil || s.Design.Validate() != nil { // a problem of the recipe
		return nil
	}
	network, err := s.Design.Network(shape, classes)
	if err != nil {
		return fmt.Errorf("selection: %w", err)
	}
	if n := network.Parameters(); n > maxParameters {
		return fmt.Errorf("selection: the network has %d parameters, need no more than %d", n, maxParameters)
	}
	c.selector = &network
	return nil
}

// selectorConfig is the run of the small network, given that of the run's own.
func (c *config) selectorConfig(cfg engine.Config) engine.Config {
	cfg.Network = *c.selector
	cfg.Batch, cfg.Hardest, cfg.Selected = c.recipe.BatchSize, cfg.Batch, 0
	cfg.AverageEvery, cfg.Average, cfg.StepsPerDispatch, cfg.LossEvery = 0, engine.Average{}, 1, 0
	cfg.Initial, cfg.Frozen, cfg.RateFactors = nil, nil, nil
	return cfg
}

// selector is the small network of a run with a [Selection].
type selector struct {
	recipe  Recipe
	trainer *engine.Trainer
	// epoch is the last one that it has begun, and before and after are its state there.
	epoch         int
	before, after engine.Snapshot
}

// newSelector is nil for a run without a selection.
func newSelector(ctx context.Context, c *config, device *engine.Device, cfg engine.Config) (*selector, error) {
	if c.selector == nil {
		return nil, nil
	}
	trainer, err := engine.NewTrainer(ctx, device, c.selectorConfig(cfg), c.train)
	if err != nil {
		return nil, err
	}
	s := &selector{recipe: c.recipe, trainer: trainer}
	if s.after, err = trainer.Snapshot(); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// choose has the small network see an epoch. It returns the places in its order of the images that it selects, as many of
// each batch, and the first step, from 0, at which it diverged, or -1.
func (s *selector) choose(ctx context.Context, epoch int) (places []int32, diverged int, err error) {
	s.epoch, s.before = epoch, s.after
	steps := s.trainer.Steps()
	moves := make(engine.Moves, steps) // those behind the end of a last epoch that is cut short only look
	for step, move := range s.recipe.moves(epoch, steps) {
		if step%s.recipe.Selection.Every == 0 {
			moves[step] = move
		}
	}
	m, err := s.trainer.Epoch(ctx, epoch, moves, func(engine.Progress) {})
	if err != nil || m.Diverged >= 0 {
		return nil, m.Diverged, err
	}
	if s.after, err = s.trainer.Snapshot(); err != nil {
		return nil, -1, err
	}
	if !engine.Finite(s.after.Variables) {
		return nil, steps - 1, nil // the last step spoiled them; no loss after it tells
	}
	places, err = s.trainer.Hardest()
	return places, -1, err
}

// snapshot is the state before the epoch after so many whole ones; nil for a run without a selection.
func (s *selector) snapshot(whole int) *engine.Snapshot {
	switch {
	case s == nil:
		return nil
	case s.epoch > whole:
		return &s.before
	}
	return &s.after
}

// restore puts the small network where a snapshot was taken; nil is that of a run without a selection.
func (s *selector) restore(from *engine.Snapshot) error {
	if s == nil || from == nil {
		return nil // which a checkpoint of this run has been checked for
	}
	s.after = *from
	return s.trainer.Restore(*from)
}

// close frees what the small network takes.
func (s *selector) close() {
	if s != nil {
		s.trainer.Close()
	}
}
