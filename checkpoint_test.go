package fastresnet_test

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/schedule"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// interrupted are the options of a small run that uses all that a checkpoint holds: averages, an incomplete batch.
func interrupted(t testing.TB, extra ...fastresnet.Option) []fastresnet.Option {
	return append([]fastresnet.Option{
		fastresnet.WithDataset(synthetic(t, 110, 1), synthetic(t, 40, 2)), fastresnet.WithBackend("go"), fastresnet.WithWidth(4),
		fastresnet.WithBatchSize(32), fastresnet.WithEpochs(4), fastresnet.WithIncompleteBatches(true),
		fastresnet.WithAveraging(fastresnet.Averaging{Every: 3, Decay: 0.5}),
	}, extra...)
}

// outcome is what a run and one that was resumed have in common.
type outcome struct {
	Epochs []fastresnet.Epoch
	Logits []fastresnet.Prediction
}

func outcomeOf(t *testing.T, r *fastresnet.Result) outcome {
	t.Helper()
	defer r.Model.Close()
	predictions, err := r.Model.PredictDataset(context.Background(), synthetic(t, 20, 3))
	if err != nil {
		t.Fatal(err)
	}
	return outcome{r.Epochs, predictions}
}

var noTimes = cmpopts.IgnoreFields(fastresnet.Epoch{}, "TrainTime", "TotalTime")

func finished(t *testing.T, opts ...fastresnet.Option) *fastresnet.Result {
	t.Helper()
	r, err := fastresnet.Train(context.Background(), opts...)
	if err != nil {
		t.Fatalf("%+v", err)
	}
	return r
}

// stopAfter cancels a run after so many steps in all.
func stopAfter(steps int, cancel func()) fastresnet.Option {
	taken := 0
	return fastresnet.WithProgress(fastresnet.Observer{Step: func(fastresnet.Progress) {
		if taken++; taken == steps {
			cancel()
		}
	}})
}

// checkpointsIn are the names of all files but the lock's.
func checkpointsIn(t *testing.T, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if e.Name() != ".checkpoint.lock" && e.Name() != ".checkpoint.owner" {
			names = append(names, e.Name())
		}
	}
	return names
}

// A run that is cancelled again and again, in mid-epoch, between epochs and while it tests, is in the end the run that
// was not, to the bit; its times add up.
func TestCancelledRunsResume(t *testing.T) {
	t.Run("averages", func(t *testing.T) { cancelledRunsResume(t, interrupted(t)) })
	t.Run("lookahead", func(t *testing.T) {
		cancelledRunsResume(t, interrupted(t, fastresnet.WithAveraging(fastresnet.Averaging{Every: 3, Decay: 0.5, Power: 2, Lookahead: true})))
	})
}

func cancelledRunsResume(t *testing.T, options []fastresnet.Option) {
	want := outcomeOf(t, finished(t, options...))
	folder := filepath.Join(t.TempDir(), "new", "folder")
	options = append(options, fastresnet.WithCheckpoint(folder, 2), fastresnet.WithResume())
	var before time.Duration
	for _, steps := range []int{1, 2, 4, 1, 3} { // of 16 in all, 4 an epoch
		ctx, cancel := context.WithCancel(context.Background())
		r, err := fastresnet.Train(ctx, append(options, stopAfter(steps, cancel))...)
		cancel()
		if !errors.Is(err, context.Canceled) || r == nil {
			t.Fatalf("Train = %v, %v; want a result and %v", r, err, context.Canceled)
		}
		files := checkpointsIn(t, folder)
		if last := filepath.Join(folder, files[len(files)-1]); !strings.HasSuffix(err.Error(), ": context canceled; the checkpoint is "+last) {
			t.Errorf("error %q, want the checkpoint %s in it", err, last)
		}
		// What writing the last checkpoint takes is not in it, and so the total of the next run may be less than this one's.
		if now := r.Timing; now.Train <= before || now.Total <= now.Train {
			t.Errorf("training for %v, %v in all, after training for %v before", now.Train, now.Total, before)
		}
		before = r.Timing.Train
		r.Model.Close()
	}
	if got := checkpointsIn(t, folder); len(got) != 2 {
		t.Errorf("files %q, want the last two checkpoints", got)
	}
	r := finished(t, options...)
	if diff := cmp.Diff(want, outcomeOf(t, r), noTimes); diff != "" {
		t.Errorf("(-uninterrupted +resumed):\n%s", diff)
	}
	var train time.Duration
	for _, e := range r.Epochs {
		train += e.TrainTime
	}
	if train != r.Timing.Train {
		t.Errorf("the epochs trained for %v, the run for %v", train, r.Timing.Train)
	}

	steps := 0
	again := finished(t, append(options, fastresnet.WithProgress(fastresnet.Observer{Step: func(fastresnet.Progress) { steps++ }}))...)
	if diff := cmp.Diff(want, outcomeOf(t, again), noTimes); diff != "" || steps > 0 {
		t.Errorf("%d steps after the end (-uninterrupted +resumed):\n%s", steps, diff)
	}
}

