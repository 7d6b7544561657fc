package fastresnet_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/safetensors"
	"github.com/fastresnet/fastresnet/internal/testbackend"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/fastresnet/fastresnet/schedule"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// selecting has a run train on half of each batch.
func selecting(changes ...func(*fastresnet.Recipe)) fastresnet.Option {
	return recipe(func(r *fastresnet.Recipe) {
		small := layers.Design{Name: "small", Width: 2, Stages: []layers.Stage{{Channels: 1, Down: layers.DownStride}}} // which XLA compiles in a moment
		r.Selection, r.KeepIncompleteBatch = &fastresnet.Selection{Design: small, Share: 0.5, Every: 2}, false
		for _, change := range changes {
			change(r)
		}
	})
}

// A run trains on its part of each batch, on both engines; the batches that the network sees have the size of that part.
func TestSelectionTrains(t *testing.T) {
	set := synthetic(t, 70, 1)
	testbackend.Each(t, func(t *testing.T, backend string) {
		steps := 0
		result := finished(t, fastresnet.WithDataset(set, set), fastresnet.WithBackend(backend), fastresnet.WithArchitecture(tinyNetwork()),
			fastresnet.WithBatchSize(22), selecting(func(r *fastresnet.Recipe) { r.Epochs, r.LastEpochShare, r.Schedule = 2, 0.5, schedule.Constant(0.01) }),
			fastresnet.WithProgress(fastresnet.Observer{Step: func(p fastresnet.Progress) { steps++ }}))
		defer result.Model.Close()
		got := []int{steps, result.Epochs[0].Images, result.Epochs[1].Images, result.Recipe.ImagesPerStep()}
		if diff := cmp.Diff([]int{3 + 2, 3 * 11, 2 * 11, 11}, got); diff != "" {
			t.Errorf("steps, images of both epochs and of a step (-want +got):\n%s", diff)
		}
	})
}

// What is selected is harder: fewer of it are right in a run on it than of all images in a run on them.
func TestSelectionTakesHardImages(t *testing.T) {
	set := synthetic(t, 512, 1)
	right := func(recipe fastresnet.Option) float64 {
		result := finished(t, fastresnet.WithDataset(set, nil), fastresnet.WithBackend("go"), recipe,
			fastresnet.WithWidth(4), fastresnet.WithBatchSize(32), fastresnet.WithEpochs(2))
		result.Model.Close()
		return result.Epochs[0].TrainAccuracy
	}
	part := right(selecting(func(r *fastresnet.Recipe) { r.Selection.Design, r.Selection.Every = r.Design, 1 }))
	if whole := right(recipe(func(*fastresnet.Recipe) {})); part > whole/2 {
		t.Errorf("%.3f of the images that were selected are right, %.3f of all", part, whole)
	}
}

// A run that is cancelled again and again is in the end the run that was not, and so is the small network.
func TestCancelledSelectionsResume(t *testing.T) {
	cancelledRunsResume(t, interrupted(t, fastresnet.WithIncompleteBatches(false), fastresnet.WithBatchSize(27), selecting()))
}

