package fastresnet_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/testbackend"
	"github.com/fastresnet/fastresnet/schedule"
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

func TestCrossValidate(t *testing.T) {
	if testing.Short() {
		t.Skip("it is the same on every platform")
	}
	set := synthetic(t, 90, 1)
	small := []fastresnet.Option{fastresnet.WithBackend("go"), fastresnet.WithWidth(4), fastresnet.WithBatchSize(30), fastresnet.WithEpochs(2)}
	v, err := fastresnet.CrossValidate(context.Background(), set, 3, small...)
	if err != nil {
		t.Fatal(err)
	}
	tested, mean, squares := 0, 0., 0.
	for _, e := range v.Evaluations {
		for _, f := range e.PerClass() {
			tested += f.Images
		}
		mean += e.Accuracy / 3
	}
	for _, e := range v.Evaluations {
		squares += (e.Accuracy - mean) * (e.Accuracy - mean)
	}
	if tested != set.Len() || math.Abs(v.Mean-mean) > 1e-12 || math.Abs(v.Deviation-math.Sqrt(squares/2)) > 1e-12 {
		t.Errorf("%d images tested, %v; want %d, %g and %g", tested, v, set.Len(), mean, math.Sqrt(squares/2))
	}
	for name, err := range map[string]error{
		"one part": second(fastresnet.CrossValidate(context.Background(), set, 1, small...)),
		"no set":   second(fastresnet.CrossValidate(context.Background(), nil, 3, small...)),
	} {

		if !errors.Is(err, data.ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := fastresnet.CrossValidate(context.Background(), set, 3, fastresnet.WithDataset(set, nil)); !errors.Is(err, fastresnet.ErrOption) {
		t.Errorf("with a data set: %v", err)
	}

	// What does not fit is said before anything is trained, and judged by the recipe for the parts.
	own := renamed(t, set)
	calls := 0
	heard := fastresnet.WithProgress(fastresnet.Observer{Start: func(*fastresnet.Result) { calls++ }})
	_, err = fastresnet.CrossValidate(context.Background(), own, 3, append(small, heard, fastresnet.WithTargetAccuracy(0.5))...)
	const without = "invalid option: CrossValidate trains without a test set, which WithTargetAccuracy, WithEarlyStop and WithBestWeights need"
	if !errors.Is(err, fastresnet.ErrOption) || err.Error() != without || calls > 0 {
		t.Errorf("with a target accuracy: %v, %d runs started", err, calls)
	}
	epochs := float64(fastresnet.RecipeFor(own).Epochs)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	_, err = fastresnet.CrossValidate(ctx, own, 3, fastresnet.WithBackend("go"), fastresnet.WithWidth(4), fastresnet.WithSchedule(schedule.SlantedOneCycle(0.05, epochs/5, epochs)),
		fastresnet.WithProgress(fastresnet.Observer{Start: func(*fastresnet.Result) { cancel() }}))
	if !errors.Is(err, context.Canceled) || !strings.HasPrefix(err.Error(), "part 1 of 3: ") {
		t.Errorf("with a schedule for the recipe of the set: %v, want context.Canceled once it has started", err)
	}
}

func second[T any](_ T, err error) error { return err }