// An epoch that has begun is trained and tested before a target that was reached in an earlier one ends the run: the model
// has its weights already.
func TestResumedWithinAnEpochThenEnded(t *testing.T) {
	for name, ends := range map[string]fastresnet.Option{"target": fastresnet.WithTargetAccuracy(1e-9), "no improvement": fastresnet.WithEarlyStop(1)} {
		t.Run(name, func(t *testing.T) {
			options := interrupted(t, fastresnet.WithCheckpoint(t.TempDir(), 1), fastresnet.WithResume(), fastresnet.WithSchedule(schedule.Constant(0)))
			ctx, cancel := context.WithCancel(context.Background())
			stopped, err := fastresnet.Train(ctx, append(options, stopAfter(10, cancel))...) // of 4 an epoch
			cancel()
			if !errors.Is(err, context.Canceled) {
				t.Fatalf("Train = %v", err)
			}
			stopped.Model.Close()
			r := finished(t, append(options, ends)...)
			defer r.Model.Close()
			if n := len(r.Epochs); n != 3 || r.Epochs[2].Partial || !r.Epochs[2].Tested || r.Stopped == fastresnet.NotStopped {
				t.Errorf("stopped as %q, the epochs are %+v; want 3, all of them tested", r.Stopped, r.Epochs)
			}
		})
	}
}

// The process is killed 20 times and goes on each time: at random moments, every other time then as soon as a file is
// seen to be written. Its epochs are a single step, so that there are many.
func TestKilledRunsResume(t *testing.T) {
	const kills, epochs = 20, 100
	if os.Getenv("FASTRESNET_TEST_FOLDER") != "" {
		r := finished(t, interrupted(t, fastresnet.WithCheckpoint(os.Getenv("FASTRESNET_TEST_FOLDER"), 1), fastresnet.WithResume(),
			fastresnet.WithEpochs(epochs), fastresnet.WithWidth(8), fastresnet.WithDataset(synthetic(t, 32, 1), synthetic(t, 16, 2)),
			fastresnet.WithProgress(fastresnet.Observer{Start: func(*fastresnet.Result) { fmt.Println("started") }}))...)
		defer r.Model.Close()
		values, last := r.Model.Variables()
		fmt.Printf("outcome %x\n", sha256.Sum256(fmt.Append(nil, values, last))) // the shortest decimals are exact
		return
	}
	if testing.Short() {
		t.Skip("it takes ten seconds")
	}
	start := func(folder string) (*exec.Cmd, *bufio.Scanner) {
		c := exec.Command(os.Args[0], "-test.run=^TestKilledRunsResume$")
		c.Env = append(os.Environ(), "FASTRESNET_TEST_FOLDER="+folder)
		c.Stderr = os.Stderr
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		return c, lines
	}
	outcome := func(folder string) string {
		c, lines := start(folder)
		for lines.Scan() {
			if strings.HasPrefix(lines.Text(), "outcome ") {
				defer c.Wait()
				return lines.Text()
			}
		}
		t.Fatalf("no outcome: %v", c.Wait())
		return ""
	}
	want := outcome(t.TempDir())

	folder := t.TempDir()
	temporary := func() bool {
		files, _ := filepath.Glob(filepath.Join(folder, ".checkpoint-*.tmp"))
		return len(files) > 0
	}
	rng, writing := rand.New(rand.NewPCG(1, 2)), 0
	for kill := range kills {
		c, lines := start(folder)
		for lines.Scan() && lines.Text() != "started" {
		}
		time.Sleep(time.Duration(rng.IntN(100)) * time.Millisecond)
		for limit := time.Now().Add(time.Second); kill%2 == 1 && !temporary() && time.Now().Before(limit); {
		}
		if err := c.Process.Kill(); err != nil {
			t.Logf("kill %d: %v", kill, err)
		}
		c.Wait()
		if temporary() {
			writing++
		}
	}
	t.Logf("%d of %d kills left a file half-written", writing, kills)
	if writing == 0 {
		t.Error("no kill came while a checkpoint was written")
	}
	if got := outcome(folder); got != want {
		t.Error("the run that was killed ended with other weights")
	}
	if temporary() {
		t.Error("half-written files are left over")
	}
}

