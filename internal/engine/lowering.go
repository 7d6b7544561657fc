package engine

import (
	"context"
	"errors"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/optim"
	"github.com/fastresnet/fastresnet/internal/purego"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// Config is what a training run is made of, validated by the caller.
type Config struct {
	Network       layers.Network
	Normalization data.Normalization
	Augmentations []data.Augmentation
	Loading       data.Loading
	// Weights and Biases are the optimisers of the two kinds of trainable variables that are in no group.
	Weights, Biases optim.Nesterov
	// Groups move kinds of variables at rates of their own.
	Groups []Group
	// LabelSmoothing is the share of the loss that asks for all classes alike.
	LabelSmoothing float64
	// AverageEvery is the number of steps after which the moving average of the variables moves; 0 for none.
	AverageEvery int
	Average      optim.Average
	// Views are those of an image whose logits are added up, weighted, to the model's; none for the image alone.
	Views []View
	// Batch is the number of images a step; the loss of a step is its sum over the images, divided by it.
	Batch int
	// KeepIncomplete also trains on an epoch's last batch when it is smaller than Batch.
	KeepIncomplete bool
	// StepsPerDispatch, if more than 1, is how many steps one executable takes where so many full batches
	// are left, the training set is on the device and they are known to fit half a second. Every dispatch
	// waits for the device, so several steps in one save that wait.
	//
	// One step a dispatch is the default: on XLA's CPU plugin unrolling gains a few percent and takes twice as long to
	// compile, and a loop is slower (BENCHMARKS.md). Several are here to be measured on a GPU, where the wait and the
	// gaps between launches weigh more.
	StepsPerDispatch int
	// LoopSteps makes the steps of a dispatch a loop in the graph rather than unrolling them. It works on XLA
	// alone: GoMLX's pure-Go backend cannot run a gradient inside a loop.
	LoopSteps bool
	// DType is what the network computes in: float32 or bfloat16.
	DType dtypes.DType
	Seed  uint64
}

// Group is the variables of a kind.
type Group struct {
	Kind      layers.Kind
	Optimizer optim.Optimizer
}

// Rates is how many learning rates a step has: one for the variables that are in no group, and then one for each
// group.
func (c Config) Rates() int { return 1 + len(c.Groups) }

// optimizer is that of a trainable variable, and which of a step's rates it uses.
func (c Config) optimizer(v layers.Variable) (o optim.Optimizer, rate int) {
	for i, g := range c.Groups {
		if g.Kind == v.Kind() {
			return g.Optimizer, 1 + i
		}
	}
	if v.Bias {
		return c.Biases, 0
	}
	return c.Weights, 0
}

// move takes a variable's step at its rate, one of the step's [Rates].
func (c Config) move(v layers.Variable, weight, velocity, gradient, rates *graph.Node) (newWeight, newVelocity *graph.Node) {
	o, i := c.optimizer(v)
	rate := graph.Reshape(graph.SliceAxis(rates, 0, graph.AxisElem(i)))
	return o.Step(weight, velocity, gradient, rate)
}

// steps is the number of steps in an epoch over n images.
func (c Config) steps(n int) int {
	if c.KeepIncomplete {
		n += c.Batch - 1
	}
	return n / c.Batch
}

// state is what training changes, as device buffers.
type state struct {
	// variables are in the order of layers.Network.Variables.
	variables []compute.Buffer
	// velocities belong to the trainable variables, in order.
	velocities []compute.Buffer
	// metrics is [numMetrics] float32.
	metrics compute.Buffer
}

func (s *state) release() {
	release(s.variables...)
	release(s.velocities...)
	release(s.metrics)
}

// lowering runs a network's steps on a device.
type lowering interface {
	// startEpoch begins an epoch, counted from 1, with the rates of its steps: [steps, Config.Rates]. The first
	// taken steps are not taken again.
	startEpoch(epoch int, rates []float32, taken int) error
	// perDispatch is how many steps on batches of a size one call of step may take: so many, or 1.
	perDispatch(size int) int
	// step trains the state on the epoch's next count batches, each of the given size; the first is the
	// epoch's step number step, from 0.
	step(s *state, step, size, count int) error
	// close frees what the lowering holds on the device.
	close()
}

// classifier computes logits with a network's running statistics.
type classifier interface {
	// logits of pixels [batch, height, width, channels], for a batch of the classifier's size.
	logits(variables []compute.Buffer, pixels []uint8) ([]float32, error)
	// close frees what the classifier holds on the device.
	close()
}

// newLowering compiles the training steps for batches of the given sizes.
func newLowering(ctx context.Context, d *Device, cfg Config, variables []layers.Variable, train *data.Dataset, sizes []int) (lowering, error) {
	if d.PureGo() {
		l, err := newGoLowering(ctx, d, cfg, variables, train, sizes)
		if !errors.Is(err, purego.ErrUnsupported) {
			return l, err
		}
	}
	return newGraphLowering(ctx, d, cfg, variables, train, sizes)
}

func newClassifier(d *Device, cfg Config, variables []layers.Variable, size int) (classifier, error) {
	if d.PureGo() {
		c, err := newGoClassifier(cfg, variables, size)
		if !errors.Is(err, purego.ErrUnsupported) {
			return c, err
		}
	}
	return newGraphClassifier(d, cfg, variables, size)
}
