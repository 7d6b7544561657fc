package fastresnet

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/fastresnet/fastresnet/internal/engine"
)

// run is one call of Train.
type run struct {
	config  *config
	device  *engine.Device // the model's when the run has ended
	trainer *engine.Trainer
	model   *Model
	history *history
	watch   stopwatch
	// checkpoints are nil for none.
	checkpoints *checkpoints
	// epochTrain is the time of the next epoch's steps that were taken before the run was resumed.
	epochTrain time.Duration
	// diverged is set once a weight, a running statistic or an answer to the test set is not finite.
	diverged bool
	started  time.Time
	prepare  time.Duration // Timing.Prepare
}

// newRun opens the backend and compiles the network for it. Nothing of it stays open if it fails or panics.
func newRun(ctx context.Context, c *config, started time.Time) (done *run, err error) {
	checkpoints, err := openCheckpoints(c)
	if err != nil {
		return nil, err
	}
	defer func() {
		if done == nil {
			checkpoints.close()
		}
	}()
	device, err := c.open(ctx)
	if err != nil {
		return nil, err
	}
	defer func() {
		if done == nil {
			device.Close()
		}
	}()
	if err := device.Use(c.devices); err != nil {
		return nil, err
	}
	opened := time.Now()
	c.logger.InfoContext(ctx, "backend", "name", device.Name, "device", device.Description, "devices", c.devices)

	precision, err := c.precisionOn(device)
	if err != nil {
		return nil, err
	}
	cfg := engine.Config{
		Network:        *c.network,
		Normalization:  c.train.Normalization(),
		Augmentations:  c.recipe.Augmentations,
		Loading:        c.recipe.Loading,
		LabelSmoothing: c.recipe.LabelSmoothing,
		Views:          c.recipe.TestViews.views(),
		Batch:          c.recipe.BatchSize,
		KeepIncomplete: c.recipe.KeepIncompleteBatch,
		BFloat16:       precision == BFloat16,
		Seed:           c.seed,
	}
	c.recipe.optimizers(&cfg)
	if err := c.fits(device, cfg); err != nil {
		return nil, err
	}
	trainer, err := engine.NewTrainer(ctx, device, cfg, c.train)
	if err != nil {
		return nil, err
	}
	h := &history{record: Record{
		Weights: c.recipe.weights(), Recipe: c.recipe, Seed: c.seed, Precision: precision,
		Backend: device.Name, Device: device.Description, Devices: c.devices, PassedOver: device.PassedOver,
		TrainImages: c.train.Len(), TestImages: c.test.Len(), Warnings: c.warnings(),
	}}
	r := &run{
		config: c, device: device, trainer: trainer, model: newModel(cfg, device, c.train.Classes(), h), history: h,
		checkpoints: checkpoints, started: started,
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
	r.prepare = time.Since(opened) - trainer.CompileTime
	return r, nil
}

// open opens the backend, and says which better ones cannot be had.
func (c *computing) open(ctx context.Context) (*engine.Device, error) {
	device, err := engine.Open(c.backend, c.opening)
	if err != nil {
		return nil, err
	}
	for _, why := range device.PassedOver {
		c.logger.InfoContext(ctx, "backend passed over", "reason", why)
	}
	return device, nil
}

// optimizers are what moves the variables, and their average.
func (r Recipe) optimizers(cfg *engine.Config) {
	cfg.Optimizer = r.Optimizer.onEngine()
	cfg.Groups = r.groups()
	cfg.AverageEvery = r.Averaging.Every
	cfg.Average = engine.Average{Keep: math.Pow(r.Averaging.Decay, float64(r.Averaging.Every))}
}

// weights are those that the model uses.
func (r Recipe) weights() Weights {
	if r.Averaging.Every > 0 {
		return AveragedWeights
	}
	return LastWeights
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
			return err
		}
		r.diverged = r.diverged || !finite
	}
	return r.model.use(weights, last)
}

// test evaluates the model after an epoch.
func (r *run) test(ctx context.Context) error {
	if r.config.test == nil {
		return nil
	}
	e, err := r.model.Evaluate(ctx, r.config.test)
	if errors.Is(err, ErrDiverged) {
		r.diverged = true
		return r.divergedAt(len(r.epochs()), r.trainer.Steps())
	}
	if err != nil {
		return err
	}
	r.history.change(func(h *Record) {
		last := &h.Epochs[len(h.Epochs)-1]
		last.TestLoss, last.TestAccuracy, last.Tested = e.Loss, e.Accuracy, true
		last.TotalTime = time.Since(r.started)
	})
	return nil
}

// ended says whether the run has come to its end, and notes why if that is before its last epoch.
func (r *run) ended() bool {
	epochs := r.epochs()
	if len(epochs) == r.config.recipe.Epochs || len(epochs) == 0 {
		return len(epochs) > 0
	}
	best := 0
	for i, e := range epochs {
		if e.TestAccuracy > epochs[best].TestAccuracy {
			best = i
		}
	}
	last, stopped := len(epochs)-1, NotStopped
	if target := r.config.target; target != nil && epochs[last].TestAccuracy >= *target {
		stopped = TargetReached
	} else if patience := r.config.patience; patience != nil && last-best >= *patience {
		stopped = NoImprovement
	}
	r.history.change(func(h *Record) { h.Stopped = stopped })
	return stopped != NotStopped
}

// epochs are those of the history so far. The run alone adds to them.
func (r *run) epochs() []Epoch { return r.history.record.Epochs }

// reportStart passes on the result as it is before the first step.
func (r *run) reportStart() { r.config.onStart(r.result()) }

// result is a copy of what there is.
func (r *run) result() *Result { return &Result{Model: r.model, Record: r.history.known()} }

// report passes the last epoch on.
func (r *run) report() {
	e := r.epochs()[len(r.epochs())-1]
	attributes := []any{"number", e.Number, "train_loss", e.TrainLoss, "train_accuracy", e.TrainAccuracy, "seconds", e.TrainTime.Seconds()}
	if e.Tested {
		attributes = append(attributes, "test_loss", e.TestLoss, "test_accuracy", e.TestAccuracy)
	}
	r.config.logger.Info("epoch", attributes...)
	r.config.onEpoch(e)
}

// close frees what training needed, and everything if there is no result to hand the device over to.
func (r *run) close(result *Result) {
	r.checkpoints.close()
	r.trainer.Close()
	if result != nil {
		r.model.adopt(r.device)
		return
	}
	r.model.Close()
	r.device.Close()
}

// finish completes the result of a run that has ended, well or not; nil if it never took a step.
func (r *run) finish() *Result {
	if len(r.epochs()) == 0 {
		return nil
	}
	r.history.change(func(h *Record) {
		h.Timing = Timing{
			Compile:         r.trainer.CompileTime + r.model.compileTime(),
			Prepare:         r.prepare,
			Train:           r.watch.train,
			Total:           time.Since(r.started),
			ImagesPerSecond: r.watch.imagesPerSecond(),
		}
	})
	return r.result()
}
