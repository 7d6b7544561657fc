package fastresnet_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/fastresnet/fastresnet/schedule"
	"github.com/google/go-cmp/cmp"
)

// What a model cannot learn from its data, or a test tell, is in the result and in the log.
func TestWarnings(t *testing.T) {
	pixels := synthetic(t, 60, 1).Pixels()
	set := func(label func(i int) int, classes ...string) *data.Dataset {
		labels := make([]int, 60)
		for i := range labels {
			labels[i] = label(i)
		}
		set, err := data.New(pixels, data.Shape{Height: 32, Width: 32, Channels: 3}, labels, classes)
		if err != nil {
			t.Fatal(err)
		}
		return set
	}
	sorted := set(func(i int) int { return i / 20 }, "a", "b", "c")
	mixed := set(func(i int) int { return i % 3 }, "a", "b", "c")
	const same = "the test set is the training set, and so a test says nothing about other images: Dataset.Split holds some out"
	for _, test := range []struct {
		name        string
		train, test *data.Dataset
		want        []string
	}{
		{"all is well", mixed, sorted, nil},
		{"no test set", mixed, nil, nil},
		{"one class", set(func(int) int { return 0 }, "only"), nil, []string{`the training set has images of one class only, "only"`}},
		{"classes without images", set(func(i int) int { return 3 * (i % 3) }, strings.Split("abcdefghij", "")...), nil,
			[]string{`the training set has no images of 7 of its 10 classes: "b", "c", "e", "f", "h", and 2 more`}},
		{"sorted, and cut", first(t, sorted, 20), mixed,
			[]string{`the training set has images of one class only, "a"`}},
		{"a class without images", set(func(i int) int { return i % 2 }, "a", "b", "c"), nil,
			[]string{`the training set has no images of 1 of its 3 classes: "c"`}},
		{"a test set sorted, and cut", mixed, first(t, sorted, 30),
			[]string{`the test set has no images of 1 of its 3 classes: "c"`}},
		{"one set for both", mixed, mixed, []string{same}},
		{"a copy of the training set", mixed, set(func(i int) int { return i % 3 }, "a", "b", "c"), []string{same}},
		{"a part of the training set", mixed, first(t, mixed, 30), nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			var log bytes.Buffer
			network := tinyNetwork()
			network.Layers = append(network.Layers[:4:4], layers.Linear{Name: "classifier", Out: len(test.train.Classes())})
			result := finished(t, fastresnet.WithDataset(test.train, test.test), fastresnet.WithBackend("go"), fastresnet.WithArchitecture(network),
				fastresnet.WithEpochs(1), fastresnet.WithBatchSize(10), fastresnet.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
			defer result.Model.Close()
			for _, r := range []fastresnet.Record{result.Record, result.Model.Record()} {
				if diff := cmp.Diff(test.want, r.Warnings); diff != "" {
					t.Errorf("warnings (-want +got):\n%s", diff)
				}
			}
			if got := strings.Count(log.String(), "level=WARN"); got != len(test.want) {
				t.Errorf("%d warnings logged, want %d:\n%s", got, len(test.want), &log)
			}
		})
	}
}

// A model that goes on with pictures that were resized otherwise is probably not meant.
func TestWarnsOfAnotherResizing(t *testing.T) {
	padded := resizedBy(t, data.ResizeByPadding)
	for resizing, want := range map[data.Resizing][]string{
		data.ResizeByPadding: nil, data.ResizeByCropping: {`the training set's pictures were resized by "crop", those of the initial model by "pad"`},
	} {
		set, err := synthetic(t, 40, 1).WithResizing(resizing)
		if err != nil {
			t.Fatal(err)
		}
		result := finished(t, fastresnet.WithDataset(set, nil), fastresnet.WithBackend("go"), fastresnet.WithInitialModel(padded), fastresnet.WithEpochs(0))
		result.Model.Close()
		if diff := cmp.Diff(want, result.Warnings); diff != "" {
			t.Errorf("resizing %q: warnings (-want +got):\n%s", resizing, diff)
		}
	}
}

