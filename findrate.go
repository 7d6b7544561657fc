package fastresnet

import (
	"context"
	"fmt"
	"math"
	"slices"
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
// that when the loss is four times the lowest. Nothing is kept, and no rate is set: the caller reads the curve, and
// passes a rate to [WithPeakRate]. A rate somewhat below that at which the loss falls the fastest, [SteepestRate], is a
// usual peak (Smith 2015, https://arxiv.org/abs/1506.01186).
//
// That is an order of magnitude, and no more: it comes from one batch a step, differs by a factor of up to five between seeds of
// a small set, and knows nothing of the run's length. Runs at half of it, at it and at twice it say more, on images held out.
//
// The rates of each [VariableGroup] rise by the same factors, from a thousandth of the peak of its own schedule, if it has
// one, and else of the recipe's. Options about checkpoints, tests, observers and dispatches do not count, and a [Selection]
// takes no part: batches are of as many images as it would select. Errors are those of [Train], and 0 epochs and a schedule
// that is 0 throughout are errors, too, which wrap [ErrOption]; but what would be [ErrDiverged] only ends the curve.
func FindRate(ctx context.Context, opts ...Option) (curve []RatePoint, err error) {
	defer guard(&err)
	if err := given(ctx); err != nil {
		return nil, err
	}
	c, err := configure(append(slices.Clone(opts), withoutTests(), trainOption(func(c *config) {
		c.test, c.observers, c.lossEvery, c.stepsPerDispatch = nil, nil, 0, 1
	})))
	if err != nil {
		return nil, err
	}
	if c.recipe.Epochs == 0 {
		return nil, fmt.Errorf("%w: 0 epochs have no peak rate, need at least 1", ErrOption)
	}
	if peak := c.recipe.Schedule.Peak(); float32(lowestRate*peak) == 0 {
		return nil, fmt.Errorf("%w: a schedule with a peak of %g has no rates to try: WithSchedule sets another", ErrOption, peak)
	}
	if err := c.loadData(); err != nil {
		return nil, err
	}
	c.test = nil // CIFAR-10's
	c.recipe.BatchSize, c.recipe.Selection, c.selector = c.recipe.ImagesPerStep(), nil, nil
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

// The learning rates of FindRate's first step and its last, as multiples of the schedule's peak.
const lowestRate, highestRate = 1e-3, 100

// findRate is the curve of a number of steps, or a few more, so that they are whole epochs.
func (r *run) findRate(ctx context.Context, steps int) (curve []RatePoint, err error) {
	perEpoch := r.trainer.Steps()
	epochs := (steps + perEpoch - 1) / perEpoch
	schedules := r.config.recipe.schedules()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var failed error
	lowest, steep := math.Inf(1), false
	for epoch := range epochs {
		moves := make(engine.Moves, perEpoch)
		for i := range moves {
			factor := lowestRate * math.Pow(highestRate/lowestRate, float64(epoch*perEpoch+i)/float64(max(1, epochs*perEpoch-1)))
			for _, s := range schedules {
				moves[i] = append(moves[i], engine.Move{Rate: float32(factor * s.Peak()), Rescale: true})
			}
		}
		before, seen := 0., 0
		_, err := r.trainer.Epoch(ctx, epoch+1, moves, func(p engine.Progress) {
			sum, err := r.trainer.LossSum()
			if err != nil {
				failed = err
				stop()
				return
			}
			loss := (sum - before) / float64(p.Images-seen)
			before, seen = sum, p.Images
			if math.IsNaN(loss) || loss > 4*lowest {
				steep = true
				stop()
				return
			}
			lowest = min(lowest, loss)
			curve = append(curve, RatePoint{Step: len(curve) + 1, Rate: float64(moves[p.Step][0].Rate), Loss: loss})
		})
		switch {
		case failed != nil:
			return nil, failed
		case steep:
			return curve, nil
		case err != nil:
			return nil, err
		}
	}
	return curve, nil
}

// SteepestRate is the learning rate of a curve of [FindRate] at which the loss falls the fastest, by the logarithm of the
// rate and with a tenth of the curve averaged against its noise. The steps of the curve must rise by the same factor
// each, as FindRate's do. A usual peak of a schedule is somewhat below that rate: see [WithPeakRate]. ok is false for
// a curve of fewer than ten steps, and where the loss falls nowhere at a rate above 0.
func SteepestRate(curve []RatePoint) (rate float64, ok bool) {
	half := len(curve) / 20 // of what is averaged
	if len(curve) < 10 {
		return 0, false
	}
	smooth := make([]float64, len(curve))
	for i := range curve {
		near := curve[max(0, i-half):min(len(curve), i+half+1)]
		for _, p := range near {
			smooth[i] += p.Loss / float64(len(near))
		}
	}
	apart := half + 1
	steepest := 0.
	for i := apart; i+apart < len(curve); i++ {
		if fall := smooth[i-apart] - smooth[i+apart]; fall > steepest && curve[i].Rate > 0 { // false for what is not a number
			steepest, rate, ok = fall, curve[i].Rate, true
		}
	}
	return rate, ok
}
