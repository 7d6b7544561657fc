package xla

import (
	"context"
	"errors"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/internal/engine/enginetest"
	"github.com/fastresnet/fastresnet/internal/testbackend"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// An epoch uploads what was drawn for it (an order and the choices of three augmentations), the rates, the
// number of the first step and zeroed metrics, and downloads the metrics, whatever the number of its steps; averages
// take an upload each time they move. No step leaves a buffer behind or uses one that an earlier step was given.
func TestTransfersAndBuffers(t *testing.T) {
	for label, average := range map[string]engine.Average{
		"averages": {Every: 4, Keep: 0.5}, "lookahead": {Every: 4, Keep: 0.5, Lookahead: true},
	} {
		t.Run(label, func(t *testing.T) {
			cfg, set := enginetest.Tiny(t)
			cfg.StepsPerDispatch, cfg.Average = 3, average
			transfersAndBuffers(t, cfg, set)
		})
	}
}

func transfersAndBuffers(t *testing.T, cfg engine.Config, set *data.Dataset) {
	const once, downloads = 1 + 3 + 1 + 1 + 1, 1
	each(t, func(t *testing.T, d *engine.Device) {
		l, cfg := underLedger(t, deviceOf(d)), cfg
		if d.Name == gomlx {
			cfg.StepsPerDispatch = 1 // see TestPureGoCannotLoop
		}
		trainer := newTrainer(t, d, cfg, set)
		var before int
		for epoch := 1; epoch <= 2; epoch++ {
			l.uploads, l.downloads = 0, 0
			_, err := trainer.Epoch(context.Background(), epoch, enginetest.Constant(0.05, 8), func(p engine.Progress) {
				if before == 0 {
					before = len(l.alive)
				}
				if len(l.alive) != before {
					t.Errorf("epoch %d: %d buffers after step %d, want %d as after the first", epoch, len(l.alive), p.Step, before)
				}
				if uploads := once + (p.Step+1)/cfg.Average.Every; l.uploads != uploads || l.downloads != 0 {
					t.Errorf("epoch %d, step %d: %d uploads and %d downloads, want %d and 0", epoch, p.Step, l.uploads, l.downloads, uploads)
				}
			})
			if err != nil {
				t.Fatalf("%+v", err)
			}
			if uploads := once + 8/cfg.Average.Every; l.uploads != uploads || l.downloads != downloads {
				t.Errorf("epoch %d: %d uploads and %d downloads, want %d and %d", epoch, l.uploads, l.downloads, uploads, downloads)
			}
		}
	})
}

// An evaluator compiles for two sizes, the batch and the small batch, whatever it is asked for.
func TestEvaluatorCompilesTwice(t *testing.T) {
	cfg, set := enginetest.Tiny(t)
	cfg.Batch = 24
	d := enginetest.Open(t, testbackend.XLA(t))
	l := underLedger(t, deviceOf(d))
	e := enginetest.Evaluator(t, d, cfg, enginetest.InitialWeights(t, cfg, set))
	before := len(l.alive)
	for n := 1; n <= set.Len(); n++ {
		if _, err := e.Compute(context.Background(), engine.Logits, set.Pixels()[:n*set.Shape().Size()]); err != nil {
			t.Fatalf("%+v", err)
		}
	}
	if l.compiled != 2 || len(l.alive) != before {
		t.Errorf("%d compilations and %d buffers, want 2 and %d", l.compiled, len(l.alive), before)
	}
}

// outOfMemoryAfter fails when it has been asked n times.
func outOfMemoryAfter(n int) func() error {
	return func() error {
		if n--; n < 0 {
			return errors.New("RESOURCE_EXHAUSTED: Out of memory while trying to allocate 8 bytes")
		}
		return nil
	}
}

// Wherever the memory of a device ends within an epoch, the error says so, what the run has can still be read, and nothing
// of it stays when it is closed.
func TestEpochOutOfMemory(t *testing.T) {
	for label, average := range map[string]engine.Average{
		"averages": {Every: 4, Keep: 0.5}, "lookahead": {Every: 4, Keep: 0.5, Lookahead: true},
	} {
		t.Run(label, func(t *testing.T) {
			cfg, set := enginetest.Tiny(t)
			cfg.Average = average
			d := enginetest.Open(t, gomlx)
			l := underLedger(t, deviceOf(d))
			for n := 0; ; n++ {
				trainer, err := engine.NewTrainer(t.Context(), d, cfg, set)
				if err != nil {
					t.Fatalf("%+v", err)
				}
				l.fail = outOfMemoryAfter(n)
				_, failure := trainer.Epoch(t.Context(), 1, enginetest.Constant(0.05, 8), enginetest.NoStep)
				l.fail = nil
				if failure != nil && !errors.Is(failure, engine.ErrMemory) {
					t.Errorf("after %d operations: error %v, want ErrMemory", n, failure)
				}
				if snapshot, err := trainer.Snapshot(); err != nil || len(snapshot.Averages) != len(snapshot.Variables) {
					t.Errorf("after %d operations: %d averages of %d variables, %v", n, len(snapshot.Averages), len(snapshot.Variables), err)
				}
				trainer.Close()
				if len(l.alive) > 0 {
					t.Errorf("after %d operations: %d buffers stay", n, len(l.alive))
				}
				if failure == nil {
					return
				}
			}
		})
	}
}

// Wherever the memory of a device ends while a run is prepared, the error says so, and nothing stays there.
func TestPreparationOutOfMemory(t *testing.T) {
	fed := func(cfg engine.Config) engine.Config { cfg.Loading = data.LoadPerImage; return cfg }
	resident, set := enginetest.Tiny(t)
	resident.StepsPerDispatch, resident.Average = 3, engine.Average{Every: 4, Keep: 0.5}
	for name, cfg := range map[string]engine.Config{"resident": resident, "fed": fed(resident)} {
		t.Run(name, func(t *testing.T) {
			d := enginetest.Open(t, gomlx)
			l := underLedger(t, deviceOf(d))
			for n := 0; ; n++ {
				l.fail = outOfMemoryAfter(n)
				trainer, err := engine.NewTrainer(t.Context(), d, cfg, set)
				if err == nil {
					trainer.Close()
				} else if !errors.Is(err, engine.ErrMemory) {
					t.Errorf("after %d operations: error %v, want ErrMemory", n, err)
				}
				if len(l.alive) > 0 {
					t.Errorf("after %d operations: %d buffers stay", n, len(l.alive))
				}
				if err == nil {
					if n < 10 {
						t.Errorf("%d operations, want more", n)
					}
					return
				}
			}
		})
	}
}

// Pixels are uploaded once for all views, of which each has three numbers of its own.
func TestViewsShareTheirPixels(t *testing.T) {
	cfg, set := enginetest.Tiny(t)
	cfg.Views = []engine.View{{Weight: 0.5}, {Weight: 0.25, Flip: true}, {Weight: 0.25, Down: 1, Right: -1}}
	d := enginetest.Open(t, testbackend.XLA(t))
	l := underLedger(t, deviceOf(d))
	e := enginetest.Evaluator(t, d, cfg, enginetest.InitialWeights(t, cfg, set))
	pixels := set.Pixels()[:e.Batch()*set.Shape().Size()]
	before := len(l.alive)
	l.uploaded = 0
	if _, err := e.Compute(t.Context(), engine.Logits, pixels); err != nil {
		t.Fatalf("%+v", err)
	}
	if want := len(pixels) + 3*3*4; l.uploaded != want || len(l.alive) != before {
		t.Errorf("%d bytes uploaded and %d buffers more than before, want %d and 0", l.uploaded, len(l.alive)-before, want)
	}
}

// In bfloat16 every convolution of a training step, forward and of both gradients, is one in bfloat16.
func TestConvolutionsAreInBFloat16(t *testing.T) {
	set := enginetest.Synthetic(t, 16)
	cfg := enginetest.Config(t, set, 8)
	cfg.BFloat16 = true
	d := enginetest.Open(t, testbackend.XLA(t))
	stepper, err := newStepper(t.Context(), deviceOf(d), cfg, set, []int{8})
	if err != nil {
		t.Fatal(err)
	}
	defer stepper.Close()
	step := stepper.programs[dispatch{size: 8, count: 1}]
	convolutions, weights := 0, 0
	for _, n := range step.graph.Nodes() {
		if n.Type() != graph.NodeTypeConvGeneral {
			continue
		}
		convolutions++
		for _, operand := range append([]*graph.Node{n}, n.Inputs()...) {
			if operand.DType() != dtypes.BFloat16 {
				t.Errorf("%s is in %s", n, operand.DType())
			}
		}
	}
	for _, v := range stepper.variables {
		if len(v.Dims) == 4 {
			weights++
		}
	}
	// GoMLX also writes down the gradient to the images, which XLA leaves out as nothing uses it.
	if convolutions != 3*weights {
		t.Errorf("%d convolutions, want three for each of %d weights", convolutions, weights)
	}
}