// Cancelled before the small network has seen an epoch, a run goes on with that epoch. One that was resumed within the epoch
// then tells the steps that were taken before.
func TestCancelledWhileSelecting(t *testing.T) {
	const images, steps = 11, 5 // of a step, of an epoch
	options := interrupted(t, fastresnet.WithIncompleteBatches(false), selecting(), fastresnet.WithBatchSize(2*images), fastresnet.WithArchitecture(tinyNetwork()))
	want := outcomeOf(t, finished(t, options...))
	options = append(options, fastresnet.WithCheckpoint(t.TempDir(), 10), fastresnet.WithResume())
	var before time.Duration
	for _, stop := range []struct {
		after      string
		epochs     int // whole ones
		part, step int // images of another, and the step after which it is cancelled
	}{
		{"epoch", 1, 0, 0}, {"step", 1, 3 * images, 3}, {"start", 1, 3 * images, 0}, {"epoch", 2, 0, 0},
	} {
		ctx, cancel := context.WithCancel(context.Background())
		observer := map[string]fastresnet.Observer{
			"start": {Start: func(*fastresnet.Result) { cancel() }},
			"step": {Step: func(p fastresnet.Progress) {
				if p.Step == stop.step {
					cancel()
				}
			}},
			"epoch": {Epoch: func(fastresnet.Epoch) { cancel() }},
		}[stop.after]
		r, err := fastresnet.Train(ctx, append(options, fastresnet.WithProgress(observer))...)
		cancel()
		if !errors.Is(err, context.Canceled) || r == nil {
			t.Fatalf("Train = %v, %v; want a result and %v", r, err, context.Canceled)
		}
		r.Model.Close()
		part := 0
		if last := r.Epochs[len(r.Epochs)-1]; last.Partial {
			part, r.Epochs = last.Images, r.Epochs[:len(r.Epochs)-1]
		}
		if len(r.Epochs) != stop.epochs || part != stop.part || r.Timing.Train < before {
			t.Errorf("cancelled after its %s: %d whole epochs and %d images, want %d and %d; trained for %v, %v before",
				stop.after, len(r.Epochs), part, stop.epochs, stop.part, r.Timing.Train, before)
		}
		before = r.Timing.Train
	}
	r := finished(t, options...)
	var train time.Duration
	for _, e := range r.Epochs {
		train += e.TrainTime
	}
	if train != r.Timing.Train || r.Epochs[0].Images != steps*images {
		t.Errorf("%+v, of a run that trained for %v", r.Epochs, r.Timing.Train)
	}
	if diff := cmp.Diff(want, outcomeOf(t, r), noTimes); diff != "" {
		t.Errorf("(-uninterrupted +resumed):\n%s", diff)
	}
}

// A run on XLA that takes several steps at once, and is stopped within an epoch, goes on, too.
func TestSelectionResumesOnXLA(t *testing.T) {
	options := []fastresnet.Option{
		fastresnet.WithDataset(synthetic(t, 96, 1), nil), fastresnet.WithBackend(testbackend.XLA(t)), fastresnet.WithArchitecture(tinyNetwork()),
		fastresnet.WithBatchSize(32), fastresnet.WithEpochs(2), fastresnet.WithStepsPerDispatch(2), selecting(),
	}
	whole := finished(t, options...)
	whole.Model.Close()
	options = append(options, fastresnet.WithCheckpoint(t.TempDir(), 10), fastresnet.WithResume())
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	r, err := fastresnet.Train(ctx, append(options, stopAfter(4, cancel))...) // 3 an epoch
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("Train = %v", err)
	}
	r.Model.Close()
	resumed := finished(t, options...)
	resumed.Model.Close()
	if diff := cmp.Diff(whole.Epochs, resumed.Epochs, noTimes, cmpopts.EquateApprox(1e-4, 1e-6)); diff != "" || resumed.ResumedFrom == "" {
		t.Errorf("from %q (-uninterrupted +resumed):\n%s", resumed.ResumedFrom, diff)
	}
}

