package engine

import (
	"context"
	"slices"
	"time"
)

// Evaluator computes a network's logits on a device. It is not safe for concurrent use.
type Evaluator struct {
	// CompileTime is what compiling has taken so far.
	CompileTime time.Duration

	device  *Device
	cfg     Config
	bySize  map[int]Classifier
	weights Weights
}

// NewEvaluator compiles nothing yet: an evaluator compiles for a batch size when it first meets it.
func NewEvaluator(d *Device, cfg Config) *Evaluator {
	return &Evaluator{device: d, cfg: cfg, bySize: map[int]Classifier{}}
}

// Use makes the evaluator compute with these weights from now on, and closes those that it had.
func (e *Evaluator) Use(w Weights) {
	if e.weights != nil {
		e.weights.Close()
	}
	e.weights = w
}

// Weights are those that the evaluator computes with.
func (e *Evaluator) Weights() Weights { return e.weights }

// SmallBatch is the batch for a few images, and LargeBatch the most images that the pure-Go engine classifies together:
// more take more memory, and not less time.
const (
	SmallBatch = 16
	LargeBatch = 256
)

// Batch is how many images are computed together at most.
func (e *Evaluator) Batch() int {
	sizes := e.device.Sizes(e.cfg.Batch)
	return sizes[len(sizes)-1]
}

// Logits returns [n, classes] for pixels [n, height, width, channels], averaged over the views. It computes in batches
// of the device's largest size, and what would leave one mostly empty in smaller ones; a batch that is not full is
// filled up with black images.
func (e *Evaluator) Logits(ctx context.Context, pixels []uint8) ([]float32, error) {
	image := e.cfg.Network.Input.Size()
	var logits []float32
	for len(pixels) > 0 {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		size := e.size(len(pixels) / image)
		n := min(len(pixels)/image, size)
		batch := pixels[:n*image]
		if n < size {
			batch = make([]uint8, size*image)
			copy(batch, pixels)
		}
		out, err := e.views(batch, size)
		if err != nil {
			return nil, err
		}
		logits = append(logits, out[:n*len(out)/size]...)
		pixels = pixels[n*image:]
	}
	return logits, nil
}

// size is the batch in which to compute n images: the largest that they fill to a third at least, or the smallest.
func (e *Evaluator) size(n int) int {
	sizes := e.device.Sizes(e.cfg.Batch)
	for _, size := range slices.Backward(sizes) {
		if 3*n >= size {
			return size
		}
	}
	return sizes[0]
}

// views adds up the logits of a batch's views.
func (e *Evaluator) views(pixels []uint8, size int) ([]float32, error) {
	if len(e.cfg.Views) == 0 {
		return e.batch(pixels, size)
	}
	var sum []float32
	for _, v := range e.cfg.Views {
		logits, err := e.batch(v.of(pixels, e.cfg.Network.Input), size)
		if err != nil {
			return nil, err
		}
		if sum == nil {
			sum = make([]float32, len(logits))
		}
		for i, l := range logits {
			sum[i] += v.Weight * l
		}
	}
	return sum, nil
}

func (e *Evaluator) batch(pixels []uint8, size int) ([]float32, error) {
	if e.bySize[size] == nil {
		start := time.Now()
		c, err := e.device.Classify(e.cfg, size)
		if err != nil {
			return nil, err
		}
		e.bySize[size] = c
		e.CompileTime += time.Since(start)
	}
	return e.bySize[size].Logits(e.weights, pixels)
}

// Close frees the weights and the executables on the device.
func (e *Evaluator) Close() {
	e.Use(nil)
	for _, c := range e.bySize {
		c.Close()
	}
}
