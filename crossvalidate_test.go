package fastresnet_test

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/schedule"
	gocmp "github.com/google/go-cmp/cmp"
)

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

// partsOf are the options of a small run on parts of 91 images, of which there are 31, 30 and 30.
func partsOf(t *testing.T, extra ...fastresnet.Option) (set *data.Dataset, options []fastresnet.Option) {
	return synthetic(t, 91, 1), append([]fastresnet.Option{fastresnet.WithBackend("go"), fastresnet.WithArchitecture(tinyNetwork()),
		fastresnet.WithBatchSize(20), fastresnet.WithEpochs(2)}, extra...)
}

// checkPooled fails unless what a cross-validation says of all its parts is what it says of each of them.
func checkPooled(t *testing.T, v fastresnet.CrossValidation, set *data.Dataset) {
	t.Helper()
	folds, err := set.Folds(3, 1)
	if err != nil {
		t.Fatal(err)
	}
	images, loss, right, mean := 0., 0., 0., 0.
	confusion := make([][]int, len(set.Classes()))
	for class := range confusion {
		confusion[class] = make([]int, len(confusion))
	}
	var verdicts []fastresnet.Verdict
	for part, e := range v.Evaluations {
		n := float64(folds[part].Test.Len())
		images, loss, right, mean = images+n, loss+n*e.Loss, right+n*e.Accuracy, mean+e.Accuracy/float64(len(v.Evaluations))
		for class, counts := range e.Confusion() {
			for taken, n := range counts {
				confusion[class][taken] += n
			}
		}
		for _, verdict := range e.Mistakes(set.Len()) {
			verdict.Image = folds[part].Indices[verdict.Image]
			verdicts = append(verdicts, verdict)
		}
	}
	byImage := func(a, b fastresnet.Verdict) int { return cmp.Compare(a.Image, b.Image) }
	slices.SortFunc(verdicts, byImage)
	got := v.Pooled.Suspicious(set.Len())
	slices.SortFunc(got, byImage)
	if diff := gocmp.Diff(verdicts, got); diff != "" {
		t.Errorf("mistakes (-of the parts +of all):\n%s", diff)
	}
	for _, verdict := range got {
		if label := set.Classes()[set.Label(verdict.Image)]; verdict.Label != label {
			t.Errorf("image %d is a %s: %+v", verdict.Image, label, verdict)
		}
	}
	if diff := gocmp.Diff(confusion, v.Pooled.Confusion()); diff != "" {
		t.Errorf("confusion (-of the parts +of all):\n%s", diff)
	}
	near := func(a, b float64) bool { return math.Abs(a-b) < 1e-9 }
	if p := v.Pooled; !near(p.Loss, loss/images) || !near(p.Accuracy, right/images) || p.AnsweredAccuracy != p.Accuracy || !near(v.Mean, mean) {
		t.Errorf("loss %g, accuracy %g and %g, mean %g; want %g, %g and %g", p.Loss, p.Accuracy, p.AnsweredAccuracy, v.Mean, loss/images, right/images, mean)
	}
}

// All parts together are the whole set, image by image; with an error there is what came to its end before.
func TestCrossValidatePooled(t *testing.T) {
	set, options := partsOf(t)
	whole, err := fastresnet.CrossValidate(context.Background(), set, 3, options...)
	if err != nil {
		t.Fatal(err)
	}
	checkPooled(t, whole, set)
	images := 0
	for _, f := range whole.Pooled.PerClass() {
		images += f.Images
	}
	if images != set.Len() {
		t.Errorf("%d images in all, want %d", images, set.Len())
	}
	for _, tt := range []struct {
		name  string
		parts int // that come to their end
		ends  func(cancel func())
		err   error
		says  string
	}{
		{"cancelled in the first part", 0, func(cancel func()) { cancel() }, context.Canceled, "part 1 of 3: training ended in epoch 1 of 2"},
		{"in the second", 1, func(cancel func()) { cancel() }, context.Canceled, "part 2 of 3: "},
		{"in the last", 2, func(cancel func()) { cancel() }, context.Canceled, "part 3 of 3: "},
		{"failed in the last", 2, func(func()) { panic("the observer") }, fastresnet.ErrInternal, "part 3 of 3: "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			runs := 0
			set, options := partsOf(t, fastresnet.WithProgress(fastresnet.Observer{
				Start: func(*fastresnet.Result) { runs++ },
				Step: func(fastresnet.Progress) {
					if runs == tt.parts+1 {
						tt.ends(cancel)
					}
				},
			}))
			v, err := fastresnet.CrossValidate(ctx, set, 3, options...)
			if !errors.Is(err, tt.err) || !strings.HasPrefix(err.Error(), tt.says) {
				t.Errorf("error %v, want %v that says %q", err, tt.err, tt.says)
			}
			if len(v.Evaluations) != tt.parts {
				t.Fatalf("%d parts, want %d", len(v.Evaluations), tt.parts)
			}
			if tt.parts == 0 {
				if diff := gocmp.Diff(fastresnet.CrossValidation{}, v, gocmp.AllowUnexported(fastresnet.Evaluation{})); diff != "" {
					t.Errorf("without a part (-want +got):\n%s", diff)
				}
				return
			}
			if diff := gocmp.Diff(whole.Evaluations[:tt.parts], v.Evaluations, gocmp.AllowUnexported(fastresnet.Evaluation{})); diff != "" {
				t.Errorf("evaluations (-of the whole +got):\n%s", diff)
			}
			checkPooled(t, v, set)
			if (v.Deviation == 0) != (tt.parts == 1) || math.IsNaN(v.Deviation) {
				t.Errorf("the deviation of %d parts is %g", tt.parts, v.Deviation)
			}
		})
	}
}