// warningsOf are those of a run, which ends when it has started.
func warningsOf(t *testing.T, opts ...fastresnet.Option) (warnings []string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	_, err := fastresnet.Train(ctx, append(opts, fastresnet.WithBackend("go"), fastresnet.WithProgress(fastresnet.Observer{Start: func(r *fastresnet.Result) {
		warnings = r.Warnings
		cancel()
	}}))...)
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	return warnings
}

// Filters of a model that has seen images of another size have seen what is in them larger or smaller.
func TestWarnsOfAnotherSize(t *testing.T) {
	start := train(t, synthetic(t, 16, 1)).Model
	for _, tt := range []struct {
		height, width int
		want          []string
	}{
		{32, 32, nil},
		{16, 16, []string{"the training set's images are 16x16, those of the initial model 32x32"}},
		{32, 48, []string{"the training set's images are 32x48, those of the initial model 32x32"}},
	} {
		set := blankSet(t, 16, data.Shape{Height: tt.height, Width: tt.width, Channels: 3}, "a", "b")
		if diff := cmp.Diff(tt.want, warningsOf(t, fastresnet.WithDataset(set, nil), fastresnet.WithInitialModel(start))); diff != "" {
			t.Errorf("%dx%d: warnings (-want +got):\n%s", tt.height, tt.width, diff)
		}
	}
}

// A class with next to no images beside the others is hardly learnt, and its test says little.
func TestWarnsOfRareClasses(t *testing.T) {
	warning := func(largest int, rare string) []string {
		return []string{fmt.Sprintf("the training set has very few images of some classes, where the largest has %d: %s. "+
			"More of them help the most, then WithClassWeights or Dataset.Balance", largest, rare)}
	}
	for _, tt := range []struct {
		name   string
		counts []int // of the classes "a" and so on
		option fastresnet.Option
		want   []string
	}{
		{"three beside many", []int{80, 3, 79}, nil, warning(80, `"b" (3)`)},
		{"most of them", []int{9, 100, 1, 2, 3, 4, 5}, nil, warning(100, `"a" (9), "c" (1), "d" (2), "e" (3), "f" (4), and 1 more`)},
		{"a tenth", []int{80, 8}, nil, nil},
		{"less than a tenth, but ten", []int{200, 10}, nil, nil},
		{"few of all", []int{3, 3, 1}, nil, nil},
		{"weighted", []int{80, 3}, fastresnet.WithClassWeights(1, 20), nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var labels []int
			for class, n := range tt.counts {
				labels = append(labels, slices.Repeat([]int{class}, n)...)
			}
			shape := data.Shape{Height: 8, Width: 8, Channels: 1}
			set, err := data.New(make([]uint8, len(labels)*shape.Size()), shape, labels, strings.Split("abcdefg"[:len(tt.counts)], ""))
			if err != nil {
				t.Fatal(err)
			}
			got := warningsOf(t, fastresnet.WithDataset(set, nil), fastresnet.WithWidth(1), fastresnet.WithBatchSize(4), tt.option)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
		})
	}
}

