package fastresnet_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/testbackend"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/fastresnet/fastresnet/schedule"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestAirbenchRates holds the rates of every step to the source, which counts steps from 0: the first rate times
// 1 - step/steps, for the sum of the losses. Of the mean loss, SGD's are 2000 times as high. The whitening's bias
// trains for the first three epochs only.
func TestAirbenchRates(t *testing.T) {
	const steps, epochs, batch = 25, 8, 2000
	r := fastresnet.Airbench94Muon()
	var want, got []float64
	for step := range steps * epochs {
		falling := 1 - float64(step)/(steps*epochs)
		whitening := max(0, 1-float64(step)/(steps*3))
		want = append(want, 0.24*falling, 0.24*falling, 0.053*batch*whitening, 0.053*batch*falling, 0.67*batch*falling)
	}
	for epoch := 1; epoch <= epochs; epoch++ {
		for _, m := range slices.Concat(r.Moves(epoch, steps)...) {
			got = append(got, float64(m.Rate))
		}
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(1e-6, 1e-6)); diff != "" {
		t.Errorf("rates of the recipe and its groups (-want +got):\n%s", diff)
	}
}

// TestAirbench2025 holds what the recipe says of each step to the source, which takes 243 steps, 32 an epoch, and counts them
// from 0 for the rates and from 1 for Muon's scaling of the filters.
func TestAirbench2025(t *testing.T) {
	const steps, all, batch = 32, 243, 1536
	r := named(t, "airbench94-2025")
	type move struct {
		Muon, WhiteningBias, Bias, Classifier float64
		Rescale                               bool
	}
	var want, got []move
	last := 0
	for step := range all {
		falling := 1 - float64(step)/all
		count := step + 1
		rescale := count-last >= 2+int(15*float64(count)/all)
		if rescale {
			last = count
		}
		whitening := max(0, 1-float64(step)/7)
		want = append(want, move{0.205 * falling, 0.0573 * batch * whitening, 0.0573 * batch * falling, 0.5415 * batch * falling, rescale})
	}
	for epoch := 1; epoch <= r.Epochs; epoch++ {
		for _, m := range r.Moves(epoch, steps) {
			got = append(got, move{float64(m[1].Rate), float64(m[2].Rate), float64(m[3].Rate), float64(m[4].Rate), m[1].Rescale})
		}
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(1e-6, 1e-6)); diff != "" {
		t.Errorf("steps of the recipe (-want +got):\n%s", diff)
	}
	if muon := r.Groups[0].Optimizer.(fastresnet.Muon); muon.Momentum != 0.655 || math.Abs(muon.WeightDecay-1.0418e-6*batch) > 1e-12 {
		t.Errorf("%+v", muon)
	}
	for i, rate := range map[int]float64{1: 0.0573, 2: 0.0573, 3: 0.5415} {
		sgd := r.Groups[i].Optimizer.(fastresnet.SGD)
		// The source's decay, for the sum of the losses, divided by the batch.
		if want := 1.0418e-6 * batch / rate / batch; sgd.Momentum != 0.825 || math.Abs(sgd.WeightDecay-want) > 1e-12 {
			t.Errorf("group %d: %+v, want a decay of %g", i, sgd, want)
		}
	}
}

