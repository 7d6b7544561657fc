package fastresnet_test

import (
	"context"
	"errors"
	"math"
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/internal/testbackend"
	"github.com/google/go-cmp/cmp"
)

// The loss falls as the rates rise, and then rises; at its end the curve is where training would diverge.
func TestFindRate(t *testing.T) {
	if testing.Short() {
		t.Skip("it is the same on every platform")
	}
	set := synthetic(t, 200, 1)
	curve, err := fastresnet.FindRate(context.Background(), fastresnet.WithDataset(set, nil), fastresnet.WithBackend("go"),
		fastresnet.WithWidth(4), fastresnet.WithBatchSize(32), fastresnet.WithPeakRate(0.1))
	if err != nil {
		t.Fatal(err)
	}
	if len(curve) < 20 {
		t.Fatalf("%d points", len(curve))
	}
	lowest := curve[0]
	for i, p := range curve {
		if p.Step != i+1 || math.IsNaN(p.Loss) || i > 0 && p.Rate <= curve[i-1].Rate {
			t.Errorf("point %d is %+v", i, p)
		}
		if p.Loss < lowest.Loss {
			lowest = p
		}
	}
	if first := curve[0]; math.Abs(first.Rate-1e-4) > 1e-9 || math.Abs(first.Loss-math.Log(10)) > 0.7 {
		t.Errorf("it begins with %+v, want a thousandth of the peak, and ln 10", first)
	}
	if lowest.Loss > 0.9*curve[0].Loss || lowest.Rate < 1e-3 {
		t.Errorf("the lowest is %+v", lowest)
	}
}

// A point is one step, whatever number of steps a run would take at once.
func TestFindRateStepByStep(t *testing.T) {
	backend := testbackend.XLA(t)
	set := synthetic(t, 80, 1)
	curve := func(opts ...fastresnet.Option) []fastresnet.RatePoint {
		points, err := fastresnet.FindRate(context.Background(), append(opts, fastresnet.WithDataset(set, nil), fastresnet.WithBackend(backend),
			fastresnet.WithArchitecture(tinyNetwork()), fastresnet.WithBatchSize(8), fastresnet.WithPeakRate(1e-3))...)
		if err != nil {
			t.Fatal(err)
		}
		return points
	}
	if diff := cmp.Diff(curve(), curve(fastresnet.WithStepsPerDispatch(4))); diff != "" {
		t.Errorf("the curve (-one step at once +four):\n%s", diff)
	}
}

func TestFindRateStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	set := synthetic(t, 64, 1)
	if curve, err := fastresnet.FindRate(ctx, fastresnet.WithDataset(set, nil), fastresnet.WithBackend("go")); curve != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("%v, %v", curve, err)
	}
	caused, end := context.WithCancelCause(context.Background())
	end(errors.New("another part of the program failed"))
	if _, err := fastresnet.FindRate(caused, fastresnet.WithDataset(set, nil), fastresnet.WithBackend("go")); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled with a cause: %v, want context.Canceled", err)
	}
	model := train(t, set, fastresnet.WithArchitecture(tinyNetwork()), fastresnet.WithEpochs(1)).Model
	for name, opts := range map[string][]fastresnet.Option{
		"width 0":  {fastresnet.WithWidth(0)},
		"0 epochs": {fastresnet.WithDataset(set, nil), fastresnet.WithInitialModel(model), fastresnet.WithEpochs(0)},
	} {
		if _, err := fastresnet.FindRate(context.Background(), opts...); !errors.Is(err, fastresnet.ErrOption) {
			t.Errorf("%s: %v, want ErrOption", name, err)
		}
	}
}