func TestCheckpointsOfOtherRuns(t *testing.T) {
	folder := t.TempDir()
	first := finished(t, interrupted(t, fastresnet.WithCheckpoint(folder, 1), fastresnet.WithEpochs(1))...)
	first.Model.Close()
	before := checkpointsIn(t, folder)
	resume := fastresnet.WithResume()
	tests := []struct {
		label string
		opts  []fastresnet.Option
		want  []string
	}{
		{"not resumed", nil, []string{"resume it (WithResume)"}},
		{"another recipe", []fastresnet.Option{resume, fastresnet.WithOptimizer(fastresnet.Nesterov{Momentum: 0.8, WeightDecay: 5e-4}), fastresnet.WithEpochs(1)},
			[]string{"another run: recipe.optimizer.nesterov.momentum was 0.9, is 0.8: resume with the options that it had, or use another folder"}},
		{"more epochs", []fastresnet.Option{resume, fastresnet.WithEpochs(2)},
			[]string{"another run: recipe.epochs was 1, is 2; recipe.schedule", "is 2: a run cannot be made longer or shorter", "WithInitialModel"}},
		{"more epochs and another seed", []fastresnet.Option{resume, fastresnet.WithEpochs(2), fastresnet.WithSeed(7)},
			[]string{"recipe.epochs was 1, is 2", ": resume with the options that it had"}},
		{"the best weights", []fastresnet.Option{resume, fastresnet.WithEpochs(1), fastresnet.WithBestWeights()},
			[]string{"choice of weights was the last epoch's, is the best epoch's (WithBestWeights)"}},
		{"other images, another width and seed", []fastresnet.Option{resume, fastresnet.WithEpochs(1), fastresnet.WithWidth(5), fastresnet.WithSeed(7),
			fastresnet.WithDataset(synthetic(t, 110, 9), synthetic(t, 40, 2))},
			[]string{"another run: training set was 110 images of 32x32x3 (sha256 ", "; seed was 1, is 7; recipe.design.width was 4, is 5; network.", "more: resume with"}},
		{"another network and seed", []fastresnet.Option{resume, fastresnet.WithEpochs(1), fastresnet.WithWidth(5), fastresnet.WithSeed(7)},
			[]string{"seed was 1, is 7", "network.layers"}},
		{"other augmentations", []fastresnet.Option{resume, fastresnet.WithEpochs(1), fastresnet.WithAugmentations(data.Crop{Pad: 2})},
			[]string{"augmentation 0 was crop 4, is crop 2", "augmentation 1 was flip left-right, is missing"}},
		{"other images", []fastresnet.Option{resume, fastresnet.WithEpochs(1), fastresnet.WithDataset(synthetic(t, 110, 9), synthetic(t, 40, 2))},
			[]string{"training set was 110 images of 32x32x3 (sha256 ", ", is 110 images of 32x32x3 (sha256 "}},
		{"other classes", []fastresnet.Option{resume, fastresnet.WithEpochs(1), fastresnet.WithDataset(withClass(t, synthetic(t, 110, 1), 2, "a ] b"), withClass(t, synthetic(t, 40, 2), 2, "a ] b"))},
			[]string{`training set was 110 images of 32x32x3 in 10 classes with "square" as number 2 (sha256 `, `, is 110 images of 32x32x3 in 10 classes with "a ] b" as number 2 (sha256 `}},
		{"no test set", []fastresnet.Option{resume, fastresnet.WithEpochs(1), fastresnet.WithDataset(synthetic(t, 110, 1), nil)},
			[]string{"test set was 40 images of 32x32x3 (sha256 ", "is none"}},
	}
	for _, tt := range tests {
		t.Run(tt.label, func(t *testing.T) {
			r, err := fastresnet.Train(context.Background(), interrupted(t, append(tt.opts, fastresnet.WithCheckpoint(folder, 1))...)...)
			if r != nil || !errors.Is(err, fastresnet.ErrCheckpoint) {
				t.Fatalf("Train = %v, %v; want ErrCheckpoint", r, err)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not say %q", err, want)
				}
			}
			if diff := cmp.Diff(before, checkpointsIn(t, folder)); diff != "" {
				t.Errorf("the folder (-before +after):\n%s", diff)
			}
		})
	}
}

