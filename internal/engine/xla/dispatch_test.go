package xla

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/internal/engine/enginetest"
	"github.com/fastresnet/fastresnet/internal/golden"
	"github.com/fastresnet/fastresnet/internal/testbackend"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// newTrainer is a run whose dispatches may be as long as they like.
func newTrainer(t testing.TB, d *engine.Device, cfg engine.Config, set *data.Dataset) enginetest.Run {
	t.Helper()
	cfg.DispatchLimit = time.Hour
	return enginetest.NewTrainer(t, d, cfg, set)
}

// several is a run on XLA that takes three steps a dispatch. GoMLX's own backend cannot: see TestPureGoCannotLoop.
func several(t *testing.T) (d *engine.Device, cfg engine.Config, set *data.Dataset) {
	t.Helper()
	cfg, set = enginetest.Tiny(t)
	cfg.StepsPerDispatch = 3
	return enginetest.Open(t, testbackend.XLA(t)), cfg, set
}

// Steps that share a dispatch train like single ones, to rounding, as XLA fuses them otherwise. The average that moves after
// every fourth step is never in the middle of a dispatch.
func TestSeveralStepsPerDispatchTrainLikeOne(t *testing.T) {
	const tolerance = 1e-5
	d, cfg, set := several(t)
	cfg.Average = engine.Average{Every: 4, Keep: 0.9}
	single := cfg
	single.StepsPerDispatch = 0
	wantHistory, want := enginetest.Train(t, newTrainer(t, d, single, set), 3)

	trainer := newTrainer(t, d, cfg, set)
	var ends []int
	for epoch := 1; epoch <= 3; epoch++ {
		m, err := trainer.Epoch(context.Background(), epoch, enginetest.Constant(0.05, trainer.Steps()), func(p engine.Progress) {
			ends = append(ends, p.Step)
			if want := min(60, 8*(p.Step+1)); p.Images != want {
				t.Errorf("%d images after step %d, want %d", p.Images, p.Step, want)
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
	got := enginetest.Variables(t, trainer)
	for name := range want {
		if e := golden.MaxRelativeError(got[name], want[name]); e > tolerance {
			t.Errorf("%s differs by %.2g of its largest value", name, e)
		}
	}
}

func TestSeveralStepsPerDispatchStopAndDiverge(t *testing.T) {
	d, cfg, set := several(t)
	trainer := newTrainer(t, d, cfg, set)
	ctx, cancel := context.WithCancel(context.Background())
	m, err := trainer.Epoch(ctx, 1, enginetest.Constant(0.05, 8), func(p engine.Progress) {
		if p.Step == 5 { // the end of the first dispatch of three
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || m.Steps != 6 || m.Examples != 48 {
		t.Errorf("metrics %+v, error %v, want 6 steps and context.Canceled", m, err)
	}
	moves := enginetest.Constant(0, 8)
	moves[3] = enginetest.At(float32(math.NaN())) // spoils the weights of step 4, in the middle of the dispatch of 3 to 5
	if m, err = trainer.Epoch(context.Background(), 2, moves, enginetest.NoStep); err != nil || m.Diverged != 4 {
		t.Errorf("metrics %+v, error %v, want divergence at step 4", m, err)
	}
}

// A batch from the host is one step's, so the others are not even compiled for.
func TestFedStepsAreSingle(t *testing.T) {
	cfg, set := enginetest.Tiny(t)
	cfg.StepsPerDispatch, cfg.Loading = 3, data.LoadPerImage
	each(t, func(t *testing.T, d *engine.Device) {
		stepper, err := newStepper(t.Context(), deviceOf(d), cfg, set, []int{8, 4})
		if err != nil {
			t.Fatal(err)
		}
		defer stepper.Close()
		if k := stepper.PerDispatch(8); k != 1 {
			t.Errorf("%d steps a dispatch, want 1", k)
		}
	})
}

// The reason why loops are for XLA alone. When this fails, GoMLX's pure-Go backend has learned to run them.
func TestPureGoCannotLoop(t *testing.T) {
	cfg, set := enginetest.Tiny(t)
	cfg.StepsPerDispatch = 3
	trainer := newTrainer(t, enginetest.Open(t, gomlx), cfg, set)
	_, err := trainer.Epoch(context.Background(), 1, enginetest.Constant(0.05, 8), enginetest.NoStep)
	if err == nil || !strings.Contains(err.Error(), "not computed yet") {
		t.Errorf("error %v, want one that says a node is not computed yet", err)
	}
}
