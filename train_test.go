package fastresnet_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"math"
	"os"
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

// train runs a small training in pure Go, with more options behind.
func train(t *testing.T, set *data.Dataset, opts ...fastresnet.Option) *fastresnet.Result {
	t.Helper()
	all := append([]fastresnet.Option{
		fastresnet.WithDataset(set, set), fastresnet.WithBackend("go"), fastresnet.WithWidth(4),
		fastresnet.WithBatchSize(16), fastresnet.WithEpochs(2), fastresnet.WithPeakRate(0.1),
	}, opts...)
	result, err := fastresnet.Train(context.Background(), all...)
	if err != nil {
		t.Fatalf("%+v", err)
	}
	t.Cleanup(func() {
		if err := result.Model.Close(); err != nil {
			t.Error(err)
		}
	})
	return result
}

// A network that cannot learn 64 images by heart has something wrong with its gradients.
func TestLearnsBatchByHeart(t *testing.T) {
	result := train(t, synthetic(t, 64, 1), fastresnet.WithBackend("go"), fastresnet.WithWidth(8), fastresnet.WithEpochs(30),
		fastresnet.WithPeakRate(0.2), fastresnet.WithAugmentations())
	if accuracy := result.TestAccuracy(); accuracy != 1 {
		t.Errorf("%.1f %% of the training images are right after 30 epochs, want all", 100*accuracy)
	}
}

// A size that pools cannot halve goes all the way: training, saving, loading, exporting.
func TestTrainsOnOddSizes(t *testing.T) {
	set, err := data.New(synthetic(t, 16, 1).Pixels()[:16*28*28], data.Shape{Height: 28, Width: 28, Channels: 1}, []int{0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1}, []string{"a", "b"})
	if err != nil {
		t.Fatal(err)
	}
	testbackend.Each(t, func(t *testing.T, backend string) {
		model := train(t, set, fastresnet.WithBackend(backend)).Model
		want, err := model.PredictDataset(context.Background(), set)
		if err != nil {
			t.Fatal(err)
		}
		var file bytes.Buffer
		if err := errors.Join(model.Write(&file), model.ExportONNX(io.Discard)); err != nil {
			t.Fatal(err)
		}
		again, err := fastresnet.ReadModel(&file, fastresnet.WithBackend(backend))
		if err != nil {
			t.Fatal(err)
		}
		defer again.Close()
		got, err := again.PredictDataset(context.Background(), set)
		if diff := cmp.Diff(want, got, cmpopts.EquateApprox(1e-4, 1e-6)); err != nil || diff != "" {
			t.Errorf("error %v, predictions (-saved +loaded):\n%s", err, diff)
		}
	})
}

func TestLearnsRealImages(t *testing.T) {
	if os.Getenv("FASTRESNET_DATA") == "" {
		t.Skip("FASTRESNET_DATA is not set: no CIFAR-10 to train on")
	}
	trainSet, testSet, err := data.CIFAR10("")
	if err != nil {
		t.Fatal(err)
	}
	testbackend.Each(t, func(t *testing.T, backend string) {
		result, err := fastresnet.Train(context.Background(), fastresnet.WithBackend(backend), fastresnet.WithWidth(8),
			fastresnet.WithBatchSize(64), fastresnet.WithEpochs(3), fastresnet.WithDataset(first(t, trainSet, 1000), first(t, testSet, 500)))
		if err != nil {
			t.Fatal(err)
		}
		defer result.Model.Close()
		// 45 steps: over seeds 0 to 11 the loss ended between 1.95 and 2.05, and accuracy between 23 % and 31 %.
		first, last := result.Epochs[0], result.Epochs[2]
		if last.TrainLoss > 2.15 || last.TrainLoss > first.TrainLoss-0.2 {
			t.Errorf("training loss %.3f after %.3f in the first epoch, want less than 2.15 and falling", last.TrainLoss, first.TrainLoss)
		}
		if last.TestAccuracy < 0.2 {
			t.Errorf("test accuracy %.3f, want twice that of guessing at least", last.TestAccuracy)
		}
	})
}