// TestAirbench96 holds what the recipe says of each step to the source, which takes 1776 steps, 48 an epoch, counted from 0
// for the rates and from 1 for the averages, and has one number for the rate and one for the decay, both of a momentum of 0.
func TestAirbench96(t *testing.T) {
	const steps, all, batch, momentum = 48, 37 * 48, 1024, 0.85
	r := named(t, "airbench96")
	scale := 1024 * (1 + 1/(1-momentum))
	rate, decay := 9/scale, 0.012*batch/scale
	type move struct{ Others, Bias, WhiteningBias, Kept float64 }
	var want, got []move
	for step := range all {
		const warm = 177
		factor := float64(all-step) / (all - warm)
		if step < warm {
			factor = 0.2 + 0.8*float64(step)/warm
		}
		m := move{rate * batch * factor, 64 * rate * batch * factor, rate * batch * factor, math.Pow(0.95, 5) * math.Pow(float64(step+1)/all, 3)}
		if step >= 3*steps {
			m.WhiteningBias = 0
		}
		want = append(want, m)
	}
	for epoch := 1; epoch <= r.Epochs; epoch++ {
		for i, m := range r.Moves(epoch, steps) {
			got = append(got, move{float64(m[0].Rate), float64(m[1].Rate), float64(m[2].Rate), r.Kept((epoch-1)*steps+i+1, steps)})
		}
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(1e-6, 1e-6)); diff != "" {
		t.Errorf("steps of the recipe (-want +got):\n%s", diff)
	}
	for i, o := range []fastresnet.Optimizer{r.Optimizer, r.Groups[0].Optimizer, r.Groups[1].Optimizer} {
		// The source's decay, for the sum of the losses, divided by the batch; 64 times the rate goes with a 64th of it.
		want := fastresnet.SGD{Momentum: momentum, WeightDecay: decay / rate / batch / []float64{1, 64, 1}[i]}
		if diff := cmp.Diff(want, o, cmpopts.EquateApprox(1e-12, 0)); diff != "" {
			t.Errorf("optimizer %d (-want +got):\n%s", i, diff)
		}
	}
}

// A run ends within its last epoch if the recipe says so, on both engines; so does one that is resumed there.
func TestLastEpoch(t *testing.T) {
	set := synthetic(t, 64, 1)
	testbackend.Each(t, func(t *testing.T, backend string) {
		folder := t.TempDir()
		options := []fastresnet.Option{
			fastresnet.WithDataset(set, set), fastresnet.WithBackend(backend), fastresnet.WithBatchSize(8),
			fastresnet.WithArchitecture(tinyNetwork()),
			recipe(func(r *fastresnet.Recipe) { r.Epochs, r.LastEpochShare, r.Schedule = 2, 0.3, schedule.Constant(0.01) }), // 3 of 8 steps
			fastresnet.WithCheckpoint(folder, 1), fastresnet.WithResume(), fastresnet.WithStepsPerDispatch(2),
		}
		type progress struct{ Epoch, Step, Steps, Taken, Total int }
		var last progress
		seen := fastresnet.WithProgress(fastresnet.Observer{Step: func(p fastresnet.Progress) { last = progress{p.Epoch, p.Step, p.Steps, p.Taken, p.Total} }})
		ctx, cancel := context.WithCancel(context.Background())
		stopped, err := fastresnet.Train(ctx, append(options, fastresnet.WithProgress(fastresnet.Observer{Step: func(p fastresnet.Progress) {
			if p.Epoch == 2 {
				cancel()
			}
		}}))...)
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("Train = %v", err)
		}
		stopped.Model.Close()
		for _, again := range []string{"resumed", "resumed at its end"} {
			result := finished(t, append(options, seen)...)
			result.Model.Close()
			if want := (progress{2, 3, 3, 11, 11}); last != want {
				t.Errorf("%s: the last step is %v, want %v", again, last, want)
			}
			if e := result.Epochs[1]; e.Images != 24 || e.Partial || !e.Tested {
				t.Errorf("%s: the last epoch is %+v, want a whole one of 24 images", again, e)
			}
		}
	})
}

// However small a share of the last epoch is asked for, it has a step.
func TestLastEpochHasAStep(t *testing.T) {
	set := synthetic(t, 32, 1)
	for epochs := 1; epochs <= 2; epochs++ {
		result := finished(t, fastresnet.WithDataset(set, set), fastresnet.WithBackend("go"), fastresnet.WithBatchSize(8), fastresnet.WithArchitecture(tinyNetwork()),
			recipe(func(r *fastresnet.Recipe) {
				r.Epochs, r.LastEpochShare, r.Schedule = epochs, 1e-10, schedule.Constant(0.01)
			}))
		result.Model.Close()
		if n := len(result.Epochs); n != epochs || result.Epochs[n-1].Images != 8 {
			t.Errorf("the epochs are %+v, want %d, the last of 8 images", result.Epochs, epochs)
		}
	}
}

