package fastresnet

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/fastresnet/fastresnet/internal/engine"
)

// run is one call of Train.
type run struct {
	config  *config
	device  *engine.Device // the model's when the run has ended
	trainer *engine.Trainer
	// selector is nil for a run on all images.
	selector *selector
	model    *Model
	history  *history
	best     best
	watch    stopwatch
	// checkpoints are nil for none.
	checkpoints *checkpoints
	// epochTrain is the time of the next epoch's steps that were taken before the run was resumed.
	epochTrain time.Duration
	// diverged is set once a weight, a running statistic or an answer to the test set is not finite.
	diverged bool
	started  time.Time
	// heard is how many of the observers have been told that the run starts.
	heard int
}

// newRun opens the backend and compiles the network for it. Nothing of it stays open if it fails or panics.
func newRun(ctx context.Context, c *config, started time.Time) (done *run, err error) {
	r := &run{config: c, started: started}
	defer func() {
		if done == nil {
			r.close(nil)
		}
	}()
	if r.checkpoints, err = openCheckpoints(c); err != nil {
		return nil, err
	}
	device, err := c.open(ctx)
	if err != nil {
		return nil, err
	}
	r.device = device
	if err := device.Use(c.devices); err != nil {
		return nil, err
	}
	opened := time.Now()
	c.logger.InfoContext(ctx, "backend", "name", device.Name, "device", device.Description, "devices", c.devices)

	precision, err := c.precisionOn(device)
	if err != nil {
		return nil, err
	}
	cfg := c.engineConfig(device, precision)
	if err := c.fits(device, cfg); err != nil {
		return nil, err
	}
	if r.trainer, err = engine.NewTrainer(ctx, device, cfg, c.train); err != nil {
		return nil, err
	}
	if r.selector, err = newSelector(ctx, c, device, cfg); err != nil {
		return nil, err
	}
	h := &history{record: Record{
		Weights: c.recipe.weights(), Recipe: c.recipe, OwnAugmentations: c.recipe.ownAugmentations(), Seed: c.seed, Precision: precision,
		Backend: device.Name, Device: device.Description, Devices: c.devices, PassedOver: device.PassedOver,
		TrainImages: c.train.Len(), TestImages: c.test.Len(), Warnings: c.warnings(r.trainer.Steps()), WarmStart: c.warmStart,
	}}
	if c.test != nil && c.testEvery > 1 {
		h.record.TestEvery = c.testEvery
	}
	if s := c.warmStart; s != nil {
		c.logger.InfoContext(ctx, "warm start", "recipe", s.Recipe, "seed", s.Seed, "epochs", s.Epochs, "weights", s.Fingerprint, "taken", len(s.Taken), "anew", s.Anew)
	}
	r.history, r.model = h, newModel(cfg, device, c.train.Classes(), c.train.Resizing(), h)
	if _, err := r.model.document(&h.record); err != nil {
		return nil, fmt.Errorf("%w: no file could hold the model: %w", ErrOption, err)
	}
	for _, w := range h.record.Warnings {
		c.logger.WarnContext(ctx, w)
	}
	if err := r.resume(); err != nil {
		return nil, err
	}
	if err := r.handOver(); err != nil {
		return nil, err
	}
	compiled := device.CompileTime()
	h.change(func(h *Record) { h.Timing = Timing{Compile: compiled, Prepare: time.Since(opened) - compiled} })
	return r, nil
}

// handOver gives the model the weights as they are now.
func (r *run) handOver() error {
	weights, last, err := r.trainer.Weights()
	if err != nil {
		return err
	}
	for _, w := range []engine.Weights{weights, last} {
		if w == nil {
			continue
		}
		finite, err := w.Finite()
		if err != nil {
			closeAll(weights, last)
			return err
		}
		r.diverged = r.diverged || !finite
	}
	return r.model.use(weights, last)
}

// epochs are the history so far. The run alone adds to them.
func (r *run) epochs() []Epoch { return r.history.record.Epochs }

// result is a copy of what there is.
func (r *run) result() *Result { return &Result{Model: r.model, Record: r.history.known()} }

// close frees what training needed, and everything if there is no result to hand the device over to. A run that could not
// begin has not all of it.
func (r *run) close(result *Result) {
	r.checkpoints.close()
	if r.trainer != nil {
		r.trainer.Close()
	}
	r.selector.close()
	r.best.close()
	if result != nil {
		r.model.adopt(r.device)
		return
	}
	r.model.Close()
	if r.device != nil {
		r.device.Close()
	}
}

