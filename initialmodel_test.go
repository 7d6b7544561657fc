package fastresnet_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/safetensors"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// tensors are those of a model's file, by name.
func tensors(t *testing.T, m *fastresnet.Model) map[string][]float32 {
	t.Helper()
	file, err := safetensors.Read(bytes.NewReader(written(t, m)), nil)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]float32{}
	for _, tensor := range file.Tensors {
		all[tensor.Name] = tensor.Data
	}
	return all
}

// resized is a set whose images are cut to a size.
func resized(t *testing.T, set *data.Dataset, side int) *data.Dataset {
	t.Helper()
	in := set.Shape()
	var pixels []uint8
	for i := range set.Len() {
		for y := range side {
			from := ((i*in.Height+y%in.Height)*in.Width + 0) * in.Channels
			row := set.Pixels()[from:][:in.Width*in.Channels]
			for x := range side {
				at := x % in.Width * in.Channels
				pixels = append(pixels, row[at:at+in.Channels]...)
			}
		}
	}
	other, err := data.New(pixels, data.Shape{Height: side, Width: side, Channels: in.Channels}, set.Labels(), set.Classes())
	if err != nil {
		t.Fatal(err)
	}
	return other
}

// designs are networks of every kind that a model may have.
func designs() map[string]fastresnet.Option {
	return map[string]fastresnet.Option{
		"resnet9": fastresnet.WithArchitecture(layers.ResNet9()), "dawn": fastresnet.WithArchitecture(layers.Dawn()),
		"airbench94": recipe(func(r *fastresnet.Recipe) { *r = fastresnet.Airbench94Muon(); r.Design.Whitening.Images = 16 }), "own": fastresnet.WithArchitecture(tinyNetwork()),
	}
}

// A run of no epochs makes the model that it starts from, to the bit: normalisation, averages and views included.
func TestWarmStartOfNoEpochs(t *testing.T) {
	set, other := synthetic(t, 48, 1), synthetic(t, 48, 2)
	for name, design := range designs() {
		t.Run(name, func(t *testing.T) {
			start := train(t, set, design, fastresnet.WithAveraging(fastresnet.Averaging{Every: 2, Decay: 0.5}), fastresnet.WithTestViews(fastresnet.FlipViews)).Model
			result, err := fastresnet.Train(context.Background(), fastresnet.WithDataset(other, nil), fastresnet.WithInitialModel(start),
				fastresnet.WithEpochs(0), fastresnet.WithBackend("go"))
			if err != nil {
				t.Fatalf("%+v", err)
			}
			defer result.Model.Close()
			if diff := cmp.Diff(predictions(t, start, other), predictions(t, result.Model, other)); diff != "" {
				t.Errorf("predictions (-want +got):\n%s", diff)
			}
			want := tensors(t, start)
			for name := range want {
				if strings.HasPrefix(name, "last/") {
					delete(want, name)
				}
			}
			if diff := cmp.Diff(want, tensors(t, result.Model)); diff != "" {
				t.Errorf("variables (-want +got):\n%s", diff)
			}
			if s := result.WarmStart; s == nil || s.Epochs != 2 || s.Recipe != start.Record().Recipe.Name || len(s.Anew) > 0 || len(s.Taken) != len(want) {
				t.Errorf("warm start %+v", s)
			}
			if len(result.Epochs) > 0 || result.Recipe.Name != "fine-tune" {
				t.Errorf("%d epochs of %q, want none of fine-tune", len(result.Epochs), result.Recipe.Name)
			}
			if more := train(t, other, fastresnet.WithInitialModel(read(t, written(t, result.Model))), fastresnet.WithEpochs(1)); len(more.Epochs) != 1 {
				t.Errorf("%d epochs after none, want 1", len(more.Epochs))
			}
		})
	}
}

// The option has a copy of the model, for any number of runs: the model may be closed before, and no run changes the copy.
func TestInitialModelIsCopied(t *testing.T) {
	set := synthetic(t, 48, 1)
	start := train(t, set).Model
	want, from := tensors(t, start), fastresnet.WithInitialModel(start)
	if err := start.Close(); err != nil {
		t.Fatal(err)
	}
	if more := train(t, set, from, fastresnet.WithEpochs(1)).Model; cmp.Equal(want, tensors(t, more)) {
		t.Error("an epoch changes nothing")
	}
	if diff := cmp.Diff(want, tensors(t, train(t, set, from, fastresnet.WithEpochs(0)).Model)); diff != "" {
		t.Errorf("a second run starts from other values (-want +got):\n%s", diff)
	}
}