// The step with the highest rate up to any step is found at the knots, as it is by looking at all.
func TestHighestRate(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		whole := 1 + rng.IntN(7)
		r := fastresnet.Recipe{Epochs: 1 + rng.IntN(6), RateBeforeStep: rng.IntN(2) == 0}
		at := 0.0
		for range 1 + rng.IntN(5) {
			r.Schedule = append(r.Schedule, schedule.Knot{Epoch: at, Rate: rng.Float64()})
			at += 0.01 + rng.Float64()*float64(r.Epochs)/2
		}
		highest := 0.0
		for last := 1; last <= r.Epochs*whole; last++ {
			highest = max(highest, float64(r.Moves((last-1)/whole+1, whole)[(last-1)%whole][0].Rate))
			if got := r.HighestRate(last, whole); got != highest {
				t.Fatalf("%+v, up to step %d of %d an epoch: %g, want %g", r, last, whole, got, highest)
			}
		}
	}
	// What is asked for an epoch, and for the peak, does not depend on how many there are.
	long := fastresnet.Recipe{Epochs: math.MaxInt32, Schedule: schedule.Constant(0.1)}
	if got := long.Moves(math.MaxInt32, 2); len(got) != 2 || long.HighestRate(math.MaxInt32, 1) != float64(float32(0.1)) {
		t.Errorf("moves %v", got)
	}
}

