package cpu

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/internal/engine/cpu/kernels"
	"github.com/fastresnet/fastresnet/layers"
)

func init() { engine.Register(open, "go") }

// directly is the configuration that computes convolutions by definition, without transforms.
const directly = "direct"

func open(name, config string, _ engine.Opening) (*engine.Device, error) {
	k := kernels.Available()[0]
	description := "CPU, pure Go, " + k.Name + " kernels"
	switch config {
	case "":
	case directly:
		set := *k
		set.WinogradChannels = 1 << 20 // more than there are
		k = &set
		name += ":" + directly
		description += ", direct convolutions"
	default:
		return nil, fmt.Errorf("%w: go:%s: the one option of the pure-Go backend is go:%s", engine.ErrBackend, config, directly)
	}
	return &engine.Device{Name: name, Description: description, Units: []string{description}, Backend: backend{k}}, nil
}

// backend is this machine's processor.
type backend struct{ kernels *kernels.Set }

// Split implements [engine.Backend]. There is one unit.
func (backend) Split(int) error { return nil }

// Train implements [engine.Backend].
func (b backend) Train(ctx context.Context, cfg engine.Config, train *data.Dataset, sizes []int) (engine.Stepper, error) {
	return newStepper(ctx, cfg, train, sizes, b.kernels)
}

// DataMemory implements [engine.Backend]. Batches are made of the set itself.
func (backend) DataMemory(cfg engine.Config, images int) int64 {
	return engine.LoaderMemory(cfg, images)
}

// Classify implements [engine.Backend]. Of several images the first ones say for how many there is to be memory.
func (b backend) Classify(cfg engine.Config, size int) (engine.Classifier, error) {
	c := &classifier{cfg: cfg, kernels: b.kernels, size: size}
	if size == 1 {
		net, err := compileImage(cfg.Network, b.kernels)
		if err != nil {
			return nil, err
		}
		c.answer, c.most = net.classify, 1
	}
	return c, nil
}

// Together implements [engine.Backend]. Images side by side fill the lanes, which takes as long as about seven images alone.
func (b backend) Together(n, batch int) (images, size int) {
	const few = 6
	lanes := b.kernels.Lanes
	size = min(max(batch, lanes), engine.LargeBatch)
	n = min(n, size)
	if n <= few {
		return 1, 1
	}
	if rest := n % lanes; n > lanes && rest <= few {
		n -= rest
	}
	return n, size
}

// Upload implements [engine.Backend].
func (backend) Upload(variables []layers.Variable, values map[string][]float32) (engine.Weights, error) {
	if err := engine.CheckSizes(variables, values); err != nil {
		return nil, err
	}
	return newWeights(values), nil
}

// CompileTime implements [engine.Backend]. Memory is laid out, and nothing compiled.
func (backend) CompileTime() time.Duration { return 0 }

// Close implements [engine.Backend].
func (backend) Close() {}

// weights are tensors that nothing changes, and filters that nets have packed.
type weights struct {
	tensors Tensors
	packed  packings
}

// newWeights copies them.
func newWeights(values Tensors) *weights { return &weights{tensors: cloneTensors(values)} }

// Values implements [engine.Weights].
func (w *weights) Values() (map[string][]float32, error) { return cloneTensors(w.tensors), nil }

// Finite implements [engine.Weights].
func (w *weights) Finite() (bool, error) { return engine.Finite(w.tensors), nil }

// Close implements [engine.Weights].
func (w *weights) Close() { w.packed.drop() }

func cloneTensors(tensors map[string][]float32) map[string][]float32 {
	all := maps.Clone(tensors)
	for name, values := range all {
		all[name] = slices.Clone(values)
	}
	return all
}

// classifier computes the logits of at most size images.
type classifier struct {
	cfg     engine.Config
	kernels *kernels.Set
	size    int
	images  []float32 // normalised
	answer  func(w *weights, images []float32) []float32
	most    int // images that answer takes
}

// grow has answer take n images, with memory for as many as fill the lanes, or twice, four times and so on as many. What it had
// is given back first.
func (c *classifier) grow(n int) error {
	c.answer, c.most = nil, 0
	most := c.kernels.Lanes
	for most < n {
		most *= 2
	}
	most = min(most, c.size)
	net, err := compileAnswering(c.cfg.Network, most, c.kernels)
	if err != nil {
		return err
	}
	c.answer, c.most = net.answer, most
	return nil
}

// Logits implements [engine.Classifier].
func (c *classifier) Logits(ctx context.Context, w engine.Weights, pixels []uint8) ([]float32, error) {
	if n := len(pixels) / c.cfg.Network.Input.Size(); n > c.most {
		if err := c.grow(n); err != nil {
			return nil, err
		}
	}
	if len(pixels) > len(c.images) {
		c.images = make([]float32, len(pixels))
	}
	images := c.images[:len(pixels)]
	return c.cfg.OverViews(ctx, func(v engine.View) ([]float32, error) {
		c.cfg.Normalization.Apply(images, v.Of(pixels, c.cfg.Network.Input))
		return c.answer(w.(*weights), images), nil
	})
}

// Close implements [engine.Classifier].
func (*classifier) Close() {}
