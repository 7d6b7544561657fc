package cpu

import (
	"context"
	"fmt"
	"slices"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/internal/engine/cpu/kernels"
	"github.com/fastresnet/fastresnet/layers"
)

// stepper takes the training steps of a run. All memory is allocated before the first or, what arenas lend, in it.
type stepper struct {
	cfg       engine.Config
	variables []layers.Variable
	bySize    map[int]*sized
	loader    engine.Loader
	moves     engine.Moves // of the epoch
	hardest   []int32      // of the epoch's steps so far: see [engine.Stepper]
	kernels   *kernels.Set
	arena     *arena // in which variables are moved

	// The state. averages are nil for none.
	values, velocities, averages Tensors
	metrics                      []float32 // [engine.NumMetrics]
	gradients                    Tensors
}

// sized is what depends on the size of the batch.
type sized struct {
	batch   engine.Batch
	net     *Net
	dLogits []float32 // the gradient to the logits
}

func newStepper(ctx context.Context, cfg engine.Config, train *data.Dataset, sizes []int, k *kernels.Set) (*stepper, error) {
	variables, err := cfg.Network.Variables()
	if err != nil {
		return nil, err
	}
	s := &stepper{cfg: cfg, variables: variables, bySize: map[int]*sized{}, loader: engine.NewLoader(cfg, train), kernels: k, arena: &arena{}, gradients: Tensors{}}
	for _, size := range sizes {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		net, err := compile(cfg.Network, size, k, cfg.Frozen)
		if err != nil {
			return nil, err
		}
		s.bySize[size] = &sized{batch: engine.NewBatch(size, train.Shape(), cfg.Mixing), net: net, dLogits: make([]float32, len(net.logits))}
	}
	for _, v := range cfg.Trainable(variables) {
		s.gradients[v.Name] = make([]float32, v.Size())
	}
	return s, s.loader.Prepare(ctx)
}

// Restore implements [engine.Stepper].
func (s *stepper) Restore(from engine.Snapshot) error {
	err := engine.CheckSizes(s.variables, from.Variables)
	if err == nil {
		err = engine.CheckSizes(s.cfg.Trainable(s.variables), from.Velocities)
	}
	if err == nil && s.cfg.Average.Every > 0 {
		err = engine.CheckSizes(s.variables, from.Averages)
	}
	if err != nil {
		return err
	}
	s.values, s.velocities, s.averages = cloneTensors(from.Variables), cloneTensors(from.Velocities), nil
	if s.cfg.Average.Every > 0 {
		s.averages = cloneTensors(from.Averages)
	}
	s.metrics = slices.Clone(from.Metrics)
	return nil
}

// Snapshot implements [engine.Stepper].
func (s *stepper) Snapshot() (engine.Snapshot, error) {
	return engine.Snapshot{
		Metrics: slices.Clone(s.metrics), Variables: cloneTensors(s.values), Velocities: cloneTensors(s.velocities), Averages: cloneTensors(s.averages),
	}, nil
}

// StartEpoch implements [engine.Stepper].
func (s *stepper) StartEpoch(e engine.Epoch) error {
	s.moves, s.hardest = e.Moves, nil
	if e.Taken == 0 {
		s.metrics = []float32{engine.MetricDiverged: -1}
	}
	return s.loader.StartEpoch(e.Number, e.Selected, e.Taken*s.cfg.Batch)
}

// PerDispatch implements [engine.Stepper].
func (*stepper) PerDispatch(int) int { return 1 }

// Step implements [engine.Stepper].
func (s *stepper) Step(step, size, _ int) error {
	at := s.bySize[size]
	s.loader.Next(at.batch)
	logits := at.net.Forward(s.values, at.batch.Images)
	l := crossEntropy(at.dLogits, logits, at.batch, objective{s.cfg.LabelSmoothing, s.cfg.ClassWeights, s.cfg.Hardest}, s.cfg.LossImages())
	s.record(l, step)
	for _, image := range l.hardest {
		s.hardest = append(s.hardest, int32(step*s.cfg.Batch)+image)
	}
	if moves := s.moves[step]; len(moves) > 0 {
		at.net.Backward(at.dLogits, s.gradients)
		s.move(moves)
	}
	return nil
}

// Hardest implements [engine.Stepper].
func (s *stepper) Hardest() ([]int32, error) { return s.hardest, nil }

// record adds a step to the metrics of the epoch.
func (s *stepper) record(l loss, step int) {
	s.metrics[engine.MetricLoss] += float32(l.sum)
	s.metrics[engine.MetricHits] += float32(l.hits)
	if !l.finite() && s.metrics[engine.MetricDiverged] < 0 {
		s.metrics[engine.MetricDiverged] = float32(step)
	}
}

// move moves the variables and their velocities by the gradients, in place, as a step has it.
func (s *stepper) move(moves []engine.Move) {
	for _, v := range s.cfg.Trainable(s.variables) {
		w, velocity, g := s.values[v.Name], s.velocities[v.Name], s.gradients[v.Name]
		optimizer, i := s.cfg.OptimizerOf(v)
		rate := float32(s.cfg.RateFactor(v)) * moves[i].Rate
		switch o := optimizer.(type) {
		case engine.Nesterov:
			Momentum{Direction: -rate, Decay: float32(o.WeightDecay), Momentum: float32(o.Momentum), Step: 1}.Update(w, velocity, g)
		case engine.SGD:
			Momentum{Direction: 1, Decay: float32(o.WeightDecay), Momentum: float32(o.Momentum), Step: -rate}.Update(w, velocity, g)
		case engine.Muon:
			Muon{o, rate, moves[i].Rescale}.update(s.kernels, s.arena, w, velocity, g, v.Dims[0])
		default:
			panic(fmt.Sprintf("cpu: steps.go has no case for a %T", optimizer))
		}
	}
}

// MoveAverages implements [engine.Stepper].
func (s *stepper) MoveAverages(share float64) error {
	keep := float32(share)
	rest := 1 - keep
	for _, v := range s.variables {
		if s.cfg.IsFrozen(v) {
			continue // it is its average, but for rounding
		}
		average, value := s.averages[v.Name], s.values[v.Name]
		parallel(ceilDiv(len(average), updateBlock), func(i int) {
			for j := i * updateBlock; j < min((i+1)*updateBlock, len(average)); j++ {
				average[j] = keep*average[j] + rest*value[j]
			}
		})
		if s.cfg.Average.Lookahead {
			copy(value, average)
		}
	}
	return nil
}

// Metrics implements [engine.Stepper].
func (s *stepper) Metrics() ([]float32, error) { return slices.Clone(s.metrics), nil }

// LossSum implements [engine.Stepper].
func (s *stepper) LossSum() float64 { return float64(s.metrics[engine.MetricLoss]) }

// Weights implements [engine.Stepper].
func (s *stepper) Weights() (now, last engine.Weights, err error) {
	if s.averages == nil {
		return newWeights(s.values), nil, nil
	}
	return newWeights(s.averages), newWeights(s.values), nil
}

// Close implements [engine.Stepper].
func (*stepper) Close() {}
