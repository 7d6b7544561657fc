package engine

import (
	"context"
	"fmt"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/optim"
	"github.com/fastresnet/fastresnet/internal/purego"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// goLowering trains on the pure-Go backend: all in plain Go but the loss, which is a graph.
type goLowering struct {
	device    *Device
	cfg       Config
	variables []layers.Variable
	bySize    map[int]*goStep
	gradients purego.Tensors

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
	l := &goLowering{device: d, cfg: cfg, variables: variables, bySize: map[int]*goStep{}, gradients: purego.Tensors{}}
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
		l.gradients[v.Name] = make([]float32, v.Size())
	}
	return l, nil
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
	at.net.Backward(dLogits, l.gradients)
	velocities, err := hostTensors(trainable(l.variables), s.velocities)
	if err != nil {
		return err
	}
	n := l.cfg.Rates()
	l.update(tensors, velocities, l.rates[step*n:(step+1)*n])
	return nil
}

func (l *goLowering) close() {
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

// update moves the weights and velocities by the gradients, in place, at a step's rates.
func (l *goLowering) update(weights, velocities purego.Tensors, rates []float32) {
	for _, v := range trainable(l.variables) {
		w, velocity, g := weights[v.Name], velocities[v.Name], l.gradients[v.Name]
		optimizer, i := l.cfg.optimizer(v)
		rate := rates[i]
		switch o := optimizer.(type) {
		case optim.Nesterov:
			if o.RateFactor != 0 {
				rate *= float32(o.RateFactor)
			}
			purego.Momentum{
				Direction: -rate, Decay: float32(o.WeightDecay), Momentum: float32(o.Momentum), Step: 1,
			}.Update(w, velocity, g)
		case optim.SGD:
			purego.Momentum{
				Direction: 1, Decay: float32(o.WeightDecay), Momentum: float32(o.Momentum), Step: -rate,
			}.Update(w, velocity, g)
		case optim.Muon:
			purego.Muon{Momentum: float32(o.Momentum), Rate: rate}.Update(w, velocity, g, v.Dims[0])
		default:
			panic(fmt.Sprintf("no update in plain Go for %T", optimizer))
		}
	}
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
