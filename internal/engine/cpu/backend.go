package cpu

import (
	"context"
	"fmt"
	"maps"
	"math"
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
		set.WinogradChannels = math.MaxInt
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
func (b backend) Train(ctx context.Context, cfg engine.Config, train *data.Dataset, sizes []int) (engine.Steps, error) {
	return newSteps(ctx, cfg, train, sizes, b.kernels)
}

// Classify implements [engine.Backend].
func (b backend) Classify(cfg engine.Config, size int) (engine.Classifier, error) {
	c := &classifier{cfg: cfg, images: make([]float32, size*cfg.Network.Input.Size())}
	if size == 1 {
		net, err := compileImage(cfg.Network, b.kernels)
		if err != nil {
			return nil, err
		}
		c.logits = net.classify
		return c, nil
	}
	net, err := compileAnswering(cfg.Network, size, b.kernels)
	if err != nil {
		return nil, err
	}
	c.logits = func(w *weights, images []float32) []float32 { return net.Forward(w.tensors, images, false) }
	return c, nil
}

// Sizes implements [engine.Backend]. One image is computed in another way than as many as there are lanes.
func (b backend) Sizes(batch int) []int {
	lanes := b.kernels.Lanes
	return []int{1, lanes, min(max(batch, lanes), engine.LargeBatch)}
}

// Upload implements [engine.Backend].
func (backend) Upload(variables []layers.Variable, values map[string][]float32) (engine.Weights, error) {
	if err := engine.CheckSizes(variables, values); err != nil {
		return nil, err
	}
	return &weights{cloneTensors(values)}, nil
}

// CompileTime implements [engine.Backend]. Memory is laid out, and nothing compiled.
func (backend) CompileTime() time.Duration { return 0 }

// Close implements [engine.Backend].
func (backend) Close() {}

// weights are tensors that nothing changes.
type weights struct{ tensors Tensors }

// Values implements [engine.Weights].
func (w *weights) Values() (map[string][]float32, error) { return cloneTensors(w.tensors), nil }

// Finite implements [engine.Weights].
func (w *weights) Finite() (bool, error) { return engine.Finite(w.tensors), nil }

// Close implements [engine.Weights].
func (*weights) Close() {}

func cloneTensors(tensors map[string][]float32) map[string][]float32 {
	all := maps.Clone(tensors)
	for name, values := range all {
		all[name] = slices.Clone(values)
	}
	return all
}

// classifier computes the logits of a number of images.
type classifier struct {
	cfg    engine.Config
	images []float32 // normalised
	logits func(w *weights, images []float32) []float32
}

// Logits implements [engine.Classifier].
func (c *classifier) Logits(ctx context.Context, w engine.Weights, pixels []uint8) ([]float32, error) {
	return c.cfg.OverViews(ctx, func(v engine.View) ([]float32, error) {
		c.cfg.Normalization.Apply(c.images, v.Of(pixels, c.cfg.Network.Input))
		return c.logits(w.(*weights), c.images), nil
	})
}

// Close implements [engine.Classifier].
func (*classifier) Close() {}
