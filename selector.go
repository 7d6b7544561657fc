package fastresnet

import (
	"context"
	"fmt"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/engine"
)

// settleSelector makes the small network of the recipe's selection for the images.
func (c *config) settleSelector(shape data.Shape, classes int) error {
	s := c.recipe.Selection
	if s == nil || s.Design.Validate() != nil { // a problem of the recipe
		return nil
	}
	network, err := s.Design.Build(shape, classes)
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
	cfg.Average, cfg.StepsPerDispatch, cfg.LossEvery = engine.Average{}, 1, 0
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
