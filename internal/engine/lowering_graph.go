package engine

import (
	"cmp"
	"context"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// graphLowering trains with one graph a step, or a few steps ([Config.StepsPerDispatch]).
//
// The graph takes everything it needs from the device: the resident images, the epoch's choices and rates,
// and the number of the step, which is part of the state and counts itself up, so that nothing is
// transferred within an epoch.
type graphLowering struct {
	device  *Device
	cfg     Config
	steps   map[dispatch]*program
	images  batchSource
	epoch   []compute.Buffer // rates and the source's own
	counter compute.Buffer   // int32: the number of the next step
}

// dispatch is what an executable does: so many steps on batches of a size.
type dispatch struct{ size, count int }

// batchSource says where the graph of a step gets its batch from.
type batchSource interface {
	// inputs are those of the graph that startEpoch and startStep fill.
	inputs(size int) []input
	// startEpoch returns the inputs that stay for an epoch, whose batches begin with the image at place first.
	startEpoch(epoch, first int) ([]compute.Buffer, error)
	// startStep returns the rest of the inputs, for the epoch's next batch.
	startStep(size int) (perStep, error)
	// build returns normalised images [size, height, width, channels] float32 and labels [size] int32
	// from the inputs; first is the place in the order where the batch begins.
	build(in []*graph.Node, first *graph.Node, size int) (images, labels *graph.Node)
	// close frees what the source keeps on the device.
	close()
}

// perStep are the inputs of a step behind those of its epoch: either buffers that the source keeps, or
// buffers to free after the step.
type perStep struct{ keep, free []compute.Buffer }

func newGraphLowering(ctx context.Context, d *Device, cfg Config, variables []layers.Variable, train *data.Dataset, sizes []int) (*graphLowering, error) {
	source, err := newBatchSource(ctx, d, cfg, train, sizes)
	if err != nil {
		return nil, err
	}
	l := &graphLowering{device: d, cfg: cfg, images: source, steps: map[dispatch]*program{}}
	var dispatches []dispatch
	for _, size := range sizes {
		dispatches = append(dispatches, dispatch{size, 1})
	}
	// A batch that is fed from the host is the input of a single step.
	_, resident := source.(*residentSource)
	if k := cfg.StepsPerDispatch; resident && k > 1 && k <= train.Len()/cfg.Batch {
		dispatches = append(dispatches, dispatch{cfg.Batch, k})
	}
	for _, at := range dispatches {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if l.steps[at], err = l.compileSteps(variables, at, cfg.steps(train.Len())); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// compileSteps: variables, velocities, metrics, counter, rates, the source's -> variables, velocities,
// metrics, counter.
func (l *graphLowering) compileSteps(variables []layers.Variable, at dispatch, steps int) (*program, error) {
	velocities := inputsOf(trainable(variables))
	inputs := append(inputsOf(variables), velocities...)
	inputs = append(inputs, whole(dtypes.Float32, numMetrics), whole(dtypes.Int32), whole(dtypes.Float32, steps, l.cfg.Rates()))
	state := len(inputs) - 1 // without the rates
	inputs = append(inputs, l.images.inputs(at.size)...)

	var step stepBuilder = func(in []*graph.Node) []*graph.Node {
		vars, in := in[:len(variables)], in[len(variables):]
		velocity, in := in[:len(velocities)], in[len(velocities):]
		metrics, counter, rates, in := in[0], in[1], in[2], in[3:]

		images, labels := l.images.build(in, graph.MulScalar(counter, l.cfg.Batch), at.size)
		scope := &layers.Scope{Training: true, DType: l.cfg.DType, Variables: byName(variables, vars)}
		logits := l.cfg.Network.Apply(images, scope)
		loss := crossEntropy(logits, labels, l.cfg.LabelSmoothing)
		rates = graph.Gather(rates, graph.Reshape(counter, 1)) // the step's

		var weights []*graph.Node
		for i, v := range variables {
			if v.Trainable {
				weights = append(weights, vars[i])
			}
		}
		gradients := graph.Gradient(graph.DivScalar(loss, float64(l.cfg.Batch)), weights...)
		var newVars, newVelocity []*graph.Node
		for i, v := range variables {
			if !v.Trainable {
				newVars = append(newVars, cmp.Or(scope.Updates[v.Name], vars[i]))
				continue
			}
			k := len(newVelocity)
			w, u := l.cfg.move(v, vars[i], velocity[k], gradients[k], rates)
			newVars, newVelocity = append(newVars, w), append(newVelocity, u)
		}
		return append(append(newVars, newVelocity...),
			accumulate(metrics, loss, logits, labels, counter), graph.AddScalar(counter, 1))
	}
	return compile(l.device, "training step", inputs, func(in []*graph.Node) []*graph.Node {
		if at.count > 1 && l.cfg.LoopSteps {
			return step.looped(at.count, in[:state], in[state:])
		}
		return step.unrolled(at.count, in[:state], in[state:])
	})
}

func (l *graphLowering) startEpoch(epoch int, rates []float32, taken int) error {
	release(l.epoch...)
	release(l.counter)
	l.epoch, l.counter = nil, nil
	r, err := upload(l.device, rates, whole(dtypes.Float32, len(rates)/l.cfg.Rates(), l.cfg.Rates()))
	if err != nil {
		return err
	}
	rest, err := l.images.startEpoch(epoch, taken*l.cfg.Batch)
	if err != nil {
		return err
	}
	l.epoch = append([]compute.Buffer{r}, rest...)
	l.counter, err = upload(l.device, []int32{int32(taken)}, whole(dtypes.Int32))
	return err
}

func (l *graphLowering) perDispatch(size int) int {
	if k := l.cfg.StepsPerDispatch; l.steps[dispatch{size, k}] != nil {
		return k
	}
	return 1
}

func (l *graphLowering) step(s *state, _, size, count int) error {
	own, err := l.images.startStep(size)
	if err != nil {
		return err
	}
	var inputs []compute.Buffer
	inputs = append(append(inputs, s.variables...), s.velocities...)
	inputs = append(inputs, s.metrics, l.counter)
	donated := len(inputs)
	inputs = append(append(append(inputs, l.epoch...), own.keep...), own.free...)
	out, err := l.steps[dispatch{size, count}].run(donated, inputs...)
	release(own.free...)
	if err != nil {
		return err
	}
	n := copy(s.variables, out)
	n += copy(s.velocities, out[n:])
	s.metrics, l.counter = out[n], out[n+1]
	return nil
}

func (l *graphLowering) close() {
	release(l.epoch...)
	release(l.counter)
	l.images.close()
	for _, p := range l.steps {
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

// normalize is what [data.Normalization.Apply] does, for pixels [batch, height, width, channels] of any
// type: float32.
func normalize(pixels *graph.Node, n data.Normalization) *graph.Node {
	inverse := make([]float32, len(n.Std))
	for c, std := range n.Std {
		inverse[c] = 1 / std
	}
	channel := func(values []float32) *graph.Node {
		return graph.Reshape(graph.Const(pixels.Graph(), values), 1, 1, 1, -1)
	}
	return graph.Mul(graph.Sub(graph.ConvertDType(pixels, dtypes.Float32), channel(n.Mean)), channel(inverse))
}

// graphClassifier computes logits with one graph.
type graphClassifier struct {
	device *Device
	graph  *program
	pixels input
}

// newGraphClassifier: variables, pixels -> logits.
func newGraphClassifier(d *Device, cfg Config, variables []layers.Variable, size int) (*graphClassifier, error) {
	in := cfg.Network.Input
	c := &graphClassifier{device: d, pixels: splitOver(d, dtypes.Uint8, size, in.Height, in.Width, in.Channels)}
	var err error
	c.graph, err = compile(d, "evaluation step", append(inputsOf(variables), c.pixels), func(in []*graph.Node) []*graph.Node {
		n := len(variables)
		scope := &layers.Scope{DType: cfg.DType, Variables: byName(variables, in[:n])}
		return []*graph.Node{cfg.Network.Apply(normalize(in[n], cfg.Normalization), scope)}
	})
	return c, err
}

func (c *graphClassifier) close() { c.graph.close() }

func (c *graphClassifier) logits(variables []compute.Buffer, pixels []uint8) ([]float32, error) {
	images, err := upload(c.device, pixels, c.pixels)
	if err != nil {
		return nil, err
	}
	defer release(images)
	out, err := c.graph.run(0, append(append([]compute.Buffer{}, variables...), images)...)
	if err != nil {
		return nil, err
	}
	defer release(out...)
	shape, err := out[0].Shape()
	if err != nil {
		return nil, err
	}
	return download[float32](out[0], shape.Size())
}
