package engine

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/golden"
	"github.com/fastresnet/fastresnet/internal/optim"
	"github.com/fastresnet/fastresnet/internal/testbackend"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// tiny is a run of 7 batches of 8 and one of 4, on a network that compiles in a moment.
func tiny(t testing.TB) (Config, *data.Dataset) {
	t.Helper()
	set := synthetic(t, 60)
	cfg := config(t, set, 8)
	cfg.KeepIncomplete = true
	cfg.Network.Layers = []layers.Layer{
		layers.Conv{Name: "conv", Out: 4, Kernel: 3, Stride: 2}, layers.BatchNorm{Name: "norm"}, layers.ReLU{},
		layers.MaxPool{Size: 2}, layers.GlobalMeanPool{}, layers.Linear{Name: "classifier", Out: 10},
	}
	return cfg, set
}

// graphTrainer trains with whole-step graphs on any backend. Its dispatches may be as long as they like.
func graphTrainer(t *testing.T, d *Device, cfg Config, set *data.Dataset) *Trainer {
	t.Helper()
	trainer := newTrainer(t, d, cfg, set)
	trainer.pacing.limit = time.Hour
	if d.PureGo() {
		trainer.lowering.close()
		var err error
		trainer.lowering, err = newGraphLowering(context.Background(), d, cfg, trainer.variables, set, []int{8, 4})
		if err != nil {
			t.Fatalf("%+v", err)
		}
	}
	return trainer
}

// several are the ways to take three steps a dispatch.
func several(t *testing.T, f func(t *testing.T, d *Device, cfg Config, set *data.Dataset)) {
	cfg, set := tiny(t)
	cfg.StepsPerDispatch = 3
	testbackend.Each(t, func(t *testing.T, backend string) {
		t.Run("unrolled", func(t *testing.T) { f(t, openFor(t, backend), cfg, set) })
		if backend != "go" {
			cfg := cfg
			cfg.LoopSteps = true
			t.Run("looped", func(t *testing.T) { f(t, openFor(t, backend), cfg, set) })
		}
	})
}

// Steps that share a dispatch train like single ones: bit for bit in pure Go, and to rounding on XLA, which
// fuses them otherwise. The average that moves after every fourth step is never in the middle of a dispatch.
func TestSeveralStepsPerDispatchTrainLikeOne(t *testing.T) {
	several(t, func(t *testing.T, d *Device, cfg Config, set *data.Dataset) {
		tolerance := 1e-5
		if d.PureGo() {
			tolerance = 0
		}
		cfg.AverageEvery, cfg.Average = 4, optim.Average{Keep: 0.9}
		single := cfg
		single.StepsPerDispatch = 0
		wantHistory, want := train(t, graphTrainer(t, d, single, set), 3)

		trainer := graphTrainer(t, d, cfg, set)
		var ends []int
		for epoch := 1; epoch <= 3; epoch++ {
			m, err := trainer.Epoch(context.Background(), epoch, constant(0.05, trainer.Steps()), func(step, images int) {
				ends = append(ends, step)
				if want := min(60, 8*(step+1)); images != want {
					t.Errorf("%d images after step %d, want %d", images, step, want)
				}
			})
			if err != nil {
				t.Fatalf("%+v", err)
			}
			if diff := cmp.Diff(wantHistory[epoch-1], m, cmpopts.EquateApprox(tolerance, 0)); diff != "" {
				t.Errorf("epoch %d (-single +several):\n%s", epoch, diff)
			}
		}
		if diff := cmp.Diff([]int{0, 1, 2, 3, 6, 7 /**/, 2, 3, 6, 7 /**/, 2, 3, 6, 7}, ends); diff != "" {
			t.Errorf("last steps of the dispatches (-want +got):\n%s", diff)
		}
		got, err := trainer.Variables()
		if err != nil {
			t.Fatal(err)
		}
		for name := range want {
			if e := golden.MaxRelativeError(got[name], want[name]); e > tolerance {
				t.Errorf("%s differs by %.2g of its largest value", name, e)
			}
		}
	})
}

func TestSeveralStepsPerDispatchStopAndDiverge(t *testing.T) {
	several(t, func(t *testing.T, d *Device, cfg Config, set *data.Dataset) {
		trainer := graphTrainer(t, d, cfg, set)
		ctx, cancel := context.WithCancel(context.Background())
		m, err := trainer.Epoch(ctx, 1, constant(0.05, 8), func(step, _ int) {
			if step == 5 { // the end of the first dispatch of three
				cancel()
			}
		})
		if !errors.Is(err, context.Canceled) || m.Steps != 6 || m.Examples != 48 {
			t.Errorf("metrics %+v, error %v, want 6 steps and context.Canceled", m, err)
		}
		rates := constant(0, 8)
		rates[3] = float32(math.NaN()) // spoils the weights of step 4, in the middle of the dispatch of 3 to 5
		if m, err = trainer.Epoch(context.Background(), 2, rates, noStep); err != nil || m.Diverged != 4 {
			t.Errorf("metrics %+v, error %v, want divergence at step 4", m, err)
		}
	})
}

// Several steps are only one dispatch when they are known to fit it.
func TestPacing(t *testing.T) {
	for _, tt := range []struct {
		label   string
		took    []time.Duration
		allowed bool
	}{
		{"nothing is known yet", nil, false},
		{"too little is known", []time.Duration{1, 1}, false},
		{"short steps", []time.Duration{time.Minute, 1, time.Second / 10}, true},
		{"steps too long", []time.Duration{1, 1, time.Second}, false},
		{"steps that became too long", []time.Duration{1, 1, 1, time.Second / 5}, false},
	} {
		t.Run(tt.label, func(t *testing.T) {
			p := pacing{limit: maxDispatch}
			for _, took := range tt.took {
				p.stepped(1, took)
			}
			if got := p.allows(4); got != tt.allowed {
				t.Errorf("four steps allowed: %t, want %t", got, tt.allowed)
			}
		})
	}
}

// A batch from the host is one step's, so the others are not even compiled for.
func TestFedStepsAreSingle(t *testing.T) {
	cfg, set := tiny(t)
	cfg.StepsPerDispatch, cfg.Loading = 3, data.LoadPerImage
	testbackend.Each(t, func(t *testing.T, backend string) {
		trainer := graphTrainer(t, openFor(t, backend), cfg, set)
		if k := trainer.lowering.perDispatch(8); k != 1 {
			t.Errorf("%d steps a dispatch, want 1", k)
		}
	})
}

// The reason why loops are for XLA alone. When this fails, GoMLX's pure-Go backend has learned to run them.
func TestPureGoCannotLoop(t *testing.T) {
	cfg, set := tiny(t)
	cfg.StepsPerDispatch, cfg.LoopSteps = 3, true
	trainer := graphTrainer(t, openFor(t, "go"), cfg, set)
	_, err := trainer.Epoch(context.Background(), 1, constant(0.05, 8), noStep)
	if err == nil || !strings.Contains(err.Error(), "not computed yet") {
		t.Errorf("error %v, want one that says a node is not computed yet", err)
	}
}
