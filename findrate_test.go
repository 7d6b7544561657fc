package fastresnet_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/testbackend"
	"github.com/fastresnet/fastresnet/layers"
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

// Rates go from a thousandth of the schedule's peak to a hundred times the peak, whatever rates the few steps of a run have,
// and those of a group with a schedule of its own do so by its peak.
func TestFindRateGoesByPeaks(t *testing.T) {
	set := synthetic(t, 16, 1)
	curve := func(rates, group schedule.Schedule, before bool) []fastresnet.RatePoint {
		recipe := tinyRecipe()
		recipe.Epochs, recipe.BatchSize, recipe.Schedule, recipe.RateBeforeStep = 1, 16, rates, before // one step in all
		recipe.Groups = []fastresnet.VariableGroup{{Variables: layers.KindLinearWeights, Optimizer: fastresnet.SGD{}, Schedule: group}}
		points, err := fastresnet.FindRate(context.Background(), fastresnet.WithDataset(set, nil), fastresnet.WithBackend("go"),
			fastresnet.WithRecipe(recipe))
		if err != nil {
			t.Fatal(err)
		}
		return points
	}
	const peak = 1e-5 // low, for a curve up to its end
	falling := schedule.PiecewiseLinear(schedule.Knot{Epoch: 0, Rate: peak}, schedule.Knot{Epoch: 1, Rate: 0})
	want := curve(schedule.Constant(peak), schedule.Constant(2*peak), false)
	if first, last := want[0].Rate, want[len(want)-1].Rate; len(want) != 100 || math.Abs(first/peak-1e-3) > 1e-8 || math.Abs(last/peak-100) > 1e-3 {
		t.Errorf("%d rates from %g to %g, want 100 from %g to %g", len(want), first, last, 1e-3*peak, 100*peak)
	}
	for _, tt := range []struct {
		name          string
		rates, groups schedule.Schedule
		before        bool
	}{
		{"0 at its one step", schedule.OneCycle(peak, 0.5, 1), schedule.OneCycle(2*peak, 0.5, 1), false},
		{"0 before its one step", schedule.OneCycle(peak, 0.5, 1), schedule.OneCycle(2*peak, 0.5, 1), true},
		{"a group's peak at another time", falling, schedule.OneCycle(2*peak, 0.9, 1), true},
	} {
		if diff := cmp.Diff(want, curve(tt.rates, tt.groups, tt.before)); diff != "" {
			t.Errorf("%s: the curve (-of constant rates +got):\n%s", tt.name, diff)
		}
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
		"width 0":             {fastresnet.WithWidth(0)},
		"0 epochs":            {fastresnet.WithDataset(set, nil), fastresnet.WithInitialModel(model), fastresnet.WithEpochs(0)},
		"rates of 0":          {fastresnet.WithDataset(set, nil), fastresnet.WithSchedule(schedule.Constant(0))},
		"rates of 0, rounded": {fastresnet.WithDataset(set, nil), fastresnet.WithSchedule(schedule.Constant(1e-60))},
	} {
		if _, err := fastresnet.FindRate(context.Background(), opts...); !errors.Is(err, fastresnet.ErrOption) {
			t.Errorf("%s: %v, want ErrOption", name, err)
		}
	}
}

// What does not count is not refused either, whatever it is.
func TestFindRateTakesWhatDoesNotCount(t *testing.T) {
	set, other := synthetic(t, 32, 1), blankSet(t, 4, data.Shape{Height: 8, Width: 8, Channels: 1}, "a", "b")
	curve := func(opts ...fastresnet.Option) []fastresnet.RatePoint {
		t.Helper()
		points, err := fastresnet.FindRate(context.Background(), append([]fastresnet.Option{fastresnet.WithDataset(set, nil), fastresnet.WithBackend("go"),
			fastresnet.WithRecipe(tinyRecipe())}, opts...)...)
		if err != nil {
			t.Error(err)
		}
		return points
	}
	want := curve()
	for name, o := range map[string]fastresnet.Option{
		"no folder for checkpoints":     fastresnet.WithCheckpoint("", 0),
		"resuming without checkpoints":  fastresnet.WithResume(),
		"best weights without a test":   fastresnet.WithBestWeights(),
		"a target without a test":       fastresnet.WithTargetAccuracy(2),
		"an early stop without a test":  fastresnet.WithEarlyStop(0),
		"a test after every 0 epochs":   fastresnet.WithTestEvery(0),
		"a test set of other images":    fastresnet.WithDataset(set, other),
		"an observer of nothing":        fastresnet.WithProgress(fastresnet.Observer{}),
		"a loss every -1 steps":         fastresnet.WithLossEvery(-1),
		"less than no step in dispatch": fastresnet.WithStepsPerDispatch(-1),
	} {
		if diff := cmp.Diff(want, curve(o)); diff != "" {
			t.Errorf("%s: the curve (-without +with):\n%s", name, diff)
		}
	}
}

func TestSteepestRate(t *testing.T) {
	// falling is a curve that falls the fastest at a rate of 0.1, with some noise, and rises at its end.
	falling := func(n int, noise float64) (curve []fastresnet.RatePoint) {
		rng := rand.New(rand.NewPCG(1, 2))
		for i := range n {
			x := float64(i) / float64(n-1)
			loss := 2.3 - 1.5/(1+math.Exp(-15*(x-0.5))) + 4*math.Exp(50*(x-1)) + noise*rng.NormFloat64()
			curve = append(curve, fastresnet.RatePoint{Step: i + 1, Rate: 1e-3 * math.Pow(1e4, x), Loss: loss})
		}
		return curve
	}
	rising := falling(100, 0)
	for i := range rising {
		rising[i].Loss = float64(i)
	}
	lost := falling(100, 0)
	for i := range lost {
		lost[i].Loss = math.NaN()
	}
	still := falling(100, 0)
	for i := range still {
		still[i].Rate = 0
	}
	for _, tt := range []struct {
		name   string
		curve  []fastresnet.RatePoint
		want   float64 // the rate; 0 for none
		factor float64 // that it is off by at most
	}{
		{"smooth", falling(100, 0), 0.1, 1.1},
		{"noise", falling(100, 0.03), 0.1, 2.5},
		{"few steps", falling(10, 0), 0.1, 2.8},
		{"too few steps", falling(9, 0), 0, 0},
		{"none", nil, 0, 0},
		{"rises", rising, 0, 0},
		{"no numbers", lost, 0, 0},
		{"rates of 0", still, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rate, ok := fastresnet.SteepestRate(tt.curve)
			if ok != (tt.want > 0) {
				t.Fatalf("%g, %t", rate, ok)
			}
			if ok && (rate > tt.want*tt.factor || rate < tt.want/tt.factor) {
				t.Errorf("%g, want some %g", rate, tt.want)
			}
		})
	}
}
