package engine

import (
	"context"
	"time"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/gomlx/compute/dtypes"
)

// Trainer is a training run on a device. It is not safe for concurrent use.
type Trainer struct {
	// CompileTime is what compiling took before the first step: no upload of the training set.
	CompileTime time.Duration

	device    *Device
	cfg       Config
	train     *data.Dataset
	variables []layers.Variable
	lowering  lowering
	state     state
	averaging *averaging // nil for none
	pacing    pacing
	// taken is how many steps of an epoch, the last one that began, have been taken.
	epoch, taken int
}

// NewTrainer compiles the training steps and uploads the training set and the initial state. It looks at
// ctx before each compilation, and while it prepares images and computes whitening filters.
func NewTrainer(ctx context.Context, d *Device, cfg Config, train *data.Dataset) (*Trainer, error) {
	t := &Trainer{device: d, cfg: cfg, train: train, pacing: pacing{limit: maxDispatch}}
	var err error
	if t.variables, err = cfg.Network.Variables(); err != nil {
		return nil, err
	}
	sizes := []int{cfg.Batch}
	if rest := train.Len() % cfg.Batch; rest > 0 && cfg.KeepIncomplete {
		sizes = append(sizes, rest)
	}
	if t.lowering, err = newLowering(ctx, d, cfg, t.variables, train, sizes); err != nil {
		return nil, err
	}
	initial, err := InitialWeights(ctx, t.variables, cfg.Seed, train, cfg.Normalization)
	if err != nil {
		return nil, err
	}
	if t.state.variables, err = uploadVariables(d, t.variables, initial); err != nil {
		return nil, err
	}
	for _, v := range trainable(t.variables) {
		zero, err := upload(d, make([]float32, v.Size()), whole(dtypes.Float32, v.Dims...))
		if err != nil {
			return nil, err
		}
		t.state.velocities = append(t.state.velocities, zero)
	}
	if cfg.AverageEvery > 0 {
		t.averaging, err = newAveraging(d, cfg, t.variables, initial)
	}
	t.CompileTime = time.Duration(d.compiling.Load())
	return t, err
}

// Steps is the number of training steps in an epoch.
func (t *Trainer) Steps() int { return t.cfg.steps(t.train.Len()) }

// Seen is how many images of an epoch have been trained on: none unless it is the last one that began.
func (t *Trainer) Seen(epoch int) int {
	if epoch != t.epoch {
		return 0
	}
	return min(t.taken*t.cfg.Batch, t.train.Len())
}

// Metrics are the sums of an epoch, or of the part of it that ran.
type Metrics struct {
	// Steps and Examples are how many steps were taken, over how many images. Loss is the images' mean
	// loss, and Accuracy the share of them that was classified right, by the weights of the moment.
	Steps, Examples int
	Loss, Accuracy  float64
	// Diverged is the first step, from 0, whose loss was not finite; -1 if there was none.
	Diverged int
}

// Epoch trains one epoch, counted from 1, at the given rates for each of its Steps, [Steps, Config.Rates].
// onStep is called after each dispatch with its last step and the number of images seen so far in the epoch.
// Of the last epoch that began, before [Trainer.Restore] or before ctx ended, it takes the steps that are left, and
// returns the metrics of the whole epoch. When ctx ends, Epoch returns its error with the metrics of the steps that
// were taken; after any other error there are none.
func (t *Trainer) Epoch(ctx context.Context, epoch int, rates []float32, onStep func(step, images int)) (m Metrics, err error) {
	if epoch != t.epoch {
		t.epoch, t.taken = epoch, 0
	}
	if err := t.lowering.startEpoch(epoch, rates, t.taken); err != nil {
		return m, err
	}
	if t.taken == 0 {
		release(t.state.metrics)
		t.state.metrics, err = upload(t.device, []float32{metricDiverged: -1}, whole(dtypes.Float32, numMetrics))
		if err != nil {
			return m, err
		}
	}
	steps := len(rates) / t.cfg.Rates()
	m.Steps, m.Examples = t.taken, t.Seen(epoch)
	for m.Steps < steps && ctx.Err() == nil {
		size := min(t.cfg.Batch, t.train.Len()-m.Examples)
		count := t.next(size, m)
		start := time.Now()
		if err := t.lowering.step(&t.state, m.Steps, size, count); err != nil {
			return Metrics{}, err
		}
		t.pacing.stepped(count, time.Since(start))
		if t.averaging != nil {
			if err := t.averaging.step(t.state.variables, count); err != nil {
				return Metrics{}, err
			}
		}
		m.Steps += count
		t.taken = m.Steps
		m.Examples += count * size
		onStep(m.Steps-1, m.Examples)
	}
	sums, err := download[float32](t.state.metrics, numMetrics)
	if err != nil {
		return Metrics{}, err
	}
	examples := float64(max(m.Examples, 1))
	m.Loss, m.Accuracy = float64(sums[metricLoss])/examples, float64(sums[metricHits])/examples
	m.Diverged = int(sums[metricDiverged])
	return m, ctx.Err()
}

// next is how many steps, on batches of a size, the next dispatch takes after the part m of an epoch.
func (t *Trainer) next(size int, m Metrics) int {
	count := t.lowering.perDispatch(size)
	fits := count*size <= t.train.Len()-m.Examples && t.pacing.allows(count)
	if !fits || t.averaging != nil && count > t.averaging.left() {
		return 1
	}
	return count
}

// Variables copies the network's variables, weights and running statistics, to the host, by name: their
// moving averages, if there are any.
func (t *Trainer) Variables() (map[string][]float32, error) {
	buffers := t.state.variables
	if t.averaging != nil {
		buffers = t.averaging.averages
	}
	return downloadVariables(t.variables, buffers)
}

// LastVariables are those of the last step where [Trainer.Variables] are averages, and nil where there are none.
func (t *Trainer) LastVariables() (map[string][]float32, error) {
	if t.averaging == nil {
		return nil, nil
	}
	return downloadVariables(t.variables, t.state.variables)
}

// Close frees the state and the training set on the device.
func (t *Trainer) Close() {
	t.state.release()
	t.lowering.close()
	if t.averaging != nil {
		t.averaging.close()
	}
}