// With the body frozen, training changes nothing but the classifier, to the bit.
func TestFrozenBodyStays(t *testing.T) {
	set := synthetic(t, 48, 1)
	for name, design := range designs() {
		t.Run(name, func(t *testing.T) {
			start := train(t, set, design).Model
			result := train(t, renamed(t, synthetic(t, 48, 2)), fastresnet.WithInitialModel(start), fastresnet.WithFrozen(fastresnet.Body),
				fastresnet.WithAveraging(fastresnet.Averaging{Every: 1, Decay: 0.3}))
			before, after := tensors(t, start), tensors(t, result.Model)
			for name := range before {
				same := cmp.Equal(before[name], after[name])
				if classifier := layers.PartOf(name) == "classifier"; same == classifier {
					t.Errorf("%s is as before: %t", name, same)
				}
			}
			if s := result.WarmStart; s == nil || !slices.ContainsFunc(s.Anew, func(name string) bool { return name == "classifier/weight" }) || len(s.Taken) == 0 {
				t.Errorf("warm start %+v, want the classifier anew", s)
			}
		})
	}
}

// What starts anew is what a run of that seed would have drawn, and what is taken does not depend on the images' size.
func TestWarmStartTakesImagesOfOtherSizes(t *testing.T) {
	set := synthetic(t, 32, 1)
	start := train(t, set).Model
	for _, side := range []int{20, 40} {
		other := resized(t, renamed(t, set), side)
		result := train(t, other, fastresnet.WithInitialModel(start), fastresnet.WithEpochs(0), fastresnet.WithAugmentations())
		scratch, err := fastresnet.Train(context.Background(), fastresnet.WithDataset(other, nil), fastresnet.WithBackend("go"), fastresnet.WithRecipe(result.Recipe),
			fastresnet.WithEpochs(1), fastresnet.WithFrozen("classifier"))
		if err != nil {
			t.Fatalf("%+v", err)
		}
		defer scratch.Model.Close()
		want := tensors(t, start)
		want["classifier/weight"] = tensors(t, scratch.Model)["classifier/weight"]
		if diff := cmp.Diff(want, tensors(t, result.Model)); diff != "" {
			t.Errorf("images of %dx%d: variables (-want +got):\n%s", side, side, diff)
		}
		if _, err := result.Model.Evaluate(context.Background(), other); err != nil {
			t.Error(err)
		}
	}
}

