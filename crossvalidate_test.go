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

	// Options are judged by the recipe for the parts.
	own := renamed(t, set)
	epochs := float64(fastresnet.RecipeFor(own).Epochs)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	_, err = fastresnet.CrossValidate(ctx, own, 3, fastresnet.WithBackend("go"), fastresnet.WithWidth(4), fastresnet.WithSchedule(schedule.OneCycle(0.05, epochs/5, epochs)),
		fastresnet.WithProgress(fastresnet.Observer{Start: func(*fastresnet.Result) { cancel() }}))
	if !errors.Is(err, context.Canceled) || !strings.HasPrefix(err.Error(), "part 1 of 3: ") {
		t.Errorf("with a schedule for the recipe of the set: %v, want context.Canceled once it has started", err)
	}
}

// What does not fit is said before anything is trained, all of it at once.
func TestCrossValidateRefuses(t *testing.T) {
	set := synthetic(t, 30, 1)
	const takesNo, untested = "invalid option: CrossValidate does not take ", ": parts are trained without a test set"
	for _, tt := range []struct {
		name string
		set  *data.Dataset
		k    int
		opts []fastresnet.Option
		want []string // lines
	}{
		{"a set", set, 3, []fastresnet.Option{fastresnet.WithDataset(set, nil)}, []string{takesNo + "WithDataset: each part has sets of its own"}},
		{"tests that there are none of", set, 3, []fastresnet.Option{fastresnet.WithTestEvery(2)}, []string{takesNo + "WithTestEvery" + untested}},
		{"all that is wrong", nil, 5,
			[]fastresnet.Option{fastresnet.WithDataset(set, nil), fastresnet.WithCheckpoint(t.TempDir(), 0), fastresnet.WithResume(),
				fastresnet.WithTargetAccuracy(0.5), fastresnet.WithEarlyStop(2), fastresnet.WithBestWeights()},
			[]string{takesNo + "WithDataset: each part has sets of its own", takesNo + "WithCheckpoint: a folder is for one run", takesNo + "WithResume: there are no checkpoints",
				takesNo + "WithTargetAccuracy" + untested, takesNo + "WithEarlyStop" + untested, takesNo + "WithBestWeights" + untested,
				"invalid data: the set is empty"}},
		{"what Train would refuse", set, 3, []fastresnet.Option{fastresnet.WithBestWeights(), fastresnet.WithBatchSize(21), fastresnet.WithLayerDecay(2)},
			[]string{takesNo + "WithBestWeights" + untested, "invalid option: layer decay 2, need 0 (for 1) to 1",
				"invalid option: batch size 21 is larger than the training set of 20 images: WithBatchSize takes 1 to 20"}},
		{"a set without parts", set, 1, nil, []string{"invalid data: 1 folds of 30 images: need 2 to 30"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			started := fastresnet.WithProgress(fastresnet.Observer{Start: func(*fastresnet.Result) { t.Error("a run has started") }})
			_, err := fastresnet.CrossValidate(context.Background(), tt.set, tt.k, append([]fastresnet.Option{fastresnet.WithBackend("go"), started}, tt.opts...)...)
			if err == nil {
				t.Fatal("no error")
			}
			if diff := gocmp.Diff(tt.want, strings.Split(err.Error(), "\n")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if len(tt.opts) > 0 && !errors.Is(err, fastresnet.ErrOption) || tt.k != 3 && !errors.Is(err, data.ErrFormat) {
				t.Errorf("%v wraps none of the sentinels", err)
			}
		})
	}
}

// What the runs warn of is said with the part, and once if all do; and which classes not every part can be tested on.
func TestCrossValidationWarns(t *testing.T) {
	shape := data.Shape{Height: 32, Width: 32, Channels: 3}
	set := func(counts ...int) *data.Dataset {
		var labels []int
		for class, n := range counts {
			labels = append(labels, slices.Repeat([]int{class}, n)...)
		}
		classes := strings.Split("abcdefghij", "") // of the network
		set, err := data.New(make([]uint8, len(labels)*shape.Size()), shape, labels, classes)
		if err != nil {
			t.Fatal(err)
		}
		return set
	}
	const still = "the learning rate is 0 in every step, and so nothing is learnt"
	lacks := func(part, classes string) string { return part + "the training set has no images of " + classes }
	resting := fastresnet.WithSchedule(schedule.Constant(0))
	for _, tt := range []struct {
		name   string
		set    *data.Dataset
		k      int
		option fastresnet.Option
		want   []string
	}{
		{"none", set(3, 3, 3, 3, 3, 3, 3, 3, 3, 3), 3, nil, nil},
		{"of every part", set(2, 2, 2, 2, 2, 2, 2, 2, 2, 2), 2, resting, []string{still}},
		{"a class without images", set(2, 2, 2, 2, 2, 2, 2, 2, 2), 2, nil, []string{lacks("", `1 of its 10 classes: "j"`)}},
		{"a class of one image, and one of two", set(3, 3, 3, 3, 3, 3, 3, 3, 1, 2), 3, resting, []string{
			`some classes have fewer images than there are parts, 3, so that not all parts test them: "i" (1), "j" (2)`,
			lacks("part 1 of 3: ", `1 of its 10 classes: "i"`), still}},
		{"of several parts", set(4, 4, 4, 4, 4, 4, 4, 4, 1, 1), 4, nil, []string{
			`some classes have fewer images than there are parts, 4, so that not all parts test them: "i" (1), "j" (1)`,
			lacks("part 1 of 4: ", `1 of its 10 classes: "i"`), lacks("part 2 of 4: ", `1 of its 10 classes: "j"`)}},
		{"a rare class", set(100, 101, 99, 102, 98, 100, 100, 100, 100, 7), 5, fastresnet.WithBatchSize(400), []string{
			`the training set has very few images of some classes, where the largest has 102: "j" (7). ` +
				"More of them help the most, then WithClassWeights or Dataset.Balance"}},
		{"each part one image", set(1, 1, 2), 4, nil, []string{
			lacks("part 1 of 4: ", `8 of its 10 classes: "a", "d", "e", "f", "g", and 3 more`),
			lacks("part 2 of 4: ", `8 of its 10 classes: "b", "d", "e", "f", "g", and 3 more`),
			lacks("parts 3, 4 of 4: ", `7 of its 10 classes: "d", "e", "f", "g", "h", and 2 more`)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v, err := fastresnet.CrossValidate(context.Background(), tt.set, tt.k, fastresnet.WithBackend("go"), fastresnet.WithArchitecture(tinyNetwork()),
				fastresnet.WithBatchSize(2), fastresnet.WithEpochs(1), fastresnet.WithSchedule(schedule.Constant(0.01)), tt.option)
			if err != nil {
				t.Fatal(err)
			}
			if diff := gocmp.Diff(tt.want, v.Warnings); diff != "" {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCrossValidationPrints(t *testing.T) {
	v := func(done, parts int) fastresnet.CrossValidation {
		return fastresnet.CrossValidation{Evaluations: make([]fastresnet.Evaluation, done), Mean: 0.9321, Deviation: 0.008, Parts: parts}
	}
	for want, v := range map[string]fastresnet.CrossValidation{
		"93.2 % ± 0.8 % (5 parts)": v(5, 5), "93.2 % ± 0.8 % (2 of 5 parts)": v(2, 5), "93.2 % (1 of 5 parts)": v(1, 5),
		"no part evaluated": v(0, 5),
	} {
		if got := v.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

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
		n := float64(len(folds[part].Indices))
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
				if diff := gocmp.Diff(fastresnet.CrossValidation{Parts: 3}, v, gocmp.AllowUnexported(fastresnet.Evaluation{})); diff != "" {
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