// Frozen layers should have learnt something before: in a model that the run starts from.
func TestWarnsOfFrozenRandomLayers(t *testing.T) {
	set := synthetic(t, 32, 1)
	start := train(t, set).Model
	const warning = "frozen layers stay as random as they start, since they have nothing of an initial model (WithInitialModel): "
	for _, tt := range []struct {
		name   string
		set    *data.Dataset
		option fastresnet.Option
		frozen string
		want   []string
	}{
		{"without a model", set, nil, fastresnet.Body, []string{warning + `"prep/conv", "layer1/conv", "layer1/residual/conv1", "layer1/residual/conv2", "layer2/conv", and 3 more`}},
		{"one part of it", set, nil, "prep", []string{warning + `"prep/conv"`}},
		{"norms, which start at constants", set, nil, "prep/norm", nil},
		{"from a model", set, fastresnet.WithInitialModel(start), fastresnet.Body, nil},
		{"for other classes", renamed(t, set), fastresnet.WithInitialModel(start), fastresnet.Body, nil},
		{"a classifier for other classes", renamed(t, set), fastresnet.WithInitialModel(start), "classifier", []string{warning + `"classifier"`}},
		{"whitening of the images", set, fastresnet.WithArchitecture(layers.Airbench94()), "prep/whitening", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, train(t, tt.set, tt.option, fastresnet.WithDataset(tt.set, nil), fastresnet.WithFrozen(tt.frozen)).Warnings); diff != "" {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
		})
	}
}

// An option that changes nothing says so: an optimizer where groups have all variables, a width without a design.
func TestWarnsOfOptionsWithoutEffect(t *testing.T) {
	set, sgd := synthetic(t, 32, 1), fastresnet.WithOptimizer(fastresnet.SGD{})
	start := train(t, set, fastresnet.WithRecipe(tinyRecipe())).Model
	grouped := func(kinds ...layers.VariableKind) fastresnet.Option {
		r := tinyRecipe()
		r.Groups = nil
		for _, k := range kinds {
			r.Groups = append(r.Groups, fastresnet.VariableGroup{Variables: k, Optimizer: fastresnet.SGD{}, RateFactor: 1})
		}
		return fastresnet.WithRecipe(r)
	}
	all, butFilters := grouped(layers.VariableKinds()...), grouped(layers.KindBiases, layers.KindScales, layers.KindLinearWeights)
	const optimizer = "WithOptimizer changes nothing: the recipe's groups, which keep their own, have all variables"
	const width = "WithWidth changes nothing: the recipe has a network of its own, and no design"
	for _, tt := range []struct {
		name string
		opts []fastresnet.Option
		want []string
	}{
		{"all in groups", []fastresnet.Option{all}, nil},
		{"all in groups, and an optimizer", []fastresnet.Option{all, sgd}, []string{optimizer}},
		{"some in groups, and an optimizer", []fastresnet.Option{butFilters, sgd}, nil},
		{"the others are frozen", []fastresnet.Option{butFilters, sgd, fastresnet.WithInitialModel(start), fastresnet.WithFrozen("conv")}, []string{optimizer}},
		{"a width, and a network", []fastresnet.Option{grouped(), fastresnet.WithWidth(4)}, []string{width}},
		{"a width, and a design", []fastresnet.Option{grouped(), fastresnet.WithWidth(1), fastresnet.WithArchitecture(layers.ResNet9())}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			result := finished(t, append(tt.opts, fastresnet.WithDataset(set, nil), fastresnet.WithBackend("go"))...)
			result.Model.Close()
			if diff := cmp.Diff(tt.want, result.Warnings); diff != "" {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
		})
	}
}