func TestHostileCheckpointsOfSelections(t *testing.T) {
	options, name, good := stoppedRun(t, selecting())
	if err := resumed(t, options, name, good); err != nil {
		t.Fatalf("unchanged: %v", err)
	}
	replace := func(old, new string) func(*safetensors.File) {
		return func(f *safetensors.File) {
			text := strings.Replace(f.Metadata["progress"], old, new, 1)
			if text == f.Metadata["progress"] {
				t.Fatalf("no %s in %s", old, text)
			}
			f.Metadata["progress"] = text
		}
	}
	tensors := func(change func(*safetensors.Tensor) (stays bool)) func(*safetensors.File) {
		return func(f *safetensors.File) {
			var left []safetensors.Tensor
			for _, tensor := range f.Tensors {
				if !strings.HasPrefix(tensor.Name, "selector-") || change(&tensor) {
					left = append(left, tensor)
				}
			}
			f.Tensors = left
		}
	}
	for _, tt := range []struct {
		label  string
		change func(*safetensors.File)
		says   string
	}{
		{"no small network", func(f *safetensors.File) {
			replace(`,"selector":{"epoch":1,"steps":4,"average_steps":0}`, "")(f)
			tensors(func(*safetensors.Tensor) bool { return false })(f)
		}, "a selecting network"},
		{"a small network's tensors alone", replace(`,"selector":{"epoch":1,"steps":4,"average_steps":0}`, ""), `tensor "selector-`},
		{"another epoch", replace(`"selector":{"epoch":1`, `"selector":{"epoch":2`), "of epoch 2"},
		{"within an epoch", replace(`"selector":{"epoch":1,"steps":4`, `"selector":{"epoch":1,"steps":3`), "step 3"},
		{"no numbers", tensors(func(t *safetensors.Tensor) bool { t.Data[0] = float32(math.NaN()); return true }), "not finite"},
		{"no tensors", tensors(func(*safetensors.Tensor) bool { return false }), "0 metrics"},
		{"no velocities", tensors(func(t *safetensors.Tensor) bool { return !strings.HasPrefix(t.Name, "selector-velocities") }), "need"},
	} {
		t.Run(tt.label, func(t *testing.T) {
			file := opened(t, bytesOf(t, good))
			tt.change(&file)
			err := resumed(t, options, name, file)
			if !errors.Is(err, fastresnet.ErrCheckpoint) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error %v, want ErrCheckpoint that says %q", err, tt.says)
			}
		})
	}
}

// A run whose small network diverges says where, as one that diverges itself.
func TestSelectionDiverges(t *testing.T) {
	_, err := fastresnet.Train(context.Background(), fastresnet.WithDataset(synthetic(t, 64, 1), nil), fastresnet.WithBackend("go"),
		fastresnet.WithArchitecture(tinyNetwork()), fastresnet.WithBatchSize(8), fastresnet.WithEpochs(2), selecting(), fastresnet.WithPeakRate(1e30))
	var diverged *fastresnet.DivergedError
	if !errors.As(err, &diverged) || diverged.Epoch != 1 {
		t.Errorf("error %v, want a DivergedError of epoch 1", err)
	}
}

func TestSelectionErrors(t *testing.T) {
	for _, tt := range []struct {
		label  string
		change func(*fastresnet.Recipe)
		says   string
	}{
		{"no image", func(r *fastresnet.Recipe) { r.Selection.Share = 0 }, "a share of 0"},
		{"all images", func(r *fastresnet.Recipe) { r.Selection.Share = 1 }, "a share of 1"},
		{"no number", func(r *fastresnet.Recipe) { r.Selection.Share = math.NaN() }, "a share of NaN"},
		{"never", func(r *fastresnet.Recipe) { r.Selection.Every = 0 }, "every 0 steps"},
		{"no design", func(r *fastresnet.Recipe) { r.Selection.Design = layers.Design{} }, "selection: "},
		{"mixing", func(r *fastresnet.Recipe) { r.Mixing = data.Mixing{Kind: data.Mixup, Alpha: 0.2} }, "mixing"},
		{"incomplete batches", func(r *fastresnet.Recipe) { r.KeepIncompleteBatch = true }, "incomplete"},
		{"too many channels", func(r *fastresnet.Recipe) {
			halving := layers.Stage{Channels: 1, Down: layers.DownStride}
			r.Selection.Design.Width = 32 // 1 beside 2 of 64
			r.Selection.Design.Stages = []layers.Stage{halving, halving, halving, {Channels: 1 << 16, Down: layers.DownStride, Extra: 1}}
		}, "selection: the network has"},
		{"too many groups for the part", func(r *fastresnet.Recipe) { r.Design.Norm.Groups = 16 }, "batch size 8, need a multiple"},
		{"too many groups for the whole", func(r *fastresnet.Recipe) { r.Selection.Design.Norm.Groups = 32 }, "selection: batch size 16"},
	} {
		t.Run(tt.label, func(t *testing.T) {
			_, err := fastresnet.Train(context.Background(), fastresnet.WithDataset(synthetic(t, 32, 1), nil), fastresnet.WithBackend("go"),
				fastresnet.WithWidth(2), fastresnet.WithBatchSize(16), fastresnet.WithEpochs(1), selecting(tt.change))
			if !errors.Is(err, fastresnet.ErrOption) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error %v, want ErrOption that says %q", err, tt.says)
			}
		})
	}
	_, err := fastresnet.Train(context.Background(), fastresnet.WithDataset(synthetic(t, 32, 1), nil), fastresnet.WithBackend("go"),
		fastresnet.WithWidth(2), fastresnet.WithBatchSize(18), fastresnet.WithEpochs(1), selecting(), fastresnet.WithDevices(2))
	if !errors.Is(err, fastresnet.ErrOption) || !strings.Contains(err.Error(), "9 selected images of a batch") {
		t.Errorf("error %v, want ErrOption: two devices cannot share 9 images", err)
	}
	small := synthetic(t, 32, 1)
	_, err = fastresnet.Train(context.Background(), fastresnet.WithDataset(small, nil), fastresnet.WithBackend("go"), fastresnet.WithArchitecture(tinyNetwork()),
		fastresnet.WithBatchSize(16), fastresnet.WithEpochs(1), selecting(), fastresnet.WithMemoryLimit(1_000_000))
	if !errors.Is(err, fastresnet.ErrMemory) {
		t.Errorf("error %v, want ErrMemory: the small network counts", err)
	}
}

