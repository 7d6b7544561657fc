package fastresnet_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/fastresnet/fastresnet/schedule"
	"github.com/google/go-cmp/cmp"
)

func synthetic(t testing.TB, n int, seed uint64) *data.Dataset {
	t.Helper()
	set, err := data.Synthetic(n, seed)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// first is the first n images of a set.
func first(t testing.TB, set *data.Dataset, n int) *data.Dataset {
	t.Helper()
	part, err := set.Slice(0, n)
	if err != nil {
		t.Fatal(err)
	}
	return part
}

// renamed is a set with other names for its classes.
func renamed(t *testing.T, set *data.Dataset) *data.Dataset {
	t.Helper()
	classes := set.Classes()
	for i := range classes {
		classes[i] = "other " + classes[i]
	}
	other, err := data.New(set.Pixels(), set.Shape(), set.Labels(), classes)
	if err != nil {
		t.Fatal(err)
	}
	return other
}

func TestOptionErrors(t *testing.T) {
	train := synthetic(t, 20, 1)
	grey, err := data.New(make([]uint8, 2*8*8), data.Shape{Height: 8, Width: 8, Channels: 1}, []int{0, 1}, []string{"a", "b"})
	if err != nil {
		t.Fatal(err)
	}
	blank := func(height, width int) *data.Dataset {
		set, err := data.New(make([]uint8, 40*height*width*3), data.Shape{Height: height, Width: width, Channels: 3}, make([]int, 40), []string{"a"})
		if err != nil {
			t.Fatal(err)
		}
		return set
	}
	tiny, small := blank(8, 8), blank(5, 5)
	threeClasses, err := layers.ResNet9().Build(train.Shape(), 3)
	if err != nil {
		t.Fatal(err)
	}
	ghost := fastresnet.ResNet9Epochs24()
	ghost.Design.Norm.Groups = 16
	shortened := fastresnet.ResNet9Epochs24()
	shortened.Epochs = 6
	both, own := fastresnet.ResNet9Epochs24(), tinyNetwork()
	both.Network = &own
	bad := fastresnet.ResNet9Epochs24()
	bad.Groups = []fastresnet.VariableGroup{{Variables: layers.KindBiases, Optimizer: fastresnet.SGD{WeightDecay: math.NaN()}, RateFactor: -1}}
	bad.Averaging = fastresnet.Averaging{Every: -5, Decay: 1}
	bad.TestViews, bad.Loading, bad.Published.Accuracy = "sideways", "slowly", math.NaN()
	lastStep, longName := tinyNetwork(), tinyNetwork()
	lastStep.Layers = append(lastStep.Layers, layers.Linear{Name: "last/conv", Out: 10})
	longName.Name = strings.Repeat("a", 1<<17)
	vast := fastresnet.ResNet9Epochs24()
	vast.Groups = []fastresnet.VariableGroup{
		{Variables: layers.KindBiases, Optimizer: fastresnet.SGD{}, Schedule: schedule.Constant(1e39)},
		{Variables: layers.KindFilters, Optimizer: fastresnet.SGD{}, Schedule: schedule.Constant(1e30), RateFactor: 1e30},
	}
	tests := []struct {
		label string
		opts  []fastresnet.Option
		want  []string // all of them in one error
	}{
		{"width below 1", []fastresnet.Option{fastresnet.WithWidth(-1)}, []string{"width -1"}},
		{"batch below 1", []fastresnet.Option{fastresnet.WithBatchSize(0)}, []string{"batch size 0"}},
		{"no epochs", []fastresnet.Option{fastresnet.WithEpochs(0)}, []string{"0 epochs"}},
		{"momentum of 1 never forgets", []fastresnet.Option{fastresnet.WithOptimizer(fastresnet.Nesterov{Momentum: 1})}, []string{"momentum 1"}},
		{"momentum NaN", []fastresnet.Option{fastresnet.WithOptimizer(fastresnet.SGD{Momentum: math.NaN()})}, []string{"momentum NaN"}},
		{"weight decay", []fastresnet.Option{fastresnet.WithOptimizer(fastresnet.Nesterov{WeightDecay: -1})}, []string{"weight decay -1"}},
		{"no optimizer", []fastresnet.Option{fastresnet.WithOptimizer(nil)}, []string{"no optimizer: need a Nesterov, SGD or Muon"}},
		{"a pointer for an optimizer", []fastresnet.Option{fastresnet.WithOptimizer(&fastresnet.SGD{})}, []string{"*fastresnet.SGD"}},
		{"peak rate", []fastresnet.Option{fastresnet.WithPeakRate(0)}, []string{"peak learning rate 0"}},
		{"knots out of order", []fastresnet.Option{fastresnet.WithSchedule(schedule.PiecewiseLinear(
			schedule.Knot{Epoch: 2, Rate: 1}, schedule.Knot{Epoch: 1, Rate: 0}))}, []string{"knot 1"}},
		{"a user's schedule is not stretched", []fastresnet.Option{fastresnet.WithEpochs(5),
			fastresnet.WithSchedule(schedule.OneCycle(0.1, 1, 5.5))}, []string{"epoch 5.5 of a run of 5 epochs: end it at 5 (Schedule.Stretch), or train for 6 epochs"}},
		{"a recipe's schedule that was not", []fastresnet.Option{fastresnet.WithRecipe(shortened)}, []string{"epoch 24 of a run of 6 epochs", "WithEpochs", "stretches a recipe's"}},
		{"precision", []fastresnet.Option{fastresnet.WithPrecision("float8")}, []string{"float8", "bfloat16"}},
		{"nil augmentation", []fastresnet.Option{fastresnet.WithAugmentations(nil, data.FlipLR{})}, []string{"augmentation 0 is nil"}},
		{"augmentation that does not fit the images", []fastresnet.Option{fastresnet.WithBatchSize(4),
			fastresnet.WithAugmentations(data.Crop{Pad: 32})}, []string{"crop 32"}},
		{"batch larger than the set", []fastresnet.Option{fastresnet.WithBatchSize(21)}, []string{"batch size 21", "20 images"}},
		{"the remedy for it", []fastresnet.Option{fastresnet.WithBatchSize(21)}, []string{"WithBatchSize takes 1 to 20"}},
		{"one value a channel in batch norm", []fastresnet.Option{fastresnet.WithDataset(tiny, nil), fastresnet.WithBatchSize(1),
			fastresnet.WithAugmentations()}, []string{"batch size 1:", `"layer3/residual/norm1"`, "WithBatchSize must be 2 at least"}},
		{"one value a channel in a group", []fastresnet.Option{fastresnet.WithDataset(tiny, nil), fastresnet.WithRecipe(ghost), fastresnet.WithBatchSize(16),
			fastresnet.WithAugmentations()}, []string{"batch size 16:", "WithBatchSize must be 32 at least"}},
		{"one value a channel in an incomplete batch", []fastresnet.Option{fastresnet.WithDataset(first(t, tiny, 16), nil), fastresnet.WithBatchSize(3),
			fastresnet.WithIncompleteBatches(true), fastresnet.WithAugmentations()}, []string{"incomplete batch of 1 image", "WithIncompleteBatches(false)"}},
		{"a cutout of all there is", []fastresnet.Option{fastresnet.WithDataset(tiny, nil), fastresnet.WithBatchSize(4),
			fastresnet.WithRecipe(fastresnet.ResNet9Epochs24())}, []string{"cutout 8x8: it blanks every image of 8x8x3"}},
		{"a CutMix that changes nothing", []fastresnet.Option{fastresnet.WithDataset(blank(8, 2), nil), fastresnet.WithBatchSize(4),
			fastresnet.WithMixing(data.Mixing{Kind: data.CutMix, Alpha: 1})}, []string{"cutmix 1: it leaves images of 8x2x3 as they are: need 3x3 at least"}},
		{"images too small for the stages", []fastresnet.Option{fastresnet.WithDataset(small, nil), fastresnet.WithBatchSize(4),
			fastresnet.WithAugmentations()}, []string{"images of 5x5x3 are too small", "need 8x8 at least"}},
		{"images of one row for moved views", []fastresnet.Option{fastresnet.WithDataset(blank(1, 8), nil), fastresnet.WithBatchSize(4),
			fastresnet.WithTestViews(fastresnet.FlipTranslateViews)}, []string{`views "flip, translate" of images of 1x8x3`, "need 2x2 at least"}},
		{"images of one column for moved views", []fastresnet.Option{fastresnet.WithDataset(blank(8, 1), nil), fastresnet.WithBatchSize(4),
			fastresnet.WithTestViews(fastresnet.SixViews)}, []string{`views "six" of images of 8x1x3`, "need 2x2 at least"}},
		{"no architecture", []fastresnet.Option{fastresnet.WithBatchSize(4), fastresnet.WithArchitecture(nil)}, []string{"need a layers.Design or a layers.Network"}},
		{"a pointer for an architecture", []fastresnet.Option{fastresnet.WithBatchSize(4), fastresnet.WithArchitecture(&layers.Network{})}, []string{"*layers.Network"}},
		{"a network and a design", []fastresnet.Option{fastresnet.WithRecipe(both), fastresnet.WithBatchSize(4)}, []string{"a design, \"resnet9\", and a network, \"own\""}},
		{"a network for other classes", []fastresnet.Option{fastresnet.WithBatchSize(4),
			fastresnet.WithArchitecture(threeClasses)}, []string{"3 classes", "10"}},
		{"a variable by another's name in files", []fastresnet.Option{fastresnet.WithBatchSize(4),
			fastresnet.WithArchitecture(lastStep)}, []string{`named "conv/weight" and "last/conv/weight"`}},
		{"a network's name that files refuse", []fastresnet.Option{fastresnet.WithBatchSize(4),
			fastresnet.WithArchitecture(longName)}, []string{"in a model's file: name: more than 65536 bytes"}},
		{"test set of another shape", []fastresnet.Option{fastresnet.WithDataset(train, grey), fastresnet.WithBatchSize(4)}, []string{"8x8x1"}},
		{"test set alone", []fastresnet.Option{fastresnet.WithDataset(nil, train)}, []string{"training set is nil"}},
		{"no device", []fastresnet.Option{fastresnet.WithDevices(0)}, []string{"0 devices"}},
		{"a loss every -1 steps", []fastresnet.Option{fastresnet.WithLossEvery(-1)}, []string{"a loss every -1 steps"}},
		{"a test after every 0 epochs", []fastresnet.Option{fastresnet.WithTestEvery(0)}, []string{"a test every 0 epochs, need at least 1"}},
		{"less than no step per dispatch", []fastresnet.Option{fastresnet.WithStepsPerDispatch(-1)}, []string{"-1 steps per dispatch"}},
		{"devices that do not divide the batch", []fastresnet.Option{fastresnet.WithBatchSize(16), fastresnet.WithDevices(3)}, []string{"batch size 16", "3 devices"}},
		{"bfloat16 in pure Go", []fastresnet.Option{fastresnet.WithBatchSize(4), fastresnet.WithBackend("go"),
			fastresnet.WithPrecision(fastresnet.BFloat16)}, []string{"bfloat16", "pure-Go"}},
		{"more parameters than memory", []fastresnet.Option{fastresnet.WithBatchSize(4), fastresnet.WithWidth(1000)}, []string{"1602177000 parameters"}},
		{"a width that overflows", []fastresnet.Option{fastresnet.WithBatchSize(4), fastresnet.WithWidth(math.MaxInt / 8)}, []string{fmt.Sprintf("width %d, need 1 to 65536", math.MaxInt/8)}},
		{"peak rate beyond float32", []fastresnet.Option{fastresnet.WithPeakRate(math.Inf(1))}, []string{"peak learning rate +Inf"}},
		{"a rate beyond float32", []fastresnet.Option{fastresnet.WithSchedule(schedule.Constant(1e39))}, []string{"a rate of 1e+39"}},
		{"a group's rates beyond float32", []fastresnet.Option{fastresnet.WithRecipe(vast)}, []string{"group 0: invalid option: the schedule has a rate of 1e+39", "group 1: rate factor 1e+30 of a rate of 1e+30"}},
		{"other class names", []fastresnet.Option{fastresnet.WithBatchSize(4), fastresnet.WithDataset(train, renamed(t, train))}, []string{"disc", "other"}},
		{"problems with the data are among all problems", []fastresnet.Option{fastresnet.WithEpochs(-2), fastresnet.WithBatchSize(1000),
			fastresnet.WithAugmentations(data.Crop{Pad: 40}), fastresnet.WithArchitecture(layers.Design{Name: "vgg"})}, []string{"-2 epochs", "batch size 1000", "crop 40", "vgg"}},
		{"more epochs than a file holds", []fastresnet.Option{fastresnet.WithBatchSize(4), fastresnet.WithEpochs(30_001)}, []string{"30001 epochs, need 0 to 30000"}},
		{"label smoothing of everything", []fastresnet.Option{fastresnet.WithLabelSmoothing(1)}, []string{"label smoothing 1"}},
		{"averaging that never moves", []fastresnet.Option{fastresnet.WithAveraging(fastresnet.Averaging{Every: 1, Decay: 1})}, []string{"averaging decay 1"}},
		{"a power of an average that is none", []fastresnet.Option{fastresnet.WithAveraging(fastresnet.Averaging{Power: 3})}, []string{"every 0 steps, which is none"}},
		{"a power of an average", []fastresnet.Option{fastresnet.WithAveraging(fastresnet.Averaging{Every: 1, Power: math.Inf(1)})}, []string{"averaging power +Inf"}},
		{"ghost groups that do not divide the batch", []fastresnet.Option{fastresnet.WithRecipe(ghost), fastresnet.WithBatchSize(20)}, []string{"batch size 20", "16 groups"}},
		{"ghost groups and incomplete batches", []fastresnet.Option{fastresnet.WithRecipe(ghost), fastresnet.WithBatchSize(16),
			fastresnet.WithIncompleteBatches(true)}, []string{"incomplete", "16 groups"}},
		{"what a recipe alone can set", []fastresnet.Option{fastresnet.WithRecipe(bad)}, []string{"group 0: rate factor -1", "group 0: weight decay NaN",
			"every -5 steps", "averaging decay 1", "sideways", "slowly", "published accuracy NaN"}},
		{"a design that cannot be", []fastresnet.Option{fastresnet.WithBatchSize(4), fastresnet.WithArchitecture(layers.Design{Name: "x", Width: 1,
			Activation: layers.Activation{Kind: "tanh"}})}, []string{`design "x"`, "tanh"}},
		{"all problems at once", []fastresnet.Option{fastresnet.WithWidth(0), fastresnet.WithBatchSize(-3), fastresnet.WithEpochs(-2),
			fastresnet.WithPrecision("half")}, []string{"width 0", "batch size -3", "-2 epochs", "half"}},
	}
	for _, tt := range tests {
		t.Run(tt.label, func(t *testing.T) {
			opts := append([]fastresnet.Option{fastresnet.WithDataset(train, nil)}, tt.opts...)
			result, err := fastresnet.Train(context.Background(), opts...)
			if result != nil || !errors.Is(err, fastresnet.ErrOption) {
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

// One mistake is one complaint: a batch size that cannot be leaves the schedule that the epochs stretch alone.
func TestOneMistakeIsOneProblem(t *testing.T) {
	for _, tt := range []struct {
		opts []fastresnet.Option
		want string
	}{
		{[]fastresnet.Option{fastresnet.WithBatchSize(0), fastresnet.WithEpochs(3)}, "invalid option: batch size 0, need at least 1"},
		{[]fastresnet.Option{fastresnet.WithBatchSize(20), fastresnet.WithEpochs(0)}, "invalid option: 0 epochs, need at least 1"},
		{[]fastresnet.Option{fastresnet.WithBatchSize(20), fastresnet.WithArchitecture(layers.Design{Name: "x", Width: 1, Activation: layers.Activation{Kind: "celu"}})},
			`invalid option: layers: invalid network: design "x": activation "celu": alpha 0, need a positive float32`},
		{[]fastresnet.Option{fastresnet.WithBatchSize(20), fastresnet.WithSchedule(schedule.Constant(1e39))}, "invalid option: the schedule has a rate of 1e+39, need a float32"},
		{[]fastresnet.Option{fastresnet.WithBatchSize(512)}, "invalid option: batch size 512 is larger than the training set of 20 images: WithBatchSize takes 1 to 20"},
		{[]fastresnet.Option{fastresnet.WithBatchSize(20), fastresnet.WithBestWeights()}, "invalid option: WithTargetAccuracy, WithEarlyStop and WithBestWeights need a test set"},
	} {
		_, err := fastresnet.Train(context.Background(), append(tt.opts, fastresnet.WithDataset(synthetic(t, 20, 1), nil))...)
		if err == nil || err.Error() != tt.want {
			t.Errorf("error %q, want %q", err, tt.want)
		}
	}
}

// An option is what it was given when it was made, whatever becomes of that before a run takes it.
func TestOptionsAreValues(t *testing.T) {
	set := synthetic(t, 32, 1)
	recipeOf := func(t *testing.T, o fastresnet.Option) fastresnet.Recipe {
		r := finished(t, fastresnet.WithRecipe(tinyRecipe()), fastresnet.WithDataset(set, nil), fastresnet.WithBackend("go"), o)
		r.Model.Close()
		return r.Recipe
	}
	recipe, design, network := tinyRecipe(), layers.ResNet9(), tinyNetwork()
	design.Width = 1
	rates := schedule.Constant(0.01)
	augmentations := []data.Augmentation{data.FlipLR{}, data.Crop{Pad: 2}}
	weights, parts := slices.Repeat([]float64{1}, 10), []string{"conv"}
	for _, tt := range []struct {
		name   string
		option fastresnet.Option
		spoil  func()
	}{
		{"WithRecipe", fastresnet.WithRecipe(recipe), func() {
			recipe.Schedule[0].Rate, recipe.Groups[0].RateFactor, recipe.Network.Layers[0] = 1e9, -1, nil
		}},
		{"WithArchitecture of a design", fastresnet.WithArchitecture(design), func() { design.Stages[0] = layers.Stage{} }},
		{"WithArchitecture of a network", fastresnet.WithArchitecture(network), func() { network.Layers[0] = nil }},
		{"WithSchedule", fastresnet.WithSchedule(rates), func() { rates[0].Rate = 1e9 }},
		{"WithAugmentations", fastresnet.WithAugmentations(augmentations...), func() { augmentations[0] = nil }},
		{"WithClassWeights", fastresnet.WithClassWeights(weights...), func() { weights[0] = -1 }},
		{"WithFrozen", fastresnet.WithFrozen(parts...), func() { parts[0] = "nothing" }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			want := recipeOf(t, tt.option)
			tt.spoil()
			if diff := cmp.Diff(want, recipeOf(t, tt.option)); diff != "" {
				t.Errorf("the recipe (-before +after its value was changed):\n%s", diff)
			}
		})
	}
}

// tinyRecipe is one epoch of a network that takes no time.
func tinyRecipe() fastresnet.Recipe {
	r, network := fastresnet.ResNet9Epochs24(), tinyNetwork()
	r.Design, r.Network, r.BatchSize, r.Epochs = layers.Design{}, &network, 16, 1
	r.Schedule = schedule.Constant(0.01)
	r.Groups = []fastresnet.VariableGroup{{Variables: layers.KindBiases, Optimizer: fastresnet.SGD{}, RateFactor: 2}}
	return r
}

// Of two options that set the same thing the later one counts, if the first one cannot be, too.
func TestLaterOptionsCount(t *testing.T) {
	set := synthetic(t, 32, 1)
	model := finished(t, fastresnet.WithRecipe(tinyRecipe()), fastresnet.WithDataset(set, nil), fastresnet.WithBackend("go")).Model
	defer model.Close()
	nothing := fastresnet.WithArchitecture(nil)
	for _, tt := range []struct {
		name          string
		first, second fastresnet.Option
		refused       bool
	}{
		{"no architecture, and one", nothing, fastresnet.WithArchitecture(tinyNetwork()), false},
		{"an architecture, and none", fastresnet.WithArchitecture(tinyNetwork()), nothing, true},
		{"none twice", nothing, nothing, true},
		{"no model, and one", fastresnet.WithInitialModel(nil), fastresnet.WithInitialModel(model), false},
		{"a model, and none", fastresnet.WithInitialModel(model), fastresnet.WithInitialModel(nil), true},
		{"epochs", fastresnet.WithEpochs(-1), fastresnet.WithEpochs(1), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, err := fastresnet.Train(context.Background(), fastresnet.WithRecipe(tinyRecipe()), fastresnet.WithDataset(set, nil),
				fastresnet.WithBackend("go"), tt.first, tt.second)
			if errors.Is(err, fastresnet.ErrOption) != tt.refused || err != nil && !tt.refused {
				t.Errorf("error %v, want ErrOption: %t", err, tt.refused)
			}
			if r != nil {
				r.Model.Close()
			}
		})
	}
}

// Of two loggers the later one counts, and nil is one that writes nothing.
func TestLaterLoggerCounts(t *testing.T) {
	for name, silent := range map[string]bool{"nil after a logger": true, "nil before a logger": false} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			opts := []fastresnet.Option{fastresnet.WithLogger(slog.New(slog.NewTextHandler(&log, nil))), fastresnet.WithLogger(nil)}
			if !silent {
				slices.Reverse(opts)
			}
			train(t, synthetic(t, 16, 1), append(opts, fastresnet.WithArchitecture(tinyNetwork()), fastresnet.WithEpochs(1))...)
			if (log.Len() == 0) != silent {
				t.Errorf("the log is %q", log.String())
			}
		})
	}
}

func TestMissingDataIsAnError(t *testing.T) {
	t.Setenv("FASTRESNET_DATA", t.TempDir())
	if _, err := fastresnet.Train(context.Background()); !errors.Is(err, data.ErrNotFound) {
		t.Errorf("error %v, want data.ErrNotFound", err)
	}
}

func TestUnknownBackendIsAnError(t *testing.T) {
	_, err := fastresnet.Train(context.Background(), fastresnet.WithDataset(synthetic(t, 20, 1), nil),
		fastresnet.WithBatchSize(4), fastresnet.WithBackend("nonsense"))
	if !errors.Is(err, fastresnet.ErrBackend) {
		t.Errorf("error %v, want ErrBackend", err)
	}
}