// withClass is a set with another name for a class.
func withClass(t *testing.T, set *data.Dataset, class int, name string) *data.Dataset {
	t.Helper()
	classes := set.Classes()
	classes[class] = name
	set, err := data.New(set.Pixels(), set.Shape(), set.Labels(), classes)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestRunsThatStopEarly(t *testing.T) {
	still := schedule.PiecewiseLinear(schedule.Knot{Epoch: 0, Rate: 0})
	tests := map[string]struct {
		option fastresnet.Option
		want   fastresnet.StopReason
		ends   func(epochs []fastresnet.Epoch) bool
	}{
		"at a target that is reached": {fastresnet.WithTargetAccuracy(0.05), fastresnet.TargetReached, func(e []fastresnet.Epoch) bool {
			return e[len(e)-1].TestAccuracy >= 0.05 && !slices.ContainsFunc(e[:len(e)-1], func(e fastresnet.Epoch) bool { return e.TestAccuracy >= 0.05 })
		}},
		"at a target that is not":  {fastresnet.WithTargetAccuracy(1), fastresnet.NotStopped, func(e []fastresnet.Epoch) bool { return len(e) == 6 }},
		"with patience to the end": {fastresnet.WithEarlyStop(6), fastresnet.NotStopped, func(e []fastresnet.Epoch) bool { return len(e) == 6 }},
		"when nothing is learnt":   {fastresnet.WithEarlyStop(2), fastresnet.NoImprovement, func(e []fastresnet.Epoch) bool { return len(e) == 3 }},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			opts := interrupted(t, tt.option, fastresnet.WithEpochs(6))
			if tt.want == fastresnet.NoImprovement || tt.want == fastresnet.NotStopped {
				opts = append(opts, fastresnet.WithSchedule(still))
			}
			folder := t.TempDir()
			opts = append(opts, fastresnet.WithCheckpoint(folder, 1))
			r := finished(t, opts...)
			if r.Stopped != tt.want || !tt.ends(r.Epochs) {
				t.Errorf("stopped %q after %d epochs: %+v", r.Stopped, len(r.Epochs), r.Epochs)
			}
			r.Model.Close()
			again := finished(t, append(opts, fastresnet.WithResume())...)
			defer again.Model.Close()
			if again.Stopped != tt.want || len(again.Epochs) != len(r.Epochs) {
				t.Errorf("resumed: stopped %q after %d epochs, want %q after %d", again.Stopped, len(again.Epochs), tt.want, len(r.Epochs))
			}
		})
	}
}
