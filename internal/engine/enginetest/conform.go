package enginetest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/internal/golden"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// Conform tests an open backend. It needs a few seconds, and more where steps are compiled.
func Conform(t *testing.T, d *engine.Device) {
	for _, test := range []struct {
		name string
		run  func(t *testing.T, d *engine.Device)
	}{
		{"preparation is cancelled", preparationIsCancelled},
		{"metrics count every image", metricsCountEveryImage},
		{"an epoch stops within a step", epochStopsWithinAStep},
		{"divergence names the step", divergenceNamesTheStep},
		{"every way of loading trains", loadingsTrain},
		{"logits do not depend on the batch", logitsDoNotDependOnTheBatch},
		{"weights are copies", weightsAreCopies},
		{"an average of nothing kept is the weights", averagingOfNothingKept},
		{"averages", averaging},
		{"biases have an optimizer", biasesHaveAnOptimizer},
		{"groups move their kind", groupsMoveTheirKind},
		{"restored runs continue", restoredRunsContinue},
		{"a snapshot that does not fit changes nothing", restoreRejects},
		{"views are averaged", viewsAreAveraged},
		{"frozen layers stay", frozenLayersStay},
		{"rate factors count", rateFactorsCount},
		{"values that are given count", givenValuesCount},
		{"features make the logits", featuresMakeTheLogits},
		{"the hardest images count", hardestImagesCount},
		{"selected images train", selectedImagesTrain},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, d) })
	}
}

// What is done once before the first step ends with the context, on every backend.
func preparationIsCancelled(t *testing.T, d *engine.Device) {
	set := Synthetic(t, 40)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	whitened := SmallConfig(t, set, 16)
	whitened.Network.Layers = append([]layers.Layer{layers.PatchWhitening{Name: "w", WhiteningSettings: layers.WhiteningSettings{Kernel: 3, Images: 40}}},
		whitened.Network.Layers...)
	prepared := SmallConfig(t, set, 16)
	prepared.Loading = data.LoadPerImage
	for name, cfg := range map[string]engine.Config{"whitening": whitened, "preparing images": prepared, "compiling": SmallConfig(t, set, 16)} {
		if _, err := engine.NewTrainer(ctx, d, cfg, set); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: error %v, want context.Canceled", name, err)
		}
	}
}

func metricsCountEveryImage(t *testing.T, d *engine.Device) {
	set := Synthetic(t, 50)
	for _, tt := range []struct {
		label         string
		keep          bool
		steps, images int
	}{
		{"the incomplete batch is dropped", false, 3, 48},
		{"the incomplete batch is kept", true, 4, 50},
	} {
		t.Run(tt.label, func(t *testing.T) {
			cfg := SmallConfig(t, set, 16)
			cfg.KeepIncomplete = tt.keep
			history, _ := Train(t, NewTrainer(t, d, cfg, set), 1)
			if m := history[0]; m.Steps != tt.steps || m.Examples != tt.images || m.Diverged != -1 {
				t.Errorf("metrics %+v, want %d steps over %d images", m, tt.steps, tt.images)
			}
			if loss := history[0].Loss; loss < 1.5 || loss > 3 {
				t.Errorf("mean loss %g of an untrained network in 10 classes, want about log 10 = 2.3", loss)
			}
		})
	}
}