// ended says whether the run has come to its end.
func (r *run) ended() bool {
	return len(r.epochs()) == r.config.recipe.Epochs || r.stopReason() != NotStopped
}

// stopReason is why the run ends here, before its last epoch, if it does.
func (r *run) stopReason() StopReason {
	epochs := r.epochs()
	if n := len(epochs); n == 0 || n == r.config.recipe.Epochs || r.trainer.Seen(n+1) > 0 {
		return NotStopped // an epoch that has begun is trained and tested, as the model has its weights already
	}
	last := epochs[len(epochs)-1]
	if !last.Tested {
		return NotStopped // nothing is known that a decision could be made by
	}
	best := last
	for _, e := range slices.Backward(epochs) {
		if e.Tested && e.TestAccuracy >= best.TestAccuracy {
			best = e
		}
	}
	if target := r.config.target; target != nil && last.TestAccuracy >= *target {
		return TargetReached
	}
	if patience := r.config.patience; patience != nil && last.Number-best.Number >= *patience {
		return NoImprovement
	}
	return NotStopped
}

// finish completes the result of a run that has ended, with err or well; nil if it was to take a step and did not.
func (r *run) finish(err error) (*Result, error) {
	if len(r.epochs()) == 0 && (err != nil || r.config.recipe.Epochs > 0) {
		return nil, err
	}
	err = errors.Join(err, r.useBest())
	testing := r.model.compileTime() // locks the model, whose Save locks the history
	r.history.change(func(h *Record) {
		h.Stopped = r.stopReason()
		h.Timing = Timing{
			Compile:         h.Timing.Compile + testing,
			Prepare:         h.Timing.Prepare,
			Train:           r.watch.train,
			Total:           time.Since(r.started),
			ImagesPerSecond: r.watch.imagesPerSecond(),
		}
	})
	return r.result(), err
}

// resume puts the run where its checkpoint was written.
func (r *run) resume() error {
	if r.checkpoints == nil || r.checkpoints.saved == nil {
		return nil
	}
	saved := r.checkpoints.saved
	if err := errors.Join(r.trainer.Restore(saved.State), r.selector.restore(saved.Selector)); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrCheckpoint, r.checkpoints.last, err)
	}
	r.config.logger.Info("resumed", "checkpoint", r.checkpoints.last)
	r.history.change(func(h *Record) { h.ResumedFrom, h.Epochs = r.checkpoints.last, saved.Epochs })
	if err := r.restoreBest(saved); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrCheckpoint, r.checkpoints.last, err)
	}
	r.watch.train, r.epochTrain = saved.Train, saved.EpochTrain
	r.started = r.started.Add(-saved.Total)
	r.checkpoints.saved = nil // its memory
	return nil
}

// restoreBest keeps the weights that a checkpoint has of the best epoch.
func (r *run) restoreBest(saved *savedRun) (err error) {
	if saved.BestEpoch == 0 {
		return nil
	}
	variables, err := r.config.network.Variables()
	if err != nil {
		return err
	}
	b := best{epoch: saved.Epochs[saved.BestEpoch-1]}
	if b.weights, err = r.device.Upload(variables, saved.Best); err == nil && saved.BestLast != nil {
		b.last, err = r.device.Upload(variables, saved.BestLast)
	}
	if err != nil {
		b.close()
		return err
	}
	r.best = b
	return nil
}

// useBest gives the model the weights that were kept.
func (r *run) useBest() error {
	if r.best.weights == nil {
		return nil
	}
	b := r.best
	r.best = best{}
	if err := r.model.use(b.weights, b.last); err != nil {
		return err
	}
	r.history.change(func(h *Record) { h.BestEpoch = b.epoch.Number })
	return nil
}

// best is the epoch of a run whose test went best, with its weights. Its zero value is none.
type best struct {
	epoch         Epoch
	weights, last engine.Weights
}

// better says whether an epoch's test went better than another's.
func (e Epoch) better(other Epoch) bool {
	return e.TestAccuracy > other.TestAccuracy || e.TestAccuracy == other.TestAccuracy && e.TestLoss < other.TestLoss
}

func (b *best) close() {
	closeAll(b.weights, b.last)
	*b = best{}
}

// values are the kept weights on the host, nil for none.
func (b best) values() (values, last map[string][]float32, err error) {
	if b.weights == nil {
		return nil, nil, nil
	}
	if values, err = b.weights.Values(); err == nil && b.last != nil {
		last, err = b.last.Values()
	}
	return values, last, err
}
