package xla

import (
	"cmp"
	"context"
	"math"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/internal/engine/xla/graphs"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// stepper trains with one graph for a step, or for a few ([engine.Config.StepsPerDispatch]).
//
// The graph takes everything it needs from the device: the resident images, the epoch's choices and moves,
// and the number of the step, which is part of the state and counts itself up, so that nothing is
// transferred within an epoch.
type stepper struct {
	device    *device
	cfg       engine.Config
	variables []layers.Variable
	programs  map[dispatch]*program
	copying   *program // of variables
	images    batchSource
	state     state
	averaging *averaging       // nil for none
	count     int              // of an epoch's steps
	epoch     []compute.Buffer // moves and the source's own
	looks     []bool           // which steps of the epoch move nothing
	counter   compute.Buffer   // int32: the number of the next step
	counted   []compute.Buffer // of the epoch's steps so far: whether each image of the batch counts in the loss
}

// state is what training changes.
type state struct {
	// variables are in the order of layers.Network.Variables.
	variables []compute.Buffer
	// velocities belong to the trainable variables, in order.
	velocities []compute.Buffer
	// metrics is [engine.NumMetrics] float32; nil before the first step of a run.
	metrics compute.Buffer
}

func (s *state) release() {
	release(s.variables...)
	release(s.velocities...)
	release(s.metrics)
}

// dispatch is what an executable does: count steps on batches of a size, or a look at one.
type dispatch struct {
	size, count int
	look        bool
}

// batchSource says where the graph of a step gets its batch from.
type batchSource interface {
	// inputs are the inputs of the graph that startEpoch and startStep fill.
	inputs(size int) []input
	// startEpoch returns the inputs that stay for an epoch of the images at the selected places of its order, or of all,
	// whose batches begin after the first of them.
	startEpoch(epoch int, selected []int32, first int) ([]compute.Buffer, error)
	// startStep returns the rest of the inputs, for the epoch's next batch.
	startStep(size int) (perStep, error)
	// build returns normalised images [size, height, width, channels] float32 and their labels
	// from the inputs; first is the place in the order where the batch begins.
	build(in []*graph.Node, first *graph.Node, size int) (images *graph.Node, labels graphs.Labels)
	// close frees what the source keeps on the device.
	close()
}

// perStep are the inputs of a step behind those of its epoch: either buffers that the source keeps, or
// buffers to free after the step.
type perStep struct{ keep, free []compute.Buffer }

func newStepper(ctx context.Context, d *device, cfg engine.Config, train *data.Dataset, sizes []int) (made *stepper, err error) {
	s := &stepper{device: d, cfg: cfg, count: cfg.Steps(cfg.EpochImages(train.Len())), programs: map[dispatch]*program{}}
	defer func() {
		if made == nil {
			s.Close()
		}
	}()
	if s.variables, err = cfg.Network.Variables(); err != nil {
		return nil, err
	}
	if s.images, err = newBatchSource(ctx, d, cfg, train, sizes); err != nil {
		return nil, err
	}
	if s.copying, err = compileCopy(d, s.variables); err != nil {
		return nil, err
	}
	if cfg.Average.Every > 0 {
		if s.averaging, err = newAveraging(d, cfg, s.variables); err != nil {
			return nil, err
		}
	}
	var dispatches []dispatch
	for _, size := range sizes {
		dispatches = append(dispatches, dispatch{size: size, count: 1})
		if cfg.Hardest > 0 {
			dispatches = append(dispatches, dispatch{size: size, count: 1, look: true})
		}
	}
	// A batch that is fed from the host is the input of a single step.
	_, resident := s.images.(*residentSource)
	if k := cfg.StepsPerDispatch; resident && k > 1 && k <= s.count {
		dispatches = append(dispatches, dispatch{size: cfg.Batch, count: k})
	}
	for _, at := range dispatches {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if s.programs[at], err = s.compileSteps(at); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// compileSteps: variables, velocities, metrics, counter, moves, the source's -> variables, velocities,
// metrics, counter, and with [engine.Config.Hardest] which images of the batch count.
func (s *stepper) compileSteps(at dispatch) (*program, error) {
	variables := s.variables
	velocities := inputsOf(s.cfg.Trainable(variables))
	inputs := append(inputsOf(variables), velocities...)
	inputs = append(inputs, whole(dtypes.Float32, engine.NumMetrics), whole(dtypes.Int32), s.movesInput())
	state := len(inputs) - 1 // without the moves
	inputs = append(inputs, s.images.inputs(at.size)...)

	var step stepBuilder = func(in []*graph.Node) []*graph.Node {
		vars, in := in[:len(variables)], in[len(variables):]
		velocity, in := in[:len(velocities)], in[len(velocities):]
		metrics, counter, moves, in := in[0], in[1], in[2], in[3:]

		images, labels := s.images.build(in, graph.MulScalar(counter, s.cfg.Batch), at.size)
		scope := &graphs.Scope{Training: true, DType: dtypeOf(s.cfg), Variables: byName(variables, vars), Frozen: s.cfg.Frozen}
		logits := graphs.Apply(s.cfg.Network, images, scope)
		loss := graphs.CrossEntropy(logits, labels, s.cfg.LabelSmoothing, s.cfg.ClassWeights)
		aim, counted := loss, []*graph.Node(nil)
		if s.cfg.Hardest > 0 {
			losses := graphs.Losses(logits, labels, s.cfg.LabelSmoothing, s.cfg.ClassWeights)
			hardest := graphs.Hardest(graph.StopGradient(losses), s.cfg.Hardest)
			aim = graph.ReduceAllSum(graph.Where(hardest, losses, graph.ZerosLike(losses)))
			counted = append(counted, graph.ConvertDType(hardest, dtypes.Int32))
		}
		moves = graph.Gather(moves, graph.Reshape(counter, 1)) // the step's

		trainable := s.cfg.Trainable(variables)
		var weights []*graph.Node
		for _, v := range trainable {
			weights = append(weights, scope.Variables[v.Name])
		}
		newWeights, newVelocity := weights, velocity
		if !at.look {
			gradients := graph.Gradient(graph.DivScalar(aim, float64(s.cfg.LossImages())), weights...)
			newWeights, newVelocity = graphs.Move(dtypeOf(s.cfg), s.moved(trainable, weights, velocity, gradients, moves))
		}
		moved := byName(trainable, newWeights)
		var newVars []*graph.Node
		for i, v := range variables {
			newVars = append(newVars, cmp.Or(moved[v.Name], scope.Updates[v.Name], vars[i]))
		}
		metrics = graphs.Accumulate(metrics, loss, logits, labels.Own, counter)
		return append(append(append(newVars, newVelocity...), metrics, graph.AddScalar(counter, 1)), counted...)
	}
	name := "training step"
	switch {
	case at.count > 1:
		name = "training steps"
	case at.look:
		name = "look at a batch"
	case s.cfg.Hardest > 0:
		name = "selecting step"
	}
	return compile(s.device, name, inputs, func(in []*graph.Node) []*graph.Node {
		if at.count > 1 {
			return step.looped(at.count, in[:state], in[state:])
		}
		return step(in)
	})
}

// movesInput is the input of an epoch's moves.
func (s *stepper) movesInput() input { return whole(dtypes.Float32, s.count, 1+len(s.cfg.Groups), 2) }

// moved are the steps of the trainable variables, as moves, [groups + 1, 2], have them.
func (s *stepper) moved(trainable []layers.Variable, weights, velocities, gradients []*graph.Node, moves *graph.Node) []graphs.Step {
	steps := make([]graphs.Step, len(trainable))
	for k, v := range trainable {
		o, i := s.cfg.OptimizerOf(v)
		of := func(what int) *graph.Node {
			return graph.Reshape(graph.Slice(moves, graph.AxisElem(i), graph.AxisElem(what)))
		}
		steps[k] = graphs.Step{
			Optimizer: o, Weight: weights[k], Velocity: velocities[k], Gradient: gradients[k],
			Rate: graph.MulScalar(of(0), s.cfg.RateFactor(v)), Rescale: of(1),
		}
	}
	return steps
}

// tensorOf are moves as the graph takes them, [steps, groups + 1, 2]: rates, and 1 where Muon rescales. Those of steps that
// move nothing, or that an epoch leaves out at its end, are 0.
func (s *stepper) tensorOf(moves engine.Moves) []float32 {
	const what = 2 // of a move
	groups := 1 + len(s.cfg.Groups)
	values := make([]float32, s.count*groups*what)
	for i, step := range moves {
		for j, m := range step {
			of := values[(i*groups+j)*what:]
			of[0] = m.Rate
			if m.Rescale {
				of[1] = 1
			}
		}
	}
	return values
}

// Restore implements [engine.Stepper].
func (s *stepper) Restore(from engine.Snapshot) (err error) {
	var restored state
	var averages []compute.Buffer
	defer func() {
		if err != nil {
			restored.release()
			release(averages...)
		}
	}()
	if restored.variables, err = uploadVariables(s.device, s.variables, from.Variables); err != nil {
		return err
	}
	if restored.velocities, err = uploadVariables(s.device, s.cfg.Trainable(s.variables), from.Velocities); err != nil {
		return err
	}
	if s.averaging != nil {
		if averages, err = uploadVariables(s.device, s.variables, from.Averages); err != nil {
			return err
		}
	}
	if len(from.Metrics) > 0 {
		if restored.metrics, err = upload(s.device, from.Metrics, whole(dtypes.Float32, engine.NumMetrics)); err != nil {
			return err
		}
	}
	s.state.release()
	s.state = restored
	if s.averaging != nil {
		release(s.averaging.averages...)
		s.averaging.averages = averages
	}
	return nil
}

// Snapshot implements [engine.Stepper].
func (s *stepper) Snapshot() (to engine.Snapshot, err error) {
	if s.state.metrics != nil {
		if to.Metrics, err = s.Metrics(); err != nil {
			return to, err
		}
	}
	if to.Variables, err = downloadVariables(s.variables, s.state.variables); err != nil {
		return to, err
	}
	if to.Velocities, err = downloadVariables(s.cfg.Trainable(s.variables), s.state.velocities); err != nil {
		return to, err
	}
	if s.averaging != nil {
		to.Averages, err = downloadVariables(s.variables, s.averaging.averages)
	}
	return to, err
}

// StartEpoch implements [engine.Stepper].
func (s *stepper) StartEpoch(e engine.Epoch) error {
	release(s.epoch...)
	release(s.counter)
	release(s.counted...)
	s.epoch, s.counter, s.counted, s.looks = nil, nil, nil, nil
	for _, step := range e.Moves {
		s.looks = append(s.looks, len(step) == 0)
	}
	r, err := upload(s.device, s.tensorOf(e.Moves), s.movesInput())
	if err != nil {
		return err
	}
	s.epoch = []compute.Buffer{r}
	rest, err := s.images.startEpoch(e.Number, e.Selected, e.Taken*s.cfg.Batch)
	if err != nil {
		return err
	}
	s.epoch = append(s.epoch, rest...)
	if s.counter, err = upload(s.device, []int32{int32(e.Taken)}, whole(dtypes.Int32)); err != nil || e.Taken > 0 {
		return err
	}
	release(s.state.metrics)
	s.state.metrics, err = upload(s.device, []float32{engine.MetricDiverged: -1}, whole(dtypes.Float32, engine.NumMetrics))
	return err
}

// PerDispatch implements [engine.Stepper].
func (s *stepper) PerDispatch(size int) int {
	if k := s.cfg.StepsPerDispatch; s.programs[dispatch{size: size, count: k}] != nil {
		return k
	}
	return 1
}

// Step implements [engine.Stepper].
func (s *stepper) Step(step, size, count int) error {
	own, err := s.images.startStep(size)
	if err != nil {
		return err
	}
	var inputs []compute.Buffer
	inputs = append(append(inputs, s.state.variables...), s.state.velocities...)
	inputs = append(inputs, s.state.metrics, s.counter)
	donated := len(inputs)
	inputs = append(append(append(inputs, s.epoch...), own.keep...), own.free...)
	out, err := s.programs[dispatch{size, count, s.looks[step]}].run(donated, inputs...)
	release(own.free...)
	if err != nil {
		return err
	}
	n := copy(s.state.variables, out)
	n += copy(s.state.velocities, out[n:])
	s.state.metrics, s.counter = out[n], out[n+1]
	s.counted = append(s.counted, out[n+2:]...)
	return nil
}

// Hardest implements [engine.Stepper].
func (s *stepper) Hardest() ([]int32, error) {
	var places []int32
	for step, b := range s.counted {
		counted, err := download[int32](b, s.cfg.Batch)
		if err != nil {
			return nil, err
		}
		for i, counts := range counted {
			if counts != 0 {
				places = append(places, int32(step*s.cfg.Batch+i))
			}
		}
	}
	return places, nil
}

// MoveAverages implements [engine.Stepper].
func (s *stepper) MoveAverages(keep float64) (err error) {
	s.state.variables, err = s.averaging.step(s.state.variables, keep)
	return err
}

// Metrics implements [engine.Stepper].
func (s *stepper) Metrics() ([]float32, error) {
	return download[float32](s.state.metrics, engine.NumMetrics)
}

// LossSum implements [engine.Stepper]: the losses stay on the device until the epoch ends.
func (*stepper) LossSum() float64 { return math.NaN() }

// Weights implements [engine.Stepper].
func (s *stepper) Weights() (weights, last engine.Weights, err error) {
	if s.averaging == nil {
		weights, err = copyOf(s.copying, s.variables, s.state.variables)
		return weights, nil, err
	}
	if weights, err = copyOf(s.copying, s.variables, s.averaging.averages); err != nil {
		return nil, nil, err
	}
	if last, err = copyOf(s.copying, s.variables, s.state.variables); err != nil {
		weights.Close()
		return nil, nil, err
	}
	return weights, last, nil
}

// Close implements [engine.Stepper].
func (s *stepper) Close() {
	s.state.release()
	release(s.epoch...)
	release(s.counter)
	release(s.counted...)
	if s.images != nil {
		s.images.close()
	}
	s.copying.close()
	if s.averaging != nil {
		s.averaging.close()
	}
	for _, p := range s.programs {
		p.close()
	}
}

func byName(variables []layers.Variable, nodes []*graph.Node) map[string]*graph.Node {
	m := make(map[string]*graph.Node, len(nodes))
	for i, v := range variables {
		m[v.Name] = nodes[i]
	}
	return m
}