// More epochs of a finished run are a warm start by its own recipe, which says so.
func TestMoreEpochs(t *testing.T) {
	set := synthetic(t, 48, 1)
	start := train(t, set).Model
	if err := start.SetThreshold(0.9); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	more, err := fastresnet.Train(context.Background(), fastresnet.WithDataset(set, set), fastresnet.WithBackend("go"), fastresnet.WithInitialModel(start),
		fastresnet.WithRecipe(start.Record().Recipe), fastresnet.WithEpochs(3), fastresnet.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	if err != nil {
		t.Fatalf("%+v", err)
	}
	defer more.Model.Close()
	if len(more.Epochs) != 3 || more.Recipe.Name != start.Record().Recipe.Name || more.WarmStart == nil || more.WarmStart.Epochs != 2 {
		t.Errorf("%d epochs of %q after %+v", len(more.Epochs), more.Recipe.Name, more.WarmStart)
	}
	if got := more.Model.Threshold(); got != 0 {
		t.Errorf("a threshold of %g, want none: the other model's was measured for that", got)
	}
	if !strings.Contains(log.String(), "warm start") {
		t.Errorf("the log does not say it:\n%s", log.String())
	}
	loaded := read(t, written(t, more.Model))
	if diff := cmp.Diff(more.Record.WarmStart, loaded.Record().WarmStart); diff != "" {
		t.Errorf("warm start of the file (-want +got):\n%s", diff)
	}
}

func TestFineTuningRecipe(t *testing.T) {
	set := renamed(t, synthetic(t, 300, 1))
	model := train(t, set, recipe(func(r *fastresnet.Recipe) { *r = fastresnet.Airbench94Muon(); r.Design.Whitening.Images = 16 })).Model
	r := fastresnet.FineTuning(model, set)
	own, base := fastresnet.RecipeFor(set), model.Record().Recipe
	if r.Epochs != own.Epochs/2 || r.BatchSize != own.BatchSize/2 || r.LayerDecay != 0.7 {
		t.Errorf("%d epochs in batches of %d, decay %g", r.Epochs, r.BatchSize, r.LayerDecay)
	}
	if diff := cmp.Diff(base.Schedule.Peak()*math.Sqrt(float64(r.BatchSize)/float64(base.BatchSize)), r.Schedule.Peak(), cmpopts.EquateApprox(1e-9, 0)); diff != "" {
		t.Errorf("peak rate (-want +got):\n%s", diff)
	}
	if end := r.Schedule.End(); end != float64(r.Epochs) {
		t.Errorf("the schedule ends at %g, want %d", end, r.Epochs)
	}
	if diff := cmp.Diff(base.Design, r.Design); diff != "" {
		t.Errorf("design (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(fastresnet.Recipe{}, fastresnet.FineTuning(nil, set)); diff != "" {
		t.Errorf("recipe of no model (-want +got):\n%s", diff)
	}
}

// Without a data set the recipe is the one for CIFAR-10.
func TestFineTuningOnCIFAR10(t *testing.T) {
	all, _, err := data.CIFAR10("")
	if err != nil {
		t.Skip("no CIFAR-10 to train on: FASTRESNET_DATA names its folder")
	}
	model := train(t, synthetic(t, 32, 1), fastresnet.WithEpochs(1)).Model
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var got fastresnet.Recipe
	_, err = fastresnet.Train(ctx, fastresnet.WithInitialModel(model), fastresnet.WithBackend("go"), fastresnet.WithProgress(fastresnet.Observer{Start: func(r *fastresnet.Result) {
		got = r.Recipe
		cancel()
	}}))
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if diff := cmp.Diff(fastresnet.FineTuning(model, all), got); diff != "" {
		t.Errorf("recipe (-FineTuning +run's):\n%s", diff)
	}
}

// The batches of a model with ghost norms are such that the norms' groups divide them, where there are as many images; a run
// of no epochs has no batches.
func TestFineTuningWithGhostNorms(t *testing.T) {
	ghost := named(t, "ghost-norm")
	model := train(t, synthetic(t, 64, 1), fastresnet.WithRecipe(ghost), fastresnet.WithWidth(4), fastresnet.WithBatchSize(32), fastresnet.WithEpochs(1)).Model
	for n, batch := range map[int]int{16: 16, 20: 16, 40: 16, 300: 16, 1500: 32, 6000: 64} {
		if got := fastresnet.FineTuning(model, renamed(t, synthetic(t, n, 2))).BatchSize; got != batch {
			t.Errorf("%d images: batches of %d, want %d", n, got, batch)
		}
	}
	few := renamed(t, synthetic(t, 3, 2))
	finished(t, fastresnet.WithDataset(few, nil), fastresnet.WithInitialModel(model), fastresnet.WithEpochs(0), fastresnet.WithBackend("go")).Model.Close()
}

func TestWarmStartErrors(t *testing.T) {
	set := synthetic(t, 32, 1)
	model, closed := train(t, set).Model, train(t, set, fastresnet.WithArchitecture(tinyNetwork())).Model
	closed.Close()
	var file bytes.Buffer
	if err := model.Write(&file); err != nil {
		t.Fatal(err)
	}
	reloaded, err := fastresnet.ReadModel(&file, fastresnet.WithBackend("go"))
	if err != nil {
		t.Fatal(err)
	}
	defer reloaded.Close()
	grey, err := data.New(make([]uint8, 32*32*32), data.Shape{Height: 32, Width: 32, Channels: 1}, set.Labels(), set.Classes())
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		label string
		opts  []fastresnet.Option
		is    error
		want  []string
	}{
		{"no model", []fastresnet.Option{fastresnet.WithInitialModel(nil)}, fastresnet.ErrArgument, []string{"the initial model", "nil or zero"}},
		{"a zero model", []fastresnet.Option{fastresnet.WithInitialModel(&fastresnet.Model{})}, fastresnet.ErrArgument, []string{"nil or zero"}},
		{"a closed model", []fastresnet.Option{fastresnet.WithInitialModel(closed)}, fastresnet.ErrClosed, []string{"the initial model"}},
		{"another width", []fastresnet.Option{fastresnet.WithInitialModel(model), fastresnet.WithWidth(8)}, nil,
			[]string{"does not fit", "its width is 4, the run's 8: WithWidth(4) is the model's"}},
		{"another width than a file's", []fastresnet.Option{fastresnet.WithInitialModel(reloaded), fastresnet.WithRecipe(fastresnet.ResNet9Epochs24())}, nil,
			[]string{"its width is 4, the run's 64: WithWidth(4) is the model's"}},
		{"another network", []fastresnet.Option{fastresnet.WithInitialModel(model), fastresnet.WithArchitecture(layers.Backbone()), fastresnet.WithWidth(4)}, nil,
			[]string{`"resnet9", does not fit the network, "backbone"`, "the network has no layer1/residual/conv1/weight", "WithArchitecture, WithWidth and WithRecipe choose"}},
		{"a network with more", []fastresnet.Option{fastresnet.WithInitialModel(model), fastresnet.WithRecipe(fastresnet.ResNet9Epochs24()), fastresnet.WithWidth(4),
			fastresnet.WithArchitecture(func() layers.Design { d := layers.ResNet9(); d.Stages[1].Residual = true; return d }())}, nil,
			[]string{"the model has no layer2/residual/conv1/weight"}},
		{"images of other channels", []fastresnet.Option{fastresnet.WithInitialModel(model), fastresnet.WithDataset(grey, nil)}, nil,
			[]string{"prep/conv/weight is [4 3 3 3] in the model, [4 3 3 1] in the network"}},
		{"a part that is not there", []fastresnet.Option{fastresnet.WithFrozen("layer1", "layer7")}, nil, []string{`frozen "layer7"`, `"layer3" "classifier"`}},
		{"a part of a name", []fastresnet.Option{fastresnet.WithFrozen("layer")}, nil, []string{`frozen "layer"`}},
		{"nothing left", []fastresnet.Option{fastresnet.WithFrozen(fastresnet.Body, "classifier")}, nil, []string{"nothing to train"}},
		{"a decay above 1", []fastresnet.Option{fastresnet.WithLayerDecay(1.5)}, nil, []string{"layer decay 1.5"}},
	} {
		t.Run(tt.label, func(t *testing.T) {
			opts := append([]fastresnet.Option{fastresnet.WithDataset(set, nil), fastresnet.WithBatchSize(16), fastresnet.WithBackend("go")}, tt.opts...)
			result, err := fastresnet.Train(context.Background(), opts...)
			if result != nil || !errors.Is(err, fastresnet.ErrOption) || tt.is != nil && !errors.Is(err, tt.is) || errors.Is(err, fastresnet.ErrInternal) {
				t.Fatalf("Train = %v, %v; want ErrOption", result, err)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not say %q", err, want)
				}
			}
		})
	}
}

