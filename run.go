package fastresnet

import (
	"context"
	"fmt"
	"time"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/internal/optim"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/gomlx/compute/dtypes"
)

// run is one call of Train.
type run struct {
	config  *config
	trainer *engine.Trainer
	result  *Result
	watch   stopwatch
	started time.Time
}

// loadData finds the data set, applies the limits, and checks the options against it.
func (c *config) loadData() (err error) {
	if c.train == nil {
		if c.train, c.test, err = data.CIFAR10(""); err != nil {
			return fmt.Errorf("loading CIFAR-10: %w", err)
		}
	}
	if c.train, err = limited(c.train, c.trainLimit); err != nil {
		return err
	}
	if c.test, err = limited(c.test, c.testLimit); err != nil {
		return err
	}
	return c.fits()
}

// limited is the first n images of a set, all of it for n = 0.
func limited(set *data.Dataset, n int) (*data.Dataset, error) {
	if set == nil || n == 0 || n >= set.Len() {
		return set, nil
	}
	return set.Slice(0, n)
}

// newRun opens the backend and compiles the network for it. Nothing of it stays open if it fails.
func newRun(ctx context.Context, c *config, started time.Time) (r *run, err error) {
	device, err := engine.Open(c.backend, c.download)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			device.Close()
		}
	}()
	for _, why := range device.PassedOver {
		c.logger.InfoContext(ctx, "backend passed over", "reason", why)
	}
	c.logger.InfoContext(ctx, "backend", "name", device.Name, "device", device.Description)

	precision, err := c.precisionOn(device)
	if err != nil {
		return nil, err
	}
	cfg := engine.Config{
		Network:        *c.network,
		Normalization:  c.train.Normalization(),
		Augmentations:  c.recipe.Augmentations,
		Optimizer:      optim.Nesterov{Momentum: c.recipe.Momentum, WeightDecay: c.recipe.WeightDecay},
		Batch:          c.recipe.BatchSize,
		KeepIncomplete: c.recipe.KeepIncompleteBatch,
		DType:          map[Precision]dtypes.DType{Float32: dtypes.Float32, BFloat16: dtypes.BFloat16}[precision],
		Seed:           c.seed,
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	trainer, err := engine.NewTrainer(device, cfg, c.train)
	if err != nil {
		return nil, err
	}
	model, err := newModel(device, cfg, c.train.Classes())
	if err != nil {
		return nil, err
	}
	r = &run{config: c, trainer: trainer, started: started, result: &Result{
		Model: model, Recipe: c.recipe, Seed: c.seed, Precision: precision,
		Backend: device.Name, Device: device.Description, PassedOver: device.PassedOver,
		TrainImages: c.train.Len(), TestImages: c.test.Len(),
	}}
	return r, r.handOver()
}

// fits checks the options against the data set, and settles the network.
func (c *config) fits() error {
	if n := c.train.Len(); c.recipe.BatchSize > n {
		return fmt.Errorf("%w: batch size %d is larger than the training set of %d images", ErrOption, c.recipe.BatchSize, n)
	}
	shape, classes := c.train.Shape(), c.train.Classes()
	if c.test != nil && (c.test.Shape() != shape || len(c.test.Classes()) != len(classes)) {
		return fmt.Errorf("%w: the test set has %v images in %d classes, the training set %v in %d",
			ErrOption, c.test.Shape(), len(c.test.Classes()), shape, len(classes))
	}
	for _, a := range c.recipe.Augmentations {
		if err := a.Validate(shape); err != nil {
			return fmt.Errorf("%w: %w", ErrOption, err)
		}
	}
	if c.network == nil {
		n, err := layers.New(c.recipe.Architecture, shape, len(classes), c.recipe.Width)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrOption, err)
		}
		c.network = &n
	}
	if _, err := c.network.Plan(); err != nil {
		return fmt.Errorf("%w: %w", ErrOption, err)
	}
	if c.network.Input != shape || c.network.Classes() != len(classes) {
		return fmt.Errorf("%w: the network takes %v images in %d classes, the data set has %v in %d",
			ErrOption, c.network.Input, c.network.Classes(), shape, len(classes))
	}
	return nil
}

// precisionOn settles an automatic precision.
func (c *config) precisionOn(d *engine.Device) (Precision, error) {
	switch {
	case c.precision == PrecisionAuto && d.GPU:
		return BFloat16, nil
	case c.precision == PrecisionAuto:
		return Float32, nil
	case c.precision == BFloat16 && d.PureGo():
		return "", fmt.Errorf("%w: precision %s is not available on the pure-Go backend", ErrOption, BFloat16)
	}
	return c.precision, nil
}

// rates are the learning rates of an epoch's steps.
func (r *run) rates(epoch int) []float32 {
	rates := make([]float32, r.trainer.Steps())
	for i := range rates {
		at := float64(epoch-1) + float64(i+1)/float64(len(rates))
		rates[i] = float32(r.config.recipe.Schedule.At(at))
	}
	return rates
}

// record adds an epoch that trained, in whole or in part, to the history.
func (r *run) record(e Epoch) error {
	e.TotalTime = time.Since(r.started)
	r.result.Epochs = append(r.result.Epochs, e)
	return r.handOver()
}

// handOver gives the model the weights as they are now.
func (r *run) handOver() error {
	values, err := r.trainer.Variables()
	if err != nil {
		return err
	}
	return r.result.Model.use(values)
}

// test evaluates the model after an epoch.
func (r *run) test(ctx context.Context) error {
	if r.config.test == nil {
		return nil
	}
	e, err := r.result.Model.Evaluate(ctx, r.config.test)
	if err != nil {
		return err
	}
	last := &r.result.Epochs[len(r.result.Epochs)-1]
	last.TestLoss, last.TestAccuracy, last.Tested = e.Loss, e.Accuracy, true
	last.TotalTime = time.Since(r.started)
	return nil
}

// report passes the last epoch on.
func (r *run) report() {
	e := r.result.Epochs[len(r.result.Epochs)-1]
	r.config.logger.Info("epoch", "number", e.Number, "train_loss", e.TrainLoss, "train_accuracy", e.TrainAccuracy,
		"test_loss", e.TestLoss, "test_accuracy", e.TestAccuracy, "seconds", e.TrainTime.Seconds())
	r.config.onEpoch(e)
}

// close frees what training needed, and everything if no result is returned.
func (r *run) close(result *Result) {
	r.trainer.Close()
	if result == nil {
		r.result.Model.Close()
	}
}

// finish completes the result of a run that has ended, well or not; nil if it never took a step.
func (r *run) finish() *Result {
	if len(r.result.Epochs) == 0 {
		return nil
	}
	r.result.Timing = Timing{
		Compile:         r.trainer.CompileTime + r.result.Model.compileTime(),
		Train:           r.watch.train,
		Total:           time.Since(r.started),
		ImagesPerSecond: r.watch.imagesPerSecond(),
	}
	return r.result
}