// TestAirbenchIsTheSource takes three SGD steps as the source writes them, with the summed loss, its rate and its
// decay, and as the recipe does, with the mean loss: the weights are the same.
func TestAirbenchIsTheSource(t *testing.T) {
	const batch = 2000
	r := fastresnet.Airbench94Muon()
	if r.BatchSize != batch || r.Epochs != 8 || r.KeepIncompleteBatch || r.LabelSmoothing != 0.2 || r.TestViews != fastresnet.FlipTranslateViews {
		t.Errorf("recipe %+v", r)
	}
	if want := (fastresnet.Published{Accuracy: 0.9401, Seconds: 2.59, Hardware: "A100"}); r.Published != want {
		t.Errorf("published %v, want %v", r.Published, want)
	}
	if diff := cmp.Diff(data.Augmentations{data.Crop{Pad: 2}, data.AlternatingFlip{}}, r.Augmentations); diff != "" {
		t.Errorf("augmentations (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(fastresnet.VariableGroup{Variables: layers.KindFilters, Optimizer: fastresnet.Muon{Momentum: 0.6}}, r.Groups[0]); diff != "" {
		t.Errorf("filters (-want +got):\n%s", diff)
	}
	sourceRates := map[layers.VariableKind]float64{layers.KindWhiteningBiases: 0.053, layers.KindBiases: 0.053, layers.KindLinearWeights: 0.67}
	for _, g := range r.Groups[1:] {
		sgd, is := g.Optimizer.(fastresnet.SGD)
		if !is || sgd.Momentum != 0.85 {
			t.Errorf("group %+v, want SGD with momentum 0.85", g)
		}
		rate := sourceRates[g.Variables]
		decay := 2e-6 * batch / rate
		step := func(w, v, gradient, rate, decay float64) (float64, float64) {
			gradient += decay * w
			v = 0.85*v + gradient
			return w - rate*(gradient+0.85*v), v
		}
		source, ours, sourceV, oursV := 0.7, 0.7, 0.0, 0.0
		for _, mean := range []float64{0.3, -0.2, 0.001} {
			source, sourceV = step(source, sourceV, mean*batch, rate, decay)
			ours, oursV = step(ours, oursV, mean, g.Schedule.Peak(), sgd.WeightDecay)
		}
		if math.Abs(source-ours) > 1e-9*math.Abs(source) {
			t.Errorf("%s: %g after three steps of the source, %g of ours", g.Variables, source, ours)
		}
	}
}

// The recipes learn 64 images in pure Go, whose steps XLA's are held to. With label smoothing 0.2 the least loss there can
// be is 0.87, and that of guessing 2.30; it ended between 1.13 and 1.18, with 91 % and more of the images right.
func TestAirbenchLearns(t *testing.T) {
	set := synthetic(t, 64, 1)
	for _, name := range []string{"airbench94-muon", "airbench94-2025", "airbench96"} {
		r := named(t, name)
		r.Design.Whitening.Images = 64
		t.Run(name, func(t *testing.T) {
			result, err := fastresnet.Train(context.Background(), fastresnet.WithRecipe(r), fastresnet.WithDataset(set, set),
				fastresnet.WithBackend("go"), fastresnet.WithWidth(8), fastresnet.WithBatchSize(16), fastresnet.WithEpochs(20),
				fastresnet.WithPeakRate(0.24), fastresnet.WithAugmentations(data.AlternatingFlip{}), fastresnet.WithTestViews(fastresnet.OneView))
			if err != nil {
				t.Fatal(err)
			}
			defer result.Model.Close()
			if loss, accuracy := result.Epochs[19].TrainLoss, result.TestAccuracy(); loss > 1.4 || accuracy < 0.75 {
				t.Errorf("training loss %.3f and %.1f %% of the images right after 20 epochs, want 1.4 and 75 %% at worst", loss, 100*accuracy)
			}
		})
	}
}

// What options do to the groups is seen in the recipe of the result.
func TestOptionsChangeTheGroups(t *testing.T) {
	set := synthetic(t, 64, 1)
	constant := schedule.Constant(0.01)
	tests := []struct {
		label                  string
		opts                   []fastresnet.Option
		own, whitening, linear float64 // the peaks
		ownEnd, whiteningEnd   float64
	}{
		{"epochs stretch, the batch scales", []fastresnet.Option{fastresnet.WithEpochs(4)},
			0.24 * 0.016, 106 * 0.016, 1340 * 0.016, 4, 1.5},
		{"a peak rate scales all alike", []fastresnet.Option{fastresnet.WithPeakRate(0.48)}, 0.48, 212, 2680, 8, 3},
		{"a schedule of one's own leaves the groups'", []fastresnet.Option{fastresnet.WithSchedule(constant)},
			0.01, 106 * 0.016, 1340 * 0.016, 0, 3},
	}
	for _, tt := range tests {
		t.Run(tt.label, func(t *testing.T) {
			ctx, cancel := context.WithCancel(context.Background())
			opts := append([]fastresnet.Option{
				fastresnet.WithRecipe(fastresnet.Airbench94Muon()), fastresnet.WithDataset(set, nil), fastresnet.WithBackend("go"), fastresnet.WithWidth(2),
				fastresnet.WithBatchSize(32), fastresnet.WithProgress(fastresnet.Observer{Step: func(fastresnet.Progress) { cancel() }}), // one step is enough
			}, tt.opts...)
			result, err := fastresnet.Train(ctx, opts...)
			if !errors.Is(err, context.Canceled) || result == nil {
				t.Fatalf("Train = %v, %v; want a partial result and context.Canceled", result, err)
			}
			defer result.Model.Close()
			r := result.Recipe
			got := []float64{r.Schedule.Peak(), r.Groups[1].Schedule.Peak(), r.Groups[3].Schedule.Peak(), r.Schedule.End(), r.Groups[1].Schedule.End()}
			want := []float64{tt.own, tt.whitening, tt.linear, tt.ownEnd, tt.whiteningEnd}
			if diff := cmp.Diff(want, got, cmpopts.EquateApprox(1e-9, 0)); diff != "" {
				t.Errorf("peaks and ends (-want +got):\n%s", diff)
			}
			if r.Groups[0].Schedule != nil {
				t.Errorf("the filters have a schedule of their own, %v", r.Groups[0].Schedule)
			}
		})
	}
}

func TestGroupErrors(t *testing.T) {
	set := synthetic(t, 20, 1)
	tests := []struct {
		label  string
		change func(*fastresnet.VariableGroup) // of the group of the filters
		says   string
	}{
		{"variables", func(g *fastresnet.VariableGroup) { g.Variables = "weights" }, `group 0: variables "weights", want one of ["filters"`},
		{"no optimizer", func(g *fastresnet.VariableGroup) { g.Optimizer = nil }, "group 0: no optimizer"},
		{"a kind twice", func(g *fastresnet.VariableGroup) { g.Variables, g.Optimizer = layers.KindBiases, fastresnet.SGD{} }, "group 2: a second one of biases"},
		{"momentum", func(g *fastresnet.VariableGroup) { g.Optimizer = fastresnet.Muon{Momentum: 1} }, "group 0: momentum 1"},
		{"momentum NaN", func(g *fastresnet.VariableGroup) { g.Optimizer = fastresnet.Muon{Momentum: math.NaN()} }, "momentum NaN"},
		{"decay of muon", func(g *fastresnet.VariableGroup) { g.Optimizer = fastresnet.Muon{WeightDecay: 2} }, "weight decay 2"},
		{"polynomial", func(g *fastresnet.VariableGroup) {
			g.Optimizer = fastresnet.Muon{Polynomial: [3]float64{1, math.Inf(1), 1}}
		}, "need finite numbers"},
		{"rescaling", func(g *fastresnet.VariableGroup) {
			g.Optimizer = fastresnet.Muon{Rescaling: fastresnet.Rescaling{First: 2}}
		}, "rescaling every 2 to 0 steps"},
		{"weight decay", func(g *fastresnet.VariableGroup) { g.Optimizer = fastresnet.SGD{WeightDecay: -1} }, "weight decay -1"},
		{"rate factor", func(g *fastresnet.VariableGroup) { g.RateFactor = math.Inf(1) }, "rate factor +Inf"},
		{"muon for vectors", func(g *fastresnet.VariableGroup) { g.Variables = layers.KindScales }, "muon for scales, which are no matrices"},
		{"a schedule past the end", func(g *fastresnet.VariableGroup) {
			g.Schedule = schedule.Schedule{{Epoch: 0, Rate: 1}, {Epoch: 9, Rate: 0}}
		}, "epoch 9 of a run of 8 epochs"},
	}
	for _, tt := range tests {
		t.Run(tt.label, func(t *testing.T) {
			r := fastresnet.Airbench94Muon()
			tt.change(&r.Groups[0])
			_, err := fastresnet.Train(context.Background(), fastresnet.WithRecipe(r), fastresnet.WithDataset(set, nil), fastresnet.WithBatchSize(20))
			if !errors.Is(err, fastresnet.ErrOption) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("Train = %v, want ErrOption with %q", err, tt.says)
			}
			if text, err := json.Marshal(r); err == nil {
				if err := json.Unmarshal(text, &r); !errors.Is(err, fastresnet.ErrOption) {
					t.Errorf("reading it as JSON: %v, want ErrOption", err)
				}
			}
		})
	}
}

// TestGroupsAreCopies changes a clone's groups.
func TestGroupsAreCopies(t *testing.T) {
	r := fastresnet.Airbench94Muon()
	clone := r.Clone()
	clone.Groups[1].Optimizer, clone.Groups[2].Schedule[0].Rate = fastresnet.SGD{}, 7
	if diff := cmp.Diff(fastresnet.Airbench94Muon(), r); diff != "" {
		t.Errorf("a change to the clone reached the recipe (-want +got):\n%s", diff)
	}
}
