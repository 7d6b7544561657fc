package xla

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
)

// device is an open backend of GoMLX, of which some units work together.
type device struct {
	name    string
	backend compute.Backend
	units   int // in use
	// compiling is what compiling for the device has taken so far, in nanoseconds.
	compiling atomic.Int64
}

// opened describes a backend of GoMLX that has been opened by a name.
func opened(name string, backend compute.Backend) *engine.Device {
	d := &engine.Device{Name: name, Description: backend.Description(), BFloat16: true, Backend: &device{name: name, backend: backend, units: 1}}
	d.Units = []string{d.Description}
	return d
}

// Split implements [engine.Backend].
func (d *device) Split(n int) error {
	d.units = n
	return nil
}

// Train implements [engine.Backend].
func (d *device) Train(ctx context.Context, cfg engine.Config, train *data.Dataset, sizes []int) (engine.Stepper, error) {
	return newStepper(ctx, d, cfg, train, sizes)
}

// DataMemory implements [engine.Backend].
func (*device) DataMemory(cfg engine.Config, images int) int64 {
	if !resides(cfg) {
		return engine.LoaderMemory(cfg, images)
	}
	bytes := int64(images) * int64(cfg.Network.Input.Size())
	if engine.LeadingCrop(cfg.Augmentations) != nil { // then they are padded
		bytes += int64(images) * int64(engine.PreparedShape(cfg.Network.Input, cfg.Augmentations).Size())
	}
	return bytes
}

// Together implements [engine.Backend]. A program takes as long however many images of its batch there are.
func (*device) Together(n, batch int) (images, size int) {
	size = max(batch, engine.SmallBatch)
	if n < size/3 {
		size = engine.SmallBatch
	}
	return min(n, size), size
}

// Classify implements [engine.Backend].
func (d *device) Classify(cfg engine.Config, size int) (engine.Classifier, error) {
	return newClassifier(d, cfg, size)
}

// Upload implements [engine.Backend].
func (d *device) Upload(variables []layers.Variable, values map[string][]float32) (engine.Weights, error) {
	buffers, err := uploadVariables(d, variables, values)
	if err != nil {
		return nil, err
	}
	return &weights{variables: variables, buffers: buffers, finite: engine.Finite(values)}, nil
}

// CompileTime implements [engine.Backend].
func (d *device) CompileTime() time.Duration { return time.Duration(d.compiling.Load()) }

// Close implements [engine.Backend].
func (d *device) Close() { d.backend.Finalize() }

// dtypeOf is what a configuration's network computes in.
func dtypeOf(cfg engine.Config) dtypes.DType {
	if cfg.BFloat16 {
		return dtypes.BFloat16
	}
	return dtypes.Float32
}

// inputsOf are variables as the inputs of a program.
func inputsOf(variables []layers.Variable) []input {
	all := make([]input, len(variables))
	for i, v := range variables {
		all[i] = whole(dtypes.Float32, v.Dims...)
	}
	return all
}

func uploadVariables(d *device, variables []layers.Variable, values map[string][]float32) ([]compute.Buffer, error) {
	if err := engine.CheckSizes(variables, values); err != nil {
		return nil, err
	}
	buffers := make([]compute.Buffer, len(variables))
	for i, v := range variables {
		var err error
		if buffers[i], err = upload(d, values[v.Name], whole(dtypes.Float32, v.Dims...)); err != nil {
			release(buffers...)
			return nil, fmt.Errorf("%s: %w", v.Name, err)
		}
	}
	return buffers, nil
}

// downloadVariables copies variables to the host, by name.
func downloadVariables(variables []layers.Variable, buffers []compute.Buffer) (map[string][]float32, error) {
	values := make(map[string][]float32, len(variables))
	for i, v := range variables {
		var err error
		if values[v.Name], err = download[float32](buffers[i], v.Size()); err != nil {
			return nil, err
		}
	}
	return values, nil
}