// Without a data set, a run looks for CIFAR-10.
func TestFindsCIFAR10(t *testing.T) {
	if os.Getenv("FASTRESNET_DATA") == "" {
		t.Skip("FASTRESNET_DATA is not set: no CIFAR-10 to find")
	}
	ctx, cancel := context.WithCancel(context.Background())
	var images [2]int
	_, err := fastresnet.Train(ctx, fastresnet.WithBackend("go"), fastresnet.WithWidth(4),
		fastresnet.WithProgress(fastresnet.Observer{Start: func(r *fastresnet.Result) {
			images = [2]int{r.TrainImages, r.TestImages}
			cancel()
		}}))
	if want := [2]int{50_000, 10_000}; !errors.Is(err, context.Canceled) || images != want {
		t.Errorf("%v images, error %v, want %v and context.Canceled", images, err, want)
	}
	t.Setenv("FASTRESNET_DATA", t.TempDir())
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	if _, err := fastresnet.Train(context.Background()); !errors.Is(err, data.ErrNotFound) || !strings.Contains(err.Error(), "loading CIFAR-10, since no WithDataset") {
		t.Errorf("error %v without the files, want one that says so", err)
	}
}

func TestSameSeedSameHistory(t *testing.T) {
	set := synthetic(t, 48, 1)
	first, second := train(t, set, fastresnet.WithSeed(7)), train(t, set, fastresnet.WithSeed(7))
	sameButTimes := cmpopts.IgnoreFields(fastresnet.Epoch{}, "TrainTime", "TotalTime")
	if diff := cmp.Diff(first.Epochs, second.Epochs, sameButTimes); diff != "" {
		t.Errorf("history (-first +second):\n%s", diff)
	}
	if other := train(t, set, fastresnet.WithSeed(8)); cmp.Equal(first.Epochs, other.Epochs, sameButTimes) {
		t.Error("another seed gave the same history")
	}
}

// Each of these options changes the history; one that does not is not wired through.
func TestOptionsReachTheTraining(t *testing.T) {
	set := synthetic(t, 40, 1)
	base := train(t, set).Epochs
	for label, option := range map[string]fastresnet.Option{
		"momentum":           fastresnet.WithOptimizer(fastresnet.Nesterov{WeightDecay: 5e-4}),
		"weight decay":       fastresnet.WithOptimizer(fastresnet.Nesterov{Momentum: 0.9, WeightDecay: 0.1}),
		"augmentations":      fastresnet.WithAugmentations(),
		"incomplete batches": fastresnet.WithIncompleteBatches(true),
		"width":              fastresnet.WithWidth(2),
		"batch":              fastresnet.WithBatchSize(8),
		"peak rate":          fastresnet.WithPeakRate(0.05),
		"schedule":           fastresnet.WithSchedule(schedule.Constant(0.01)),
		"seed":               fastresnet.WithSeed(2),
		"training set":       fastresnet.WithDataset(first(t, set, 33), set),
		"test set":           fastresnet.WithDataset(set, first(t, set, 9)),
		"label smoothing":    fastresnet.WithLabelSmoothing(0.2),
		"averaging":          fastresnet.WithAveraging(fastresnet.Averaging{Every: 1, Decay: 0.5}),
		"growing average":    fastresnet.WithAveraging(fastresnet.Averaging{Every: 1, Decay: 0.5, Power: 1}),
		"lookahead":          fastresnet.WithAveraging(fastresnet.Averaging{Every: 1, Decay: 0.5, Lookahead: true}),
		"test views":         fastresnet.WithTestViews(fastresnet.FlipTranslateViews),
		"architecture":       fastresnet.WithArchitecture(layers.Dawn()),
		"design":             fastresnet.WithArchitecture(layers.Design{Name: "stem", Width: 4, LogitScale: 0.125}),
		"bias rate": recipe(func(r *fastresnet.Recipe) {
			r.Groups = []fastresnet.VariableGroup{{Variables: layers.KindBiases, Optimizer: r.Optimizer, RateFactor: 8}}
		}),
		"bias decay": recipe(func(r *fastresnet.Recipe) {
			r.Groups = []fastresnet.VariableGroup{{Variables: layers.KindBiases, Optimizer: fastresnet.Nesterov{Momentum: 0.9, WeightDecay: 0.05}}}
		}),
		"loading": recipe(func(r *fastresnet.Recipe) { r.Loading = data.LoadPerImage }),
		"groups": recipe(func(r *fastresnet.Recipe) {
			r.Groups = []fastresnet.VariableGroup{{Variables: layers.KindFilters, Optimizer: fastresnet.Muon{Momentum: 0.6}}}
		}),
		"rate before a step": recipe(func(r *fastresnet.Recipe) { r.RateBeforeStep = true }),
		"constants of norms": recipe(func(r *fastresnet.Recipe) { r.Design.Norm.Epsilon = 1e-2 }),
		"unit classifier":    recipe(func(r *fastresnet.Recipe) { r.Design.UnitClassifier = true }),
		"identity start":     recipe(func(r *fastresnet.Recipe) { r.Design.IdentityStart = true }),
		"network": fastresnet.WithArchitecture(layers.Network{Name: "linear", Input: set.Shape(),
			Layers: []layers.Layer{layers.Linear{Name: "classifier", Out: 10}}}),
	} {
		epochs := train(t, set, option).Epochs
		if cmp.Equal(base, epochs, cmpopts.IgnoreFields(fastresnet.Epoch{}, "TrainTime", "TotalTime")) {
			t.Errorf("%s: the history is the same as without", label)
		}
	}
}