// A checkpoint belongs to a run from one model.
func TestCheckpointKnowsTheInitialModel(t *testing.T) {
	set, folder := synthetic(t, 48, 1), t.TempDir()
	one, two := train(t, set).Model, train(t, set, fastresnet.WithSeed(2)).Model
	tune := func(m *fastresnet.Model, epochs int, opts ...fastresnet.Option) (*fastresnet.Result, error) {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		return fastresnet.Train(ctx, append(opts, fastresnet.WithDataset(set, set), fastresnet.WithBackend("go"), fastresnet.WithInitialModel(m), fastresnet.WithBatchSize(16),
			fastresnet.WithFrozen("prep", "layer1"), fastresnet.WithEpochs(4), fastresnet.WithProgress(fastresnet.Observer{Epoch: func(e fastresnet.Epoch) {
				if e.Number == epochs {
					cancel()
				}
			}}))...)
	}
	whole, err := tune(one, 0)
	if err != nil {
		t.Fatalf("%+v", err)
	}
	stopped, err := tune(one, 2, fastresnet.WithCheckpoint(folder, 1))
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("%v, want context.Canceled", err)
	}
	stopped.Model.Close()
	if _, err := tune(two, 0, fastresnet.WithCheckpoint(folder, 1), fastresnet.WithResume()); !errors.Is(err, fastresnet.ErrCheckpoint) || !strings.Contains(err.Error(), "initial model was") {
		t.Errorf("resumed from another model: %v, want ErrCheckpoint", err)
	}
	resumed, err := tune(one, 0, fastresnet.WithCheckpoint(folder, 1), fastresnet.WithResume())
	if err != nil {
		t.Fatalf("%+v", err)
	}
	if diff := cmp.Diff(outcomeOf(t, whole), outcomeOf(t, resumed), noTimes); diff != "" {
		t.Errorf("resumed (-want +got):\n%s", diff)
	}
}
