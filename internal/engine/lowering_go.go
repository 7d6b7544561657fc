package engine

import (
	"context"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/purego"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// goLowering trains on the pure-Go backend: the batch and the network in plain Go, the loss and the
// update as graphs.
type goLowering struct {
	device    *Device
	cfg       Config
	variables []layers.Variable
	bySize    map[int]*goStep
	update    *program
	gradients []compute.Buffer // one a trainable variable, in order
	gradient  purego.Tensors   // the same memory, by name

	loader loader
	rates  []float32
}

// goStep is what depends on the size of the batch.
type goStep struct {
	batch hostBatch
	net   *purego.Net
	loss  *program
}

func newGoLowering(ctx context.Context, d *Device, cfg Config, variables []layers.Variable, train *data.Dataset, sizes []int) (lowering, error) {
	l := &goLowering{device: d, cfg: cfg, variables: variables, bySize: map[int]*goStep{}, gradient: purego.Tensors{}}
	for _, size := range sizes {
		net, err := purego.Compile(cfg.Network, size)
		if err != nil {
			return nil, err
		}
		loss, err := compileLoss(d, cfg, size)
		if err != nil {
			return nil, err
		}
		l.bySize[size] = &goStep{batch: newHostBatch(size, train.Shape()), net: net, loss: loss}
	}
	l.loader = newLoader(cfg, train)
	if err := l.loader.prepare(ctx); err != nil {
		return nil, err
	}
	for _, v := range trainable(variables) {
		shape := whole(dtypes.Float32, v.Dims...)
		buffer, flat, err := d.backend.NewSharedBuffer(0, shape.Shape)
		if err != nil {
			return nil, err
		}
		l.gradients = append(l.gradients, buffer)
		l.gradient[v.Name] = flat.([]float32)
	}
	var err error
	l.update, err = compileUpdate(d, cfg, trainable(variables))
	return l, err
}

// compileLoss: logits, labels, metrics, step -> d loss / d logits, metrics.
func compileLoss(d *Device, cfg Config, size int) (*program, error) {
	classes := cfg.Network.Classes()
	inputs := []input{
		whole(dtypes.Float32, size, classes), whole(dtypes.Int32, size),
		whole(dtypes.Float32, numMetrics), whole(dtypes.Int32),
	}
	return compile(d, "loss", inputs, func(in []*graph.Node) []*graph.Node {
		logits, labels, metrics, step := in[0], in[1], in[2], in[3]
		loss := crossEntropy(logits, labels, cfg.LabelSmoothing)
		gradient := graph.Gradient(graph.DivScalar(loss, float64(cfg.Batch)), logits)[0]
		return []*graph.Node{gradient, accumulate(metrics, loss, logits, labels, step)}
	})
}

// compileUpdate: weights, velocities, gradients, the step's rates -> weights, velocities.
func compileUpdate(d *Device, cfg Config, weights []layers.Variable) (*program, error) {
	n := len(weights)
	var inputs []input
	for range 3 {
		inputs = append(inputs, inputsOf(weights)...)
	}
	inputs = append(inputs, whole(dtypes.Float32, cfg.Rates()))
	return compile(d, "update", inputs, func(in []*graph.Node) []*graph.Node {
		out := make([]*graph.Node, 2*n)
		for i, v := range weights {
			out[i], out[n+i] = cfg.move(v, in[i], in[n+i], in[2*n+i], in[3*n])
		}
		return out
	})
}

func (l *goLowering) startEpoch(epoch int, rates []float32, taken int) error {
	l.rates = rates
	return l.loader.startEpoch(epoch, taken*l.cfg.Batch)
}

func (*goLowering) perDispatch(int) int { return 1 }

func (l *goLowering) step(s *state, step, size, _ int) error {
	at := l.bySize[size]
	l.loader.next(at.batch)
	tensors, err := hostTensors(l.variables, s.variables)
	if err != nil {
		return err
	}
	dLogits, err := l.lossOf(s, at, at.net.Forward(tensors, at.batch.images, true), step)
	if err != nil {
		return err
	}
	at.net.Backward(dLogits, l.gradient)
	n := l.cfg.Rates()
	return l.apply(s, l.rates[step*n:(step+1)*n])
}

func (l *goLowering) close() {
	release(l.gradients...)
	l.update.close()
	for _, s := range l.bySize {
		s.loss.close()
	}
}

// lossOf adds the step to the metrics and returns the gradient with respect to the logits.
func (l *goLowering) lossOf(s *state, at *goStep, logits []float32, step int) ([]float32, error) {
	size := len(at.batch.labels)
	in := make([]compute.Buffer, 3)
	for i, flat := range []any{logits, at.batch.labels, []int32{int32(step)}} {
		shape := [...]input{
			whole(dtypes.Float32, size, len(logits)/size), whole(dtypes.Int32, size), whole(dtypes.Int32),
		}[i]
		var err error
		if in[i], err = upload(l.device, flat, shape); err != nil {
			return nil, err
		}
	}
	out, err := at.loss.run(4, in[0], in[1], s.metrics, in[2])
	if err != nil {
		return nil, err
	}
	s.metrics = out[1]
	flat, err := out[0].Data()
	if err != nil {
		return nil, err
	}
	return flat.([]float32), nil
}

// apply updates the weights by the gradients, at a step's rates.
func (l *goLowering) apply(s *state, rates []float32) error {
	var weights []compute.Buffer
	for i, v := range l.variables {
		if v.Trainable {
			weights = append(weights, s.variables[i])
		}
	}
	n := len(weights)
	r, err := upload(l.device, rates, whole(dtypes.Float32, len(rates)))
	if err != nil {
		return err
	}
	inputs := append(append(append(weights, s.velocities...), l.gradients...), r)
	out, err := l.update.run(2*n, inputs...)
	if err != nil {
		return err
	}
	copy(s.velocities, out[n:])
	for i, v := range l.variables {
		if v.Trainable {
			s.variables[i], out = out[0], out[1:]
		}
	}
	return nil
}

// hostTensors is the Go memory of variables on the pure-Go backend, by name.
func hostTensors(variables []layers.Variable, buffers []compute.Buffer) (purego.Tensors, error) {
	tensors := make(purego.Tensors, len(variables))
	for i, v := range variables {
		flat, err := buffers[i].Data()
		if err != nil {
			return nil, err
		}
		tensors[v.Name] = flat.([]float32)
	}
	return tensors, nil
}

// goClassifier computes logits on the pure-Go backend.
type goClassifier struct {
	net           *purego.Net
	variables     []layers.Variable
	normalization data.Normalization
	images        []float32
}

func newGoClassifier(cfg Config, variables []layers.Variable, size int) (*goClassifier, error) {
	net, err := purego.Compile(cfg.Network, size)
	if err != nil {
		return nil, err
	}
	return &goClassifier{net: net, variables: variables, normalization: cfg.Normalization,
		images: make([]float32, size*cfg.Network.Input.Size())}, nil
}

func (c *goClassifier) close() {}

func (c *goClassifier) logits(variables []compute.Buffer, pixels []uint8) ([]float32, error) {
	tensors, err := hostTensors(c.variables, variables)
	if err != nil {
		return nil, err
	}
	c.normalization.Apply(c.images, pixels)
	return c.net.Forward(tensors, c.images, false), nil
}
