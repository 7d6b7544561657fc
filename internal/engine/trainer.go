package engine

import (
	"cmp"
	"context"
	"math"
	"time"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/layers"
)

// Trainer is a training run on a device: it counts epochs and steps, and has an engine take them. It is not safe for
// concurrent use.
type Trainer struct {
	cfg     Config
	train   *data.Dataset
	stepper Stepper
	pacing  pacing
	// taken is how many steps of an epoch, the last one that began, have been taken.
	epoch, taken int
	// averaged is how many steps the averages have followed.
	averaged int
	// selected are the places in an epoch's order of the images that it trains on; nil for all.
	selected []int32
}

// NewTrainer compiles the training steps and uploads the training set and the initial state. It looks at
// ctx before it compiles the steps of a size, and while it prepares images and computes whitening filters.
func NewTrainer(ctx context.Context, d *Device, cfg Config, train *data.Dataset) (*Trainer, error) {
	variables, err := cfg.Network.Variables()
	if err != nil {
		return nil, err
	}
	sizes := []int{cfg.Batch}
	if rest := cfg.EpochImages(train.Len()) % cfg.Batch; rest > 0 && cfg.KeepIncomplete {
		sizes = append(sizes, rest)
	}
	start, err := initial(ctx, cfg, variables, train)
	if err != nil {
		return nil, err
	}
	stepper, err := d.Train(ctx, cfg, train, sizes)
	if err != nil {
		return nil, err
	}
	if err := stepper.Restore(start); err != nil {
		stepper.Close()
		return nil, err
	}
	return &Trainer{cfg: cfg, train: train, stepper: stepper, pacing: pacing{limit: cmp.Or(cfg.DispatchLimit, maxDispatch)}}, nil
}

// initial is the state of a run before its first step.
func initial(ctx context.Context, cfg Config, variables []layers.Variable, train *data.Dataset) (s Snapshot, err error) {
	if s.Variables, err = InitialWeights(ctx, variables, cfg, train); err != nil {
		return s, err
	}
	if cfg.Average.Every > 0 {
		s.Averages = s.Variables
	}
	s.Velocities = map[string][]float32{}
	for _, v := range cfg.Trainable(variables) {
		s.Velocities[v.Name] = make([]float32, v.Size())
	}
	return s, nil
}

// images is how many an epoch goes through.
func (t *Trainer) images() int { return t.cfg.EpochImages(t.train.Len()) }

// Steps is the number of training steps in an epoch.
func (t *Trainer) Steps() int { return t.cfg.Steps(t.images()) }

// Select names the images that an epoch trains on, [Config.Selected] of them, by their places in its order. It is called
// before the epoch begins, and before it goes on after [Trainer.Restore].
func (t *Trainer) Select(places []int32) { t.selected = places }

// Hardest are the images of the last epoch's steps that counted in their losses ([Config.Hardest]), by their places in its
// order: as many for each step, which may only have looked, in order.
func (t *Trainer) Hardest() ([]int32, error) { return t.stepper.Hardest() }

// Seen is how many images of an epoch have been trained on: none unless it is the last one that began.
func (t *Trainer) Seen(epoch int) int {
	if epoch != t.epoch {
		return 0
	}
	return min(t.taken*t.cfg.Batch, t.images())
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

// Progress is how far an epoch is after a dispatch.
type Progress struct {
	// Step is the last step that was taken, from 0, and Images is how many the epoch has trained on so far.
	Step, Images int
	// Loss is the mean loss of those images; NaN where the device would have to be waited for to read it.
	Loss float64
}

// Epoch trains one epoch, counted from 1, a step for each of moves and no more than Steps. onStep is called after each
// dispatch. Of the last epoch that began, before [Trainer.Restore] or before ctx ended, it takes the steps that are left,
// and returns the metrics of the whole epoch. When ctx ends, Epoch returns its error with the metrics of the steps that
// were taken; after any other error there are none.
func (t *Trainer) Epoch(ctx context.Context, epoch int, moves Moves, onStep func(Progress)) (m Metrics, err error) {
	if epoch != t.epoch {
		t.epoch, t.taken = epoch, 0
	}
	if err := t.stepper.StartEpoch(Epoch{epoch, t.selected, moves, t.taken}); err != nil {
		return m, err
	}
	m.Steps, m.Examples = t.taken, t.Seen(epoch)
	for m.Steps < len(moves) && ctx.Err() == nil {
		size := min(t.cfg.Batch, t.images()-m.Examples)
		count := t.next(size, len(moves)-m.Steps, m)
		start := time.Now()
		if err := t.stepper.Step(m.Steps, size, count); err != nil {
			return Metrics{}, err
		}
		t.pacing.stepped(count, time.Since(start))
		if err := t.average(count); err != nil {
			return Metrics{}, err
		}
		m.Steps += count
		t.taken = m.Steps
		m.Examples += count * size
		sum, err := t.lossSum(m.Steps, count)
		if err != nil {
			return Metrics{}, err
		}
		onStep(Progress{Step: m.Steps - 1, Images: m.Examples, Loss: sum / float64(m.Examples)})
	}
	sums, err := t.stepper.Metrics()
	if err != nil {
		return Metrics{}, err
	}
	examples := float64(max(m.Examples, 1))
	m.Loss, m.Accuracy = float64(sums[MetricLoss])/examples, float64(sums[MetricHits])/examples
	m.Diverged = int(sums[MetricDiverged])
	return m, ctx.Err()
}

// lossSum is the sum of the images' losses after so many steps of the epoch, the last count of them in one dispatch: NaN
// where it is not known and not to be waited for.
func (t *Trainer) lossSum(steps, count int) (float64, error) {
	sum := t.stepper.LossSum()
	if every := t.cfg.LossEvery; math.IsNaN(sum) && every > 0 && steps/every > (steps-count)/every {
		return t.LossSum()
	}
	return sum, nil
}

// LossSum is the sum of the images' losses so far in the epoch. It waits for the device.
func (t *Trainer) LossSum() (float64, error) {
	sums, err := t.stepper.Metrics()
	if err != nil {
		return 0, err
	}
	return float64(sums[MetricLoss]), nil
}

// next is how many steps, of left ones and on batches of a size, the next dispatch takes after the part m of an epoch.
func (t *Trainer) next(size, left int, m Metrics) int {
	count := t.stepper.PerDispatch(size)
	fits := count <= left && count*size <= t.images()-m.Examples && t.pacing.allows(count)
	if every := t.cfg.Average.Every; !fits || every > 0 && count > every-t.averaged%every {
		return 1
	}
	return count
}

// average is called after count steps, and moves the averages after every [Average.Every] of them.
func (t *Trainer) average(count int) error {
	if t.cfg.Average.Every == 0 {
		return nil
	}
	if t.averaged += count; t.averaged%t.cfg.Average.Every != 0 {
		return nil
	}
	return t.stepper.MoveAverages(t.cfg.Average.KeepAfter(t.averaged))
}

// Weights are a copy, on the device, of the network's variables, weights and running statistics: of their moving
// averages, if there are any, and then last are the variables of the last step. The caller closes them.
func (t *Trainer) Weights() (weights, last Weights, err error) { return t.stepper.Weights() }

// Close frees the state and the training set on the device.
func (t *Trainer) Close() { t.stepper.Close() }
