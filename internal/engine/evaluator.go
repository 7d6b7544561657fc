package engine

import (
	"context"
	"math"
	"time"
)

// Evaluator computes a network's logits, and the features that they are made of, on a device. It is not safe for
// concurrent use.
type Evaluator struct {
	// CompileTime is what compiling has taken so far.
	CompileTime time.Duration

	device   *Device
	cfg      Config
	compiled map[program]Classifier
}

// program is what an evaluator compiles: the network, or without its classifier the body, for a number of images.
type program struct {
	output Output
	size   int
}

// Output is what an evaluator computes of images.
type Output int

const (
	// Logits are [n, classes].
	Logits Output = iota
	// Features are what the classifier is given, [n, N]: the output of [layers.Network.Body].
	Features
)

// NewEvaluator compiles nothing yet: an evaluator compiles for a number of images when it first meets it.
func NewEvaluator(d *Device, cfg Config) *Evaluator {
	return &Evaluator{device: d, cfg: cfg, compiled: map[program]Classifier{}}
}

// SmallBatch is the batch for a few images, and LargeBatch the most images that the pure-Go engine classifies together:
// more take more memory, and not less time.
const (
	SmallBatch = 16
	LargeBatch = 128
)

// Batch is how many images are computed together at most.
func (e *Evaluator) Batch() int {
	images, _ := e.device.Together(math.MaxInt, e.cfg.Batch)
	return images
}

// Compute returns an output, by these weights, for pixels [n, height, width, channels], averaged over the views. It computes as
// many together as are best for the device. For features of a network without a body, the error wraps [layers.ErrNetwork].
func (e *Evaluator) Compute(ctx context.Context, w Weights, output Output, pixels []uint8) ([]float32, error) {
	image := e.cfg.Network.Input.Size()
	var all []float32
	for len(pixels) > 0 {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		n, size := e.device.Together(len(pixels)/image, e.cfg.Batch)
		c, err := e.classifier(program{output, size})
		if err != nil {
			return nil, err
		}
		out, err := c.Logits(ctx, w, pixels[:n*image])
		if err != nil {
			return nil, err
		}
		all = append(all, out...)
		pixels = pixels[n*image:]
	}
	return all, nil
}

func (e *Evaluator) classifier(p program) (Classifier, error) {
	if e.compiled[p] == nil {
		start := time.Now()
		c, err := e.compile(p)
		if err != nil {
			return nil, err
		}
		e.compiled[p] = c
		e.CompileTime += time.Since(start)
	}
	return e.compiled[p], nil
}

func (e *Evaluator) compile(p program) (Classifier, error) {
	cfg := e.cfg
	if p.output == Features {
		var err error
		if cfg.Network, err = cfg.Network.Body(); err != nil {
			return nil, err
		}
	}
	return e.device.Classify(cfg, p.size)
}

// Close frees the executables on the device.
func (e *Evaluator) Close() {
	for _, c := range e.compiled {
		c.Close()
	}
}