// recipe is the default recipe with a change.
func recipe(change func(*fastresnet.Recipe)) fastresnet.Option {
	r := fastresnet.ResNet9Epochs24()
	change(&r)
	return fastresnet.WithRecipe(r)
}

// The result says which weights the model has, and tests are by those.
func TestResultNamesItsWeights(t *testing.T) {
	set := synthetic(t, 48, 1)
	last := train(t, set)
	if last.Weights != fastresnet.LastWeights {
		t.Errorf("weights are %q, want %q", last.Weights, fastresnet.LastWeights)
	}
	// An average that hardly moves stays at the initial weights, which know nothing.
	averaged := train(t, set, fastresnet.WithAveraging(fastresnet.Averaging{Every: 1, Decay: 0.999999}))
	if averaged.Weights != fastresnet.AveragedWeights {
		t.Errorf("weights are %q, want %q", averaged.Weights, fastresnet.AveragedWeights)
	}
	if a, b := averaged.Epochs[1], last.Epochs[1]; a.TrainLoss != b.TrainLoss || a.TestLoss == b.TestLoss {
		t.Errorf("training loss %g, test loss %g with averaging; %g, %g without; want the training alike and the test not", a.TrainLoss, a.TestLoss, b.TrainLoss, b.TestLoss)
	}
	if loss := averaged.Epochs[1].TestLoss; math.Abs(loss-math.Log(10)) > 0.3 {
		t.Errorf("test loss %g of weights that did not move, want about log 10", loss)
	}
}

func TestModelCannotBeClosedUnderTheTraining(t *testing.T) {
	set := synthetic(t, 20, 1)
	testbackend.Each(t, func(t *testing.T, backend string) {
		_, err := fastresnet.Train(context.Background(), fastresnet.WithDataset(set, nil), fastresnet.WithBackend(backend), fastresnet.WithArchitecture(tinyNetwork()),
			fastresnet.WithBatchSize(10), fastresnet.WithProgress(fastresnet.Observer{Start: func(r *fastresnet.Result) { r.Model.Close() }}))
		if !errors.Is(err, fastresnet.ErrClosed) {
			t.Errorf("error %v, want ErrClosed", err)
		}
	})
}

// The last step of a run has no loss after it that would show what it did to the weights.
func TestDivergenceInTheLastStep(t *testing.T) {
	set := synthetic(t, 20, 1)
	_, err := fastresnet.Train(context.Background(), fastresnet.WithDataset(set, nil), fastresnet.WithBackend("go"), fastresnet.WithWidth(2),
		fastresnet.WithBatchSize(20), fastresnet.WithEpochs(1), fastresnet.WithSchedule(schedule.Constant(math.MaxFloat32)), fastresnet.WithOptimizer(fastresnet.Nesterov{Momentum: 0.9, WeightDecay: 1}))
	var diverged *fastresnet.DivergedError
	if !errors.As(err, &diverged) || diverged.Step != 1 {
		t.Errorf("error %v, want a DivergedError of step 1", err)
	}
}

