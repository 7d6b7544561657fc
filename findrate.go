package fastresnet

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/fastresnet/fastresnet/internal/engine"
)

// RatePoint is the mean loss of a step's batch, before the step, at a learning rate.
type RatePoint struct {
	// Step counts from 1.
	Step       int
	Rate, Loss float64
}

// FindRate trains the network of the options for some 100 steps, at learning rates that rise from a thousandth of the
// schedule's peak to a hundred times the peak, by the same factor each, and returns the loss at each. It ends before
// that when the loss is four times the lowest. Nothing is kept: what to make of the curve, and [WithPeakRate], is the
// caller's. A rate somewhat below that at which the loss falls the fastest, [SteepestRate], is a usual peak (Smith 2015,
// https://arxiv.org/abs/1506.01186).
//
// The rates of [VariableGroup] rise with the recipe's own. Options about checkpoints, tests, observers and dispatches do
// not count. Errors are those of [Train], but for [ErrDiverged], which ends the curve, and 0 epochs are one.
func FindRate(ctx context.Context, opts ...Option) (curve []RatePoint, err error) {
	defer guard(&err)
	if err := given(ctx); err != nil {
		return nil, err
	}
	c, err := configure(opts)
	if err != nil {
		return nil, err
	}
	if c.recipe.Epochs == 0 {
		return nil, fmt.Errorf("%w: 0 epochs have no peak rate, need at least 1", ErrOption)
	}
	if err := c.loadData(); err != nil {
		return nil, err
	}
	c.checkpoints, c.test, c.stepsPerDispatch = false, nil, 1
	const steps = 100
	if most := steps * c.recipe.BatchSize; c.train.Len() > most {
		mixed, err := c.train.Shuffle(c.seed)
		if err != nil {
			return nil, err
		}
		if c.train, err = mixed.Slice(0, most); err != nil {
			return nil, err
		}
	}
	r, err := newRun(ctx, c, time.Now())
	if err != nil {
		return nil, err
	}
	defer r.close(nil)
	return r.findRate(ctx, steps)
}

// findRate is the curve of a number of steps, or a few more, so that they are whole epochs.
func (r *run) findRate(ctx context.Context, steps int) (curve []RatePoint, err error) {
	perEpoch := r.trainer.Steps()
	epochs := (steps + perEpoch - 1) / perEpoch
	peak := r.config.recipe.atPeak(perEpoch)
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	lowest := math.Inf(1)
	for epoch := range epochs {
		moves := make(engine.Moves, perEpoch)
		for i := range moves {
			const from, to = 1e-3, 100
			factor := from * math.Pow(to/from, float64(epoch*perEpoch+i)/float64(max(1, epochs*perEpoch-1)))
			for _, move := range peak {
				moves[i] = append(moves[i], engine.Move{Rate: move.Rate * float32(factor), Rescale: true})
			}
		}
		before, seen := 0., 0
		_, err := r.trainer.Epoch(ctx, epoch+1, moves, func(p engine.Progress) {
			sum, err := r.trainer.LossSum()
			if err != nil {
				stop(err)
				return
			}
			loss := (sum - before) / float64(p.Images-seen)
			before, seen = sum, p.Images
			if math.IsNaN(loss) || loss > 4*lowest {
				stop(errSteep)
				return
			}
			lowest = min(lowest, loss)
			curve = append(curve, RatePoint{Step: len(curve) + 1, Rate: float64(moves[p.Step][0].Rate), Loss: loss})
		})
		if cause := context.Cause(ctx); errors.Is(cause, errSteep) {
			return curve, nil
		} else if cause != nil {
			return nil, cause
		}
		if err != nil {
			return nil, err
		}
	}
	return curve, nil
}

// errSteep ends a curve that has risen far enough.
var errSteep = errors.New("the loss rises")

// atPeak is the step at which the recipe's own rate is the highest, of so many an epoch.
func (r Recipe) atPeak(steps int) (highest []engine.Move) {
	for epoch := range r.Epochs {
		for _, move := range r.moves(epoch+1, steps) {
			if highest == nil || move[0].Rate > highest[0].Rate {
				highest = move
			}
		}
	}
	return highest
}