// A share of a batch is as many images as it says, whatever the rounding.
func TestImagesPerStep(t *testing.T) {
	for _, tt := range []struct {
		batch int
		share float64
		want  int
	}{{100, 0.29, 29}, {100, 0.58, 58}, {1024, 0.5, 512}, {3, 0.5, 1}, {10, 0.01, 1}} {
		r := fastresnet.Recipe{BatchSize: tt.batch, Selection: &fastresnet.Selection{Share: tt.share}}
		if got := r.ImagesPerStep(); got != tt.want {
			t.Errorf("%g of %d: %d, want %d", tt.share, tt.batch, got, tt.want)
		}
	}
}

// Rates for another batch are as for the images that a step trained on; a learning-rate test has batches of as many.
func TestRatesOfSelections(t *testing.T) {
	set := synthetic(t, 64, 1)
	with, without := selecting(), recipe(func(r *fastresnet.Recipe) { r.KeepIncompleteBatch = false })
	peak := func(batch int, option fastresnet.Option) float64 {
		result := finished(t, fastresnet.WithDataset(set, nil), fastresnet.WithBackend("go"), option, fastresnet.WithWidth(2), fastresnet.WithBatchSize(batch),
			fastresnet.WithEpochs(1), fastresnet.WithPeakRate(0.1))
		defer result.Model.Close()
		further := fastresnet.FineTuning(result.Model, set)
		if further.Selection != nil {
			t.Error("a selection is fine-tuned")
		}
		return further.Schedule.Peak()
	}
	if a, b := peak(32, with), peak(16, without); a != b {
		t.Errorf("peaks %g and %g, want the same", a, b)
	}
	curve := func(batch int, option fastresnet.Option) []fastresnet.RatePoint {
		points, err := fastresnet.FindRate(context.Background(), fastresnet.WithDataset(set, nil), fastresnet.WithBackend("go"), option, fastresnet.WithWidth(2),
			fastresnet.WithBatchSize(batch), fastresnet.WithEpochs(1), fastresnet.WithPeakRate(0.1))
		if err != nil {
			t.Fatal(err)
		}
		return points
	}
	if diff := cmp.Diff(curve(16, without), curve(32, with)); diff != "" {
		t.Errorf("curves (-half the batch +half of the batch):\n%s", diff)
	}
}

// A small network that is none saves nothing, which is said.
func TestSelectionByALargeNetwork(t *testing.T) {
	for width, want := range map[int]int{2: 0, 4: 1, 8: 1} { // beside 4
		result := finished(t, fastresnet.WithDataset(synthetic(t, 32, 1), nil), fastresnet.WithBackend("go"), fastresnet.WithBatchSize(16), fastresnet.WithEpochs(1),
			selecting(func(r *fastresnet.Recipe) {
				r.Design.Width = 4
				r.Selection.Design = r.Design.Clone()
				r.Selection.Design.Width = width
			}))
		result.Model.Close()
		if got := result.Warnings; len(got) != want || want > 0 && !strings.Contains(got[0], "saves nothing") {
			t.Errorf("width %d: warnings %q, want %d", width, got, want)
		}
	}
}

