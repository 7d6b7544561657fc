package fastresnet

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fastresnet/fastresnet/internal/engine"
)

// epoch trains an epoch, tests the model if that is due, and writes the checkpoint that is due.
func (r *run) epoch(ctx context.Context, epoch int) error {
	err := r.trainEpoch(ctx, epoch)
	if err == nil && r.config.tests(epoch) {
		err = r.test(ctx)
	}
	if err == nil {
		err = r.keepBest()
	}
	if err != nil {
		failed := r.saveStopped(ctx, epoch)
		if failed != nil {
			return errors.Join(err, failed)
		}
		if ended := (*endedError)(nil); errors.As(err, &ended) {
			ended.checkpoint = r.checkpoints.lastGood()
		}
		return err
	}
	return r.saveWhole()
}

// trainEpoch trains one epoch and adds it to the history.
func (r *run) trainEpoch(ctx context.Context, epoch int) error {
	whole := r.trainer.Steps()
	moves := r.config.recipe.moves(epoch, whole)
	steps, before, seen := len(moves), r.watch.train-r.epochTrain, r.trainer.Seen(epoch)
	r.epochTrain = 0
	rate := func(step int) float64 { return float64(moves[step][0].Rate) } // the recipe's own
	r.watch.start()
	if err := r.choose(ctx, epoch); err != nil {
		return err
	}
	m, err := r.trainer.Epoch(ctx, epoch, moves, func(p engine.Progress) {
		r.watch.step(p.Images - seen)
		seen = p.Images
		r.tellStep(Progress{
			Epoch: epoch, Epochs: r.config.recipe.Epochs, Step: p.Step + 1, Steps: steps,
			Taken: (epoch-1)*whole + p.Step + 1, Total: r.config.recipe.steps(whole),
			Rate: rate(p.Step), Loss: p.Loss, ImagesPerSecond: r.watch.imagesPerSecond(),
		})
		r.watch.start() // the observers' time is not training's
	})
	err = r.placed(ctx, epoch, err)
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
		err = r.divergedAt(r.trainer, epoch, m.Diverged+1)
	}
	return err
}

// choose has the epoch train on what the run's selector selects, if it has one.
func (r *run) choose(ctx context.Context, epoch int) error {
	if r.selector == nil {
		return nil
	}
	places, diverged, err := r.selector.choose(ctx, epoch)
	if err != nil && ctx.Err() != nil && r.trainer.Seen(epoch) > 0 {
		// The steps that were taken before the run was resumed are told, and no more will be taken, on whatever images.
		r.trainer.Select(make([]int32, r.trainer.Steps()*r.config.recipe.ImagesPerStep()))
		return nil
	}
	if err != nil {
		return r.placed(ctx, epoch, err)
	}
	if diverged >= 0 {
		return r.divergedAt(r.selector.trainer, epoch, diverged+1)
	}
	r.trainer.Select(places)
	return nil
}

// placed adds to an error where the run was, if it is that of ctx, which has ended after the run's first step. It is called
// before the error is joined to others, which callers may want to tell apart.
func (r *run) placed(ctx context.Context, epoch int, err error) error {
	if err == nil || ctx.Err() == nil || !errors.Is(err, ctx.Err()) {
		return err
	}
	where := "in"
	if r.trainer.Seen(epoch) == 0 {
		where, epoch = "after", epoch-1
	}
	if epoch == 0 {
		return err
	}
	return &endedError{where: fmt.Sprintf("%s epoch %d of %d", where, epoch, r.config.recipe.Epochs), cause: err}
}

// keepBest keeps the weights of the last epoch, if [WithBestWeights] asks for that and none before it tested better.
func (r *run) keepBest() error {
	epochs := r.epochs()
	last := epochs[len(epochs)-1]
	if !r.config.best || !last.Tested || r.best.weights != nil && !last.better(r.best.epoch) {
		return nil
	}
	weights, before, err := r.trainer.Weights()
	if err != nil {
		return err
	}
	r.best.close()
	r.best = best{last, weights, before}
	return nil
}

// divergedAt is the error of a run of which a trainer, its own or its selector's, diverged in a step, counted from 1, or before it.
func (r *run) divergedAt(trainer *engine.Trainer, epoch, step int) error {
	steps, recipe := r.trainer.Steps(), r.config.recipe
	highest := recipe.highest(min((epoch-1)*steps+step, recipe.steps(steps)), steps)
	return &DivergedError{
		Epoch: epoch, Step: step, Rate: recipe.rate(highest, steps), Checkpoint: r.checkpoints.lastGood(), Augmentation: trainer.Spoiler(epoch, step-1),
	}
}

// saveWhole writes a checkpoint after an epoch, if one is due.
func (r *run) saveWhole() error {
	if n := len(r.epochs()); r.checkpoints == nil || n%r.checkpoints.every != 0 && !r.ended() {
		return nil
	}
	return r.save(r.epochs(), 0)
}

// saveStopped writes a checkpoint of a run that ctx has stopped. What is not whole, or not tested yet, of the last
// epoch is left out of the history: the resumed run goes on with it.
func (r *run) saveStopped(ctx context.Context, epoch int) error {
	if r.checkpoints == nil || ctx.Err() == nil || len(r.epochs()) == 0 || r.diverged {
		return nil
	}
	var partial time.Duration
	for _, e := range r.epochs()[epoch-1:] {
		partial = e.TrainTime
	}
	return r.save(r.epochs()[:epoch-1], partial)
}

// save writes a checkpoint after the whole epochs, and removes what is then too old. Its errors wrap [ErrCheckpoint].
func (r *run) save(whole []Epoch, partial time.Duration) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("%w: %w", ErrCheckpoint, err)
		}
	}()
	k := r.checkpoints
	state, err := r.trainer.Snapshot()
	if err != nil {
		return err
	}
	saved := &savedRun{
		Run: k.identity, Epochs: whole, Train: r.watch.train, EpochTrain: partial, Total: time.Since(r.started),
		State: state, Selector: r.selector.snapshot(len(whole)), BestEpoch: r.best.epoch.Number,
	}
	if saved.Best, saved.BestLast, err = r.best.values(); err != nil {
		return err
	}
	content, err := k.encode(saved)
	if err != nil {
		return err
	}
	path, err := k.folder.Save(state.Epoch, state.Steps, content)
	if err != nil {
		return err
	}
	k.last = path
	r.config.logger.Info("checkpoint", "file", path)
	if err := k.folder.Prune(path); err != nil {
		r.config.logger.Warn("old checkpoints not removed", "reason", err)
	}
	return nil
}

// record hands over the weights of an epoch that trained, in whole or in part, and adds it to the history.
func (r *run) record(e Epoch) error {
	if err := r.handOver(); err != nil {
		return err
	}
	e.TotalTime = time.Since(r.started)
	r.history.change(func(h *Record) { h.Epochs = append(h.Epochs, e) })
	return nil
}

// test evaluates the model after an epoch.
func (r *run) test(ctx context.Context) error {
	e, err := r.model.Evaluate(ctx, r.config.test)
	if errors.Is(err, ErrDiverged) {
		r.diverged = true
		last := len(r.epochs())
		return r.divergedAt(r.trainer, last, r.config.recipe.stepsOf(last, r.trainer.Steps()))
	}
	if err != nil {
		return r.placed(ctx, len(r.epochs()), err)
	}
	r.history.change(func(h *Record) {
		last := &h.Epochs[len(h.Epochs)-1]
		last.TestLoss, last.TestAccuracy, last.Tested = e.Loss, e.Accuracy, true
		last.TotalTime = time.Since(r.started)
	})
	return nil
}