// Rates of 0 train nothing: a run may have them, as to measure running statistics, and says so.
func TestWarnsOfRatesOfZero(t *testing.T) {
	knots := func(epochsAndRates ...float64) (s schedule.Schedule) {
		for i := 0; i < len(epochsAndRates); i += 2 {
			s = append(s, schedule.Knot{Epoch: epochsAndRates[i], Rate: epochsAndRates[i+1]})
		}
		return s
	}
	const never, half = "the learning rate is 0 in every step, and so nothing is learnt",
		"the learning rate is 0 from epoch 1 of 2 on, and so nothing more is learnt: Schedule.Stretch makes a schedule longer"
	for _, test := range []struct {
		name     string
		schedule schedule.Schedule
		biases   schedule.Schedule // none for those of all
		batch    int
		want     []string
	}{
		{"constant", schedule.Constant(0.1), nil, 8, nil},
		{"to the end", schedule.OneCycle(0.1, 1, 2), nil, 8, nil},
		{"a little shorter", schedule.OneCycle(0.1, 0.6, 1.2), nil, 8, nil},
		{"half", schedule.OneCycle(0.1, 0.5, 1), nil, 8, []string{half}},
		{"held at 0 for long", knots(0, 0.1, 1, 0, 2, 0), nil, 8, []string{half}},
		{"late", knots(1.5, 0, 2, 0.1), nil, 8, nil},
		{"a warm-up as long as the schedule", knots(0, 0.1, 1.8, 0.1, 2, 0).WarmUp(2), nil, 8, []string{never}},
		{"0 as a float32", schedule.Constant(1e-60), nil, 8, []string{never}},
		{"above 0 between steps alone", knots(0, 0, 0.5, 0.1, 1, 0, 1.5, 0.1, 2, 0), nil, 16, []string{never}},
		{"but for some variables", schedule.Constant(0), schedule.Constant(0.1), 8, nil},
		{"longer for some variables", schedule.OneCycle(0.1, 0.25, 0.5), schedule.OneCycle(0.1, 0.5, 1), 8, []string{half}},
	} {
		t.Run(test.name, func(t *testing.T) {
			recipe := fastresnet.ResNet9Epochs24()
			recipe.BatchSize, recipe.Epochs, recipe.Schedule = test.batch, 2, test.schedule
			recipe.Groups = []fastresnet.VariableGroup{{Variables: layers.KindBiases, Optimizer: fastresnet.SGD{}, Schedule: test.biases}}
			result := finished(t, fastresnet.WithDataset(synthetic(t, 16, 1), nil), fastresnet.WithBackend("go"), fastresnet.WithRecipe(recipe),
				fastresnet.WithArchitecture(tinyNetwork()))
			result.Model.Close()
			if diff := cmp.Diff(test.want, result.Warnings); diff != "" {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
		})
	}
}

// The default recipe for the classes of CIFAR-10 is one for all of its images.
func TestWarnsOfFewSteps(t *testing.T) {
	cifar := data.CIFAR10Classes()
	for _, test := range []struct {
		name    string
		images  int
		classes []string
		opts    []fastresnet.Option
		want    string // none for no warning
	}{
		{"few images", 800, cifar, nil, "whose batch of 512 leaves 800 images too few steps an epoch, 1: WithRecipe(RecipeFor(train))"},
		{"not quite enough", 5*512 - 1, cifar, nil, "too few steps an epoch, 4"},
		{"enough", 5 * 512, cifar, nil, ""},
		{"a batch of one's own", 800, cifar, []fastresnet.Option{fastresnet.WithBatchSize(500)}, ""},
		{"a recipe of one's own", 800, cifar, []fastresnet.Option{fastresnet.WithRecipe(fastresnet.ResNet9Epochs24())}, ""},
		{"other classes", 100, []string{"a", "b"}, nil, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			set := blankSet(t, test.images, data.Shape{Height: 12, Width: 12, Channels: 3}, test.classes...)
			warnings := strings.Join(warningsOf(t, append(test.opts, fastresnet.WithDataset(set, nil), fastresnet.WithWidth(1))...), "\n")
			if !strings.Contains(warnings, test.want) || test.want == "" && warnings != "" {
				t.Errorf("warnings %q, want %q", warnings, test.want)
			}
		})
	}
}

func TestWarnsOfLargeImages(t *testing.T) {
	for side, want := range map[int]string{128: "", 160: "images of 160x160x3 take 25 times as long"} {
		set := blankSet(t, 4, data.Shape{Height: side, Width: side, Channels: 3}, "a", "b")
		warnings := warningsOf(t, fastresnet.WithDataset(set, nil), fastresnet.WithWidth(1))
		if !strings.Contains(strings.Join(warnings, ""), want) || want == "" && warnings != nil {
			t.Errorf("side %d: warnings %q, want %q", side, warnings, want)
		}
	}
}