func epochStopsWithinAStep(t *testing.T, d *engine.Device) {
	set := Synthetic(t, 64)
	trainer := NewTrainer(t, d, SmallConfig(t, set, 16), set)
	ctx, cancel := context.WithCancel(context.Background())
	m, err := trainer.Epoch(ctx, 1, Constant(0.05, 4), func(p engine.Progress) {
		if p.Step == 1 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || m.Steps != 2 || m.Examples != 32 {
		t.Errorf("metrics %+v, error %v, want 2 steps and context.Canceled", m, err)
	}
}

func divergenceNamesTheStep(t *testing.T, d *engine.Device) {
	set := Synthetic(t, 64)
	trainer := NewTrainer(t, d, SmallConfig(t, set, 16), set)
	moves := Constant(0, 4)
	moves[1] = At(float32(math.NaN())) // spoils the weights of step 2, counted from 0
	m, err := trainer.Epoch(context.Background(), 1, moves, NoStep)
	if err != nil || m.Diverged != 2 {
		t.Errorf("metrics %+v, error %v, want divergence at step 2", m, err)
	}
}

func logitsDoNotDependOnTheBatch(t *testing.T, d *engine.Device) {
	set := Synthetic(t, 30)
	_, variables := Train(t, NewTrainer(t, d, Config(t, set, 10), set), 1)
	var want []float32
	for _, batch := range []int{1, 4, 30, 64, 200} { // with images left over, exact, larger than the set, much larger
		got := Logits(t, d, Config(t, set, batch), variables, set.Pixels())
		if want == nil {
			want = got
		}
		if err := golden.MaxRelativeError(got, want); err > 1e-5 {
			t.Errorf("batch %d: logits differ by %.2g from those of batch 1", batch, err)
		}
	}
}

// An average that keeps nothing is the weights, bit for bit.
func averagingOfNothingKept(t *testing.T, d *engine.Device) {
	set := Synthetic(t, 48)
	cfg := SmallConfig(t, set, 16)
	_, want := Train(t, NewTrainer(t, d, cfg, set), 2)
	cfg.Average.Every = 1
	_, got := Train(t, NewTrainer(t, d, cfg, set), 2)
	if !cmp.Equal(want, got) {
		t.Error("the average that keeps nothing differs from the weights")
	}
}

// The average starts from the initial values and moves after every second step, counted across epochs of three. The
// weights stay out of it, or go on from it: a run without averages that is given them, computed here, ends the same.
func averaging(t *testing.T, d *engine.Device) {
	const every, epochs, steps = 2, 2, 6
	set := Synthetic(t, 48)
	for _, tt := range []struct {
		label   string
		average engine.Average
		keep    []float64 // after steps 2, 4 and 6
	}{
		{"one share", engine.Average{Every: every, Keep: 0.75}, []float64{0.75, 0.75, 0.75}},
		{"a share that grows", engine.Average{Every: every, Keep: 0.9, Power: 3, Steps: steps}, []float64{0.9 / 27, 0.9 * 8 / 27, 0.9}},
		{"lookahead", engine.Average{Every: every, Keep: 0.9, Power: 3, Steps: steps, Lookahead: true}, []float64{0.9 / 27, 0.9 * 8 / 27, 0.9}},
	} {
		t.Run(tt.label, func(t *testing.T) {
			cfg := SmallConfig(t, set, 16)
			plain := NewTrainer(t, d, cfg, set)
			want := InitialWeights(t, cfg, set)
			for step := 1; step <= steps; step++ {
				Until(t, plain, epochs, step)
				if step%every != 0 {
					continue
				}
				s := SnapshotOf(t, plain)
				keep := tt.keep[step/every-1]
				for name, values := range s.Variables {
					for i, v := range values {
						want[name][i] = float32(keep*float64(want[name][i]) + (1-keep)*float64(v))
					}
				}
				if !tt.average.Lookahead {
					continue
				}
				s.Variables = want
				if err := plain.Restore(s); err != nil {
					t.Fatal(err)
				}
			}

			cfg.Average = tt.average
			_, got := Train(t, NewTrainer(t, d, cfg, set), epochs)
			if diff := cmp.Diff(want, got, cmpopts.EquateApprox(0, 1e-6)); diff != "" {
				t.Errorf("averages (-want +got):\n%s", diff)
			}
		})
	}
}

// Biases move by an optimizer of their own: without momentum and decay, a bias moves as many times as far as its
// rate is larger, and the weights move as before.
func biasesHaveAnOptimizer(t *testing.T, d *engine.Device) {
	set := Synthetic(t, 16)
	cfg := SmallConfig(t, set, 16)
	cfg.Optimizer = engine.Nesterov{}
	variables, err := cfg.Network.Variables()
	if err != nil {
		t.Fatal(err)
	}
	before := InitialWeights(t, cfg, set)
	_, want := Train(t, NewTrainer(t, d, cfg, set), 1)
	cfg.Groups = []engine.Group{{Kind: layers.KindBiases, Optimizer: engine.Nesterov{}}}
	run := NewTrainer(t, d, cfg, set)
	if _, err := run.Epoch(context.Background(), 1, engine.Moves{At(0.05, 0.2)}, NoStep); err != nil {
		t.Fatal(err)
	}
	got := Variables(t, run)
	biases := 0
	for _, v := range variables {
		for i, w := range want[v.Name] {
			if v.Bias {
				biases++
				w = before[v.Name][i] + 4*(w-before[v.Name][i])
			}
			if math.Abs(float64(got[v.Name][i]-w)) > 1e-6 {
				t.Fatalf("%s[%d] is %g, want %g", v.Name, i, got[v.Name][i], w)
			}
		}
	}
	if biases == 0 {
		t.Error("the network has no biases")
	}
}

// A group moves its kind of variables, and no other, at the rate in its place: without momentum and decay, half as
// far at half the rate.
func groupsMoveTheirKind(t *testing.T, d *engine.Device) {
	set := Synthetic(t, 16)
	cfg := Config(t, set, 16)
	cfg.Network = Network(t, layers.Airbench94(), set, 2)
	cfg.Optimizer = engine.Nesterov{}
	cfg.Groups = []engine.Group{
		{Kind: layers.KindWhiteningBiases, Optimizer: engine.SGD{}}, {Kind: layers.KindFilters, Optimizer: engine.Nesterov{}},
		{Kind: layers.KindLinearWeights, Optimizer: engine.SGD{}},
	}
	variables, err := cfg.Network.Variables()
	if err != nil {
		t.Fatal(err)
	}
	before := InitialWeights(t, cfg, set)
	trainer := NewTrainer(t, d, cfg, set)
	start := SnapshotOf(t, trainer)
	moved := func(rates ...float32) map[string][]float32 {
		if err := trainer.Restore(start); err != nil {
			t.Fatal(err)
		}
		if _, err := trainer.Epoch(context.Background(), 1, engine.Moves{At(rates...)}, NoStep); err != nil {
			t.Fatalf("%+v", err)
		}
		after := Variables(t, trainer)
		for name := range after {
			for i := range after[name] {
				after[name][i] -= before[name][i]
			}
		}
		return after
	}
	whole := moved(1, 1, 1, 1)
	for rate, of := range []map[layers.VariableKind]bool{
		{layers.KindBiases: true, layers.KindScales: true}, {layers.KindWhiteningBiases: true}, {layers.KindFilters: true}, {layers.KindLinearWeights: true},
	} {
		rates := []float32{1, 1, 1, 1}
		rates[rate] = 0.5
		got := moved(rates...)
		for _, v := range variables {
			if !v.Trainable {
				continue
			}
			factor, size := float32(1), 0.0
			if of[v.Kind()] {
				factor = 0.5
			}
			for _, w := range whole[v.Name] {
				size = max(size, math.Abs(float64(w)))
			}
			for i, w := range whole[v.Name] {
				if math.Abs(float64(got[v.Name][i]-factor*w)) > 1e-3*size+1e-7 {
					t.Fatalf("rate %d halved: %s[%d] moved by %g, want %g of %g", rate, v.Name, i, got[v.Name][i], factor, w)
				}
			}
			if size == 0 {
				t.Errorf("%s does not move", v.Name)
			}
		}
	}
}

// A run that is stopped after any step and goes on from its snapshot, in another trainer, ends as one that was not:
// to the bit, on every backend, for every way of loading. That other trainer has then gone on from other snapshots, too.
func restoredRunsContinue(t *testing.T, d *engine.Device) {
	const epochs = 2
	set := Synthetic(t, 22)
	for _, loading := range []data.Loading{data.LoadInBulk, data.LoadPerImage, data.LoadEveryEpoch} {
		cfg := SmallConfig(t, set, 8)
		cfg.Loading = loading
		cfg.KeepIncomplete = true // three steps an epoch
		cfg.Average = engine.Average{Every: 2, Keep: 0.5, Power: 1, Steps: 3 * epochs, Lookahead: true}
		first, second := NewTrainer(t, d, cfg, set), NewTrainer(t, d, cfg, set)
		start := SnapshotOf(t, first)
		whole, want := Until(t, first, epochs, -1)
		for _, stop := range []int{1, 3, 4} { // in an epoch, between epochs, in the next
			t.Run(fmt.Sprintf("%s, step %d", loading, stop), func(t *testing.T) {
				if err := first.Restore(start); err != nil {
					t.Fatal(err)
				}
				Until(t, first, epochs, stop)
				if err := second.Restore(SnapshotOf(t, first)); err != nil {
					t.Fatal(err)
				}
				history, got := Until(t, second, epochs, -1)
				if diff := cmp.Diff(whole[epochs-len(history):], history); diff != "" {
					t.Errorf("metrics (-whole +resumed):\n%s", diff)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("variables (-whole +resumed):\n%.1000s", diff)
				}
			})
		}
	}
}

// A snapshot that does not fit changes nothing.
func restoreRejects(t *testing.T, d *engine.Device) {
	set := Synthetic(t, 16)
	cfg := SmallConfig(t, set, 8)
	cfg.Average = engine.Average{Every: 1, Keep: 0.5}
	tests := map[string]func(s *engine.Snapshot){
		"more steps than an epoch has": func(s *engine.Snapshot) { s.Steps = 3 },
		"steps below 0":                func(s *engine.Snapshot) { s.Steps = -1 },
		"no metrics":                   func(s *engine.Snapshot) { s.Metrics = nil },
		"a variable too short":         func(s *engine.Snapshot) { s.Variables["conv/weight"] = s.Variables["conv/weight"][1:] },
		"no velocity":                  func(s *engine.Snapshot) { delete(s.Velocities, "conv/weight") },
		"no averages":                  func(s *engine.Snapshot) { s.Averages = nil },
	}
	trainer := NewTrainer(t, d, cfg, set)
	Until(t, trainer, 1, 1)
	before := SnapshotOf(t, trainer)
	for name, spoil := range tests {
		t.Run(name, func(t *testing.T) {
			s := SnapshotOf(t, trainer)
			spoil(&s)
			if err := trainer.Restore(s); err == nil {
				t.Fatal("no error")
			}
			if diff := cmp.Diff(before, SnapshotOf(t, trainer)); diff != "" {
				t.Errorf("(-before +after):\n%.1000s", diff)
			}
		})
	}
}

// viewsAreAveraged adds up the logits of views by hand, and mirrors symmetric images, whose views are all
// the same.
func viewsAreAveraged(t *testing.T, d *engine.Device) {
	set := Synthetic(t, 20)
	shape := set.Shape()
	cfg := SmallConfig(t, set, 16)
	_, variables := Train(t, NewTrainer(t, d, cfg, set), 1)
	logits := func(pixels []uint8, views ...engine.View) []float32 {
		cfg.Views = views
		return Logits(t, d, cfg, variables, pixels)
	}
	plain, flipped := engine.View{Weight: 0.25}, engine.View{Weight: 0.75, Flip: true}
	want := logits(set.Pixels())
	for i, l := range logits(mirror(set.Pixels(), shape)) {
		want[i] = 0.25*want[i] + 0.75*l
	}
	if e := golden.MaxRelativeError(logits(set.Pixels(), plain, flipped), want); e > 1e-6 {
		t.Errorf("the sum of two views differs by %.2g", e)
	}

	symmetric := make([]uint8, len(set.Pixels()))
	mirrored := mirror(set.Pixels(), shape)
	for i := range symmetric {
		symmetric[i] = set.Pixels()[i]/2 + mirrored[i]/2
	}
	one := logits(symmetric)
	if e := golden.MaxRelativeError(logits(symmetric, engine.View{Weight: 0.5}, engine.View{Weight: 0.5, Flip: true}), one); e > 1e-6 {
		t.Errorf("symmetric images: two views differ from one by %.2g", e)
	}
}

// mirror turns images [n, height, width, channels] left to right.
func mirror(pixels []uint8, shape data.Shape) []uint8 {
	var mirrored []uint8
	for row := range slices.Chunk(pixels, shape.Width*shape.Channels) {
		for x := range shape.Width {
			from := (shape.Width - 1 - x) * shape.Channels
			mirrored = append(mirrored, row[from:from+shape.Channels]...)
		}
	}
	return mirrored
}

// Every way of loading trains to the same; the two slow ways are the same to the bit.
func loadingsTrain(t *testing.T, d *engine.Device) {
	set := Synthetic(t, 40)
	losses := map[data.Loading]float64{}
	for _, loading := range []data.Loading{data.LoadInBulk, data.LoadPerImage, data.LoadEveryEpoch} {
		cfg := SmallConfig(t, set, 16)
		cfg.KeepIncomplete = true
		cfg.Loading = loading
		history, _ := Train(t, NewTrainer(t, d, cfg, set), 1)
		losses[loading] = history[0].Loss
	}
	if a, b := losses[data.LoadPerImage], losses[data.LoadEveryEpoch]; a != b {
		t.Errorf("loss %g loading per image, %g preparing images every epoch", a, b)
	}
	if a, b := losses[data.LoadInBulk], losses[data.LoadPerImage]; math.Abs(a-b) > 0.1*b {
		t.Errorf("loss %g loading in bulk, %g per image", a, b)
	}
}

// Weights that were handed out stay as they are while training goes on, and say whether they are finite.
func weightsAreCopies(t *testing.T, d *engine.Device) {
	set := Synthetic(t, 64)
	for _, every := range []int{0, 1} {
		cfg := SmallConfig(t, set, 16)
		cfg.Average = engine.Average{Every: every, Keep: 0.5}
		run := NewTrainer(t, d, cfg, set)
		first, last, err := run.Weights()
		if err != nil {
			t.Fatal(err)
		}
		if (last != nil) != (every > 0) {
			t.Fatalf("averages every %d steps: last weights %v", every, last)
		}
		e := engine.NewEvaluator(d, cfg)
		t.Cleanup(func() {
			e.Close()
			first.Close()
		})
		moves := Constant(0.05, 4)
		moves[3] = At(float32(math.NaN()))
		if _, err := run.Epoch(context.Background(), 1, moves, NoStep); err != nil {
			t.Fatal(err)
		}
		values, err := first.Values()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(InitialWeights(t, cfg, set), values); diff != "" {
			t.Errorf("averages every %d steps: after an epoch (-before +after):\n%.500s", every, diff)
		}
		if _, err := e.Compute(context.Background(), first, engine.Logits, set.Pixels()); err != nil {
			t.Error(err)
		}
		spoilt, last, err := run.Weights()
		if err != nil {
			t.Fatal(err)
		}
		defer spoilt.Close()
		if last != nil {
			defer last.Close()
		}
		for want, w := range map[bool]engine.Weights{true: first, false: spoilt} {
			if finite, err := w.Finite(); err != nil || finite != want {
				t.Errorf("averages every %d steps: finite %t, error %v, want %t", every, finite, err, want)
			}
		}
	}
}