func TestResultTellsTheRun(t *testing.T) {
	set := synthetic(t, 50, 1)
	var log bytes.Buffer
	var steps []fastresnet.Progress
	var epochs []fastresnet.Epoch
	var started []int // the lengths of the histories that the observer saw
	var untrained fastresnet.Evaluation
	result := train(t, set, fastresnet.WithSeed(3), fastresnet.WithDataset(first(t, set, 40), first(t, set, 10)),
		fastresnet.WithLogger(slog.New(slog.NewTextHandler(&log, nil))),
		fastresnet.WithProgress(fastresnet.Observer{Start: func(r *fastresnet.Result) {
			started = append(started, len(r.Epochs)+len(steps))
			var err error
			if untrained, err = r.Model.Evaluate(context.Background(), set); err != nil {
				t.Error(err)
			}
		}, Step: func(p fastresnet.Progress) { steps = append(steps, p) }, Epoch: func(e fastresnet.Epoch) { epochs = append(epochs, e) }}))

	if result.TrainImages != 40 || result.TestImages != 10 || result.Seed != 3 || result.Backend != "go" || result.Precision != fastresnet.Float32 {
		t.Errorf("result %+v, want 40 and 10 images, seed 3, backend go, float32", result)
	}
	if diff := cmp.Diff([]int{0}, started); diff != "" {
		t.Errorf("epochs and steps before the start (-want +got):\n%s", diff)
	}
	if math.Abs(untrained.Loss-math.Log(10)) > 1 {
		t.Errorf("loss %g before training, want about log 10", untrained.Loss)
	}
	if diff := cmp.Diff(result.Epochs, epochs); diff != "" {
		t.Errorf("the observer's epochs (-result +observer):\n%s", diff)
	}
	if len(result.Epochs) != 2 || result.Epochs[0].Images != 32 || result.Epochs[1].Number != 2 {
		t.Errorf("epochs %+v, want two of 32 images, the incomplete batch dropped", result.Epochs)
	}
	if got := result.Epochs[1].Rate; got != 0 {
		t.Errorf("rate %g at the end, want the schedule's last, 0", got)
	}
	wantSteps := [][2]int{{1, 1}, {1, 2}, {2, 1}, {2, 2}}
	var gotSteps [][2]int
	for _, p := range steps {
		gotSteps = append(gotSteps, [2]int{p.Epoch, p.Step})
	}
	if diff := cmp.Diff(wantSteps, gotSteps); diff != "" {
		t.Errorf("progress (-want +got):\n%s", diff)
	}
	timing := result.Timing
	if timing.Train <= 0 || timing.Total < timing.Train || timing.ImagesPerSecond <= 0 {
		t.Errorf("timing %+v, want training within the total, and a speed", timing)
	}
	if timing.Prepare <= 0 || timing.Compile <= 0 || timing.Prepare+timing.Compile+timing.Train > timing.Total {
		t.Errorf("timing %+v, want preparing and compiling, each within the total beside training", timing)
	}
	if sum := result.Epochs[0].TrainTime + result.Epochs[1].TrainTime; sum != timing.Train {
		t.Errorf("the epochs trained for %v, the run for %v", sum, timing.Train)
	}
	for _, want := range []string{"msg=backend name=go", "msg=epoch number=2"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log does not say %q:\n%s", want, &log)
		}
	}
}

func TestDivergedRunSaysWhere(t *testing.T) {
	set := synthetic(t, 64, 1)
	result, err := fastresnet.Train(context.Background(), fastresnet.WithDataset(set, nil), fastresnet.WithBackend("go"), fastresnet.WithWidth(2),
		fastresnet.WithBatchSize(16), fastresnet.WithEpochs(2), fastresnet.WithPeakRate(1e30))
	var diverged *fastresnet.DivergedError
	if !errors.Is(err, fastresnet.ErrDiverged) || !errors.As(err, &diverged) {
		t.Fatalf("error %v, want a DivergedError", err)
	}
	if diverged.Epoch != 1 || diverged.Step < 2 || diverged.Step > 4 || !(diverged.Rate > 0) {
		t.Errorf("%+v, want a step of the first epoch with its rate", diverged)
	}
	if result == nil || len(result.Epochs) != 1 {
		t.Errorf("result %+v, want the epoch that diverged", result)
	}
}

func TestPanicInObserverIsAnError(t *testing.T) {
	_, err := fastresnet.Train(context.Background(), fastresnet.WithDataset(synthetic(t, 20, 1), nil), fastresnet.WithBatchSize(4),
		fastresnet.WithBackend("go"), fastresnet.WithWidth(2), fastresnet.WithProgress(fastresnet.Observer{Step: func(fastresnet.Progress) { panic("in the observer") }}))
	if err == nil || !strings.Contains(err.Error(), "in the observer") || strings.Contains(err.Error(), "goroutine") {
		t.Errorf("error %v, want one line with what the observer said", err)
	}
}
