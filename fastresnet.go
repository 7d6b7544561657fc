package fastresnet

import (
	"context"
	"errors"
	"slices"
	"time"
)

// Train trains a network and returns the model with the history of the run. With no options it trains
// [ResNet9Epochs24] on CIFAR-10, which it looks for under the environment's FASTRESNET_DATA and then in
// the user's cache folder; it never downloads it.
//
// Errors wrap [ErrOption] (every problem at once, before a device or a file is touched where that is
// possible), [ErrArgument], [ErrNoData], [ErrBackend], [ErrMemory], [ErrCheckpoint] or [ErrDiverged]. When ctx ends,
// Train returns within a step with its error and what there is of the result, nil before the first step; with
// [WithCheckpoint] it writes a checkpoint first. Reading CIFAR-10 and a compilation that has begun are not interrupted. A
// run that fails once there is an epoch in its history returns what it has too, unless something panicked
// ([ErrInternal]). Whenever there is a result, close its model when it is no longer needed.
func Train(ctx context.Context, opts ...Option) (result *Result, err error) {
	defer guard(&err)
	start := time.Now()
	if err := given(ctx); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c, err := configure(opts)
	if err != nil {
		return nil, err
	}
	if err := c.loadData(); err != nil {
		return nil, err
	}
	r, err := newRun(ctx, c, start)
	if err != nil {
		return nil, err
	}
	defer func() { r.close(result) }()
	r.reportStart()

	for !r.ended() {
		if err := r.epoch(ctx, len(r.epochs())+1); err != nil {
			return r.finish(), err
		}
		r.report()
	}
	return r.finish(), nil
}

// epoch trains and tests an epoch, and writes the checkpoint that is due.
func (r *run) epoch(ctx context.Context, epoch int) error {
	err := r.trainEpoch(ctx, epoch)
	if err == nil {
		err = r.test(ctx)
	}
	if err != nil {
		if failed := r.saveStopped(ctx, epoch); failed != nil {
			err = errors.Join(err, failed)
		}
		return err
	}
	return r.saveWhole()
}

// trainEpoch trains one epoch and adds it to the history.
func (r *run) trainEpoch(ctx context.Context, epoch int) error {
	steps, before, seen := r.trainer.Steps(), r.watch.train-r.epochTrain, r.trainer.Seen(epoch)
	r.epochTrain = 0
	rates := r.config.recipe.rates(epoch, steps)
	rate := func(step int) float64 { return float64(rates[step*len(rates)/steps]) } // the recipe's own
	r.watch.start()
	m, err := r.trainer.Epoch(ctx, epoch, rates, func(step, images int) {
		r.watch.step(images - seen)
		seen = images
		r.config.onProgress(Progress{
			Epoch: epoch, Epochs: r.config.recipe.Epochs, Step: step + 1, Steps: steps,
			Rate: rate(step), ImagesPerSecond: r.watch.imagesPerSecond(),
		})
		r.watch.start() // the callback's time is not training's
	})
	if m.Steps > 0 {
		err = errors.Join(err, r.record(Epoch{
			Number: epoch, Rate: rate(m.Steps - 1), TrainLoss: m.Loss, TrainAccuracy: m.Accuracy, Images: seen,
			TrainTime: r.watch.train - before, Partial: m.Steps < steps,
		}))
	}
	if err == nil && r.diverged && m.Diverged < 0 {
		m.Diverged = steps - 1 // the last step spoiled the weights; no loss after it tells
	}
	if err == nil && m.Diverged >= 0 {
		err = r.divergedAt(epoch, m.Diverged+1)
	}
	return err
}

// divergedAt is the error of a run that diverged in a step or before it, counted from 1.
func (r *run) divergedAt(epoch, step int) error {
	steps := r.trainer.Steps()
	var highest float32
	for e := 1; e <= epoch; e++ {
		rates := r.config.recipe.rates(e, steps)
		perStep := len(rates) / steps
		if e == epoch {
			rates = rates[:step*perStep]
		}
		for own := range slices.Chunk(rates, perStep) {
			highest = max(highest, own[0]) // before those of the groups
		}
	}
	return &DivergedError{Epoch: epoch, Step: step, Rate: float64(highest), Checkpoint: r.checkpoints.lastGood()}
}