// The small network's width goes with the network's.
func TestWidthsOfSelections(t *testing.T) {
	for width, want := range map[int]int{128: 32, 64: 16, 100: 25, 8: 2, 1: 1} {
		r := named(t, "airbench96-faster")
		r = r.OfWidth(width)
		if r.Design.Width != width || r.Selection.Design.Width != want {
			t.Errorf("width %d: widths %d and %d, want %d", width, r.Design.Width, r.Selection.Design.Width, want)
		}
	}
}

// TestAirbench96Faster holds what the recipe says of each step to the source, which takes 2160 steps, 48 an epoch, counted from
// 0 for the rates and from 1 for the averages, on the sum of the losses of half of a batch.
func TestAirbench96Faster(t *testing.T) {
	const steps, all, batch, half, momentum = 48, 45 * 48, 1024, 512, 0.85
	r := named(t, "airbench96-faster")
	scale := 1024 * (1 + 1/(1-momentum))
	rate, decay := 9/scale, 0.012*batch/scale
	type move struct{ Others, Bias, Kept float64 }
	var want, got []move
	for step := range all {
		const warm = all / 10
		factor := float64(all-step) / (all - warm)
		if step < warm {
			factor = 0.2 + 0.8*float64(step)/warm
		}
		want = append(want, move{rate * half * factor, 64 * rate * half * factor, math.Pow(0.95, 5) * math.Pow(float64(step+1)/all, 3)})
	}
	for epoch := 1; epoch <= r.Epochs; epoch++ {
		for i, m := range r.Moves(epoch, steps) {
			got = append(got, move{float64(m[0].Rate), float64(m[1].Rate), r.Kept((epoch-1)*steps+i+1, steps)})
		}
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(1e-6, 1e-6)); diff != "" {
		t.Errorf("steps of the recipe (-want +got):\n%s", diff)
	}
	for i, o := range []fastresnet.Optimizer{r.Optimizer, r.Groups[0].Optimizer} {
		want := fastresnet.SGD{Momentum: momentum, WeightDecay: decay / rate / half / []float64{1, 64}[i]}
		if diff := cmp.Diff(want, o, cmpopts.EquateApprox(1e-12, 0)); diff != "" {
			t.Errorf("optimizer %d (-want +got):\n%s", i, diff)
		}
	}
	small := layers.Design{
		Name: "airbench96-proxy", Width: 32, NoStem: true, PoolAt: layers.PoolBeforeNorm, IdentityStart: true, LogitScale: 1. / 9,
		Whitening:  &layers.WhiteningSettings{Kernel: 2, Epsilon: 5e-4, Images: 5_000, Unpadded: true, Negatives: true},
		Stages:     []layers.Stage{{Channels: 1, Down: layers.DownPool, Extra: 1}, {Channels: 2, Down: layers.DownPool, Extra: 1}, {Channels: 2, Down: layers.DownPool, Extra: 1}},
		Norm:       layers.NormSettings{FrozenScale: true, Epsilon: 1e-12},
		Activation: layers.Activation{Kind: "gelu"},
	}
	if diff := cmp.Diff(&fastresnet.Selection{Design: small, Share: 0.5, Every: 4}, r.Selection); diff != "" {
		t.Errorf("selection (-want +got):\n%s", diff)
	}
	network, err := r.Selection.Design.Build(data.Shape{Height: 32, Width: 32, Channels: 3}, 10)
	if err != nil {
		t.Fatal(err)
	}
	// 3x3 convolutions of 24 to 32, 32, 64, 64, 64 and 64 channels, biases of their norms, and the classifier.
	if want := 9*(24*32+32*32+32*64+3*64*64) + 2*(32+64+64) + 64*10; network.Parameters() != want {
		t.Errorf("the small network has %d parameters, want %d", network.Parameters(), want)
	}
}
