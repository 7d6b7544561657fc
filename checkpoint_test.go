package fastresnet_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/internal/testlayers"
	"github.com/fastresnet/fastresnet/layers"
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

// A run of the deepest network, whose layers have the longest paths, resumes.
func TestCheckpointOfTheDeepestBlocks(t *testing.T) {
	n := tinyNetwork()
	n.Layers = slices.Insert(n.Layers, 3, layers.Layer(testlayers.Deepest()))
	options := interrupted(t, fastresnet.WithArchitecture(n), fastresnet.WithEpochs(1), fastresnet.WithCheckpoint(t.TempDir(), 1))
	want := outcomeOf(t, finished(t, options...))
	resumed := finished(t, append(options, fastresnet.WithResume())...)
	if resumed.ResumedFrom == "" {
		t.Error("it began anew")
	}
	if diff := cmp.Diff(want, outcomeOf(t, resumed)); diff != "" {
		t.Errorf("(-first +resumed):\n%s", diff)
	}
}

// described is an augmentation of one's own, known by any text.
type described struct {
	data.FlipLR
	text string
}

func (d described) String() string { return d.text }

// What no checkpoint can hold is said before the first step; many classes are not among that.
func TestRunsThatCheckpointsHold(t *testing.T) {
	classes := make([]string, 10_000)
	for i := range classes {
		classes[i] = fmt.Sprint("class number ", i)
	}
	set, network := synthetic(t, 16, 1), tinyNetwork()
	network.Layers = slices.Concat(network.Layers[:len(network.Layers)-1], []layers.Layer{layers.Linear{Name: "classifier", Out: len(classes)}})
	many, err := data.New(make([]uint8, 16*set.Shape().Size()), set.Shape(), make([]int, 16), classes)
	if err != nil {
		t.Fatal(err)
	}
	long := described{text: strings.Repeat("a", 1<<15)}
	for _, tt := range []struct {
		label   string
		options []fastresnet.Option
		says    string // "" for a run that ends well
	}{
		{"many classes", []fastresnet.Option{fastresnet.WithDataset(many, nil), fastresnet.WithArchitecture(network)}, ""},
		{"a long text", []fastresnet.Option{fastresnet.WithAugmentations(described{text: long.text + long.text + "a"})}, "more than 65536 bytes"},
		{"long texts", []fastresnet.Option{fastresnet.WithAugmentations(slices.Repeat(data.Augmentations{long}, 600)...)}, "a header of"},
	} {
		t.Run(tt.label, func(t *testing.T) {
			steps := 0
			options := append([]fastresnet.Option{fastresnet.WithDataset(set, nil), fastresnet.WithBackend("go"), fastresnet.WithArchitecture(tinyNetwork()),
				fastresnet.WithAugmentations(), fastresnet.WithBatchSize(16), fastresnet.WithEpochs(1), fastresnet.WithCheckpoint(t.TempDir(), 1),
				fastresnet.WithProgress(fastresnet.Observer{Step: func(fastresnet.Progress) { steps++ }})}, tt.options...)
			r, err := fastresnet.Train(context.Background(), options...)
			if tt.says != "" {
				if !errors.Is(err, fastresnet.ErrCheckpoint) || !strings.Contains(err.Error(), tt.says) || steps > 0 {
					t.Errorf("error %v after %d steps, want ErrCheckpoint that says %q before any", err, steps, tt.says)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			r.Model.Close()
			finished(t, append(options, fastresnet.WithResume())...).Model.Close()
		})
	}
}

// The longest run can be resumed, checkpointed and saved, whatever its figures are.
func TestTheMostEpochs(t *testing.T) {
	const most, images, steps = 30_000, 64, 4
	options, _, file := stoppedRun(t, fastresnet.WithEpochs(most))
	epochs := make([]string, most-1)
	for i := range epochs {
		const figure, duration = 1.2345678901234567e-100, 300_000_000_000_000_000
		text, err := json.Marshal(fastresnet.Epoch{Number: i + 1, Rate: figure, TrainLoss: figure, TrainAccuracy: figure, TestLoss: figure, TestAccuracy: figure,
			Tested: true, Images: images, TrainTime: duration, TotalTime: duration})
		if err != nil {
			t.Fatal(err)
		}
		epochs[i] = string(text)
	}
	for pattern, text := range map[string]string{
		`"epochs":\[.*\],"train_ns"`:            `"epochs":[` + strings.Join(epochs, ",") + `],"train_ns"`,
		`"epoch":2,"steps":2,"average_steps":6`: fmt.Sprintf(`"epoch":%d,"steps":2,"average_steps":%d`, most, (most-1)*steps+2),
	} {
		file.Metadata["progress"] = regexp.MustCompile(pattern).ReplaceAllLiteralString(file.Metadata["progress"], text)
	}
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "checkpoint-30000-0000002.safetensors"), bytesOf(t, file), 0o666); err != nil {
		t.Fatal(err)
	}
	r := finished(t, append(options, fastresnet.WithCheckpoint(folder, 1))...)
	defer r.Model.Close()
	if len(r.Epochs) != most {
		t.Errorf("%d epochs, want %d", len(r.Epochs), most)
	}
	if err := r.Model.Write(io.Discard); err != nil {
		t.Error(err)
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
		{"not resumed", nil, []string{"resume it"}},
		{"another recipe", []fastresnet.Option{resume, fastresnet.WithOptimizer(fastresnet.Nesterov{Momentum: 0.8, WeightDecay: 5e-4}), fastresnet.WithEpochs(1)},
			[]string{"recipe.optimizer.nesterov.momentum was 0.9, is 0.8"}},
		{"another network and seed", []fastresnet.Option{resume, fastresnet.WithEpochs(1), fastresnet.WithWidth(5), fastresnet.WithSeed(7)},
			[]string{"seed was 1, is 7", "network.layers"}},
		{"other augmentations", []fastresnet.Option{resume, fastresnet.WithEpochs(1), fastresnet.WithAugmentations(data.Crop{Pad: 2})},
			[]string{"augmentation 0 was crop 4, is crop 2", "augmentation 1 was flip left-right, is missing"}},
		{"other images", []fastresnet.Option{resume, fastresnet.WithEpochs(1), fastresnet.WithDataset(synthetic(t, 110, 9), synthetic(t, 40, 2))},
			[]string{"training set was 110 images of 32x32x3"}},
		{"no test set", []fastresnet.Option{resume, fastresnet.WithEpochs(1), fastresnet.WithDataset(synthetic(t, 110, 1), nil)},
			[]string{"test set was 40 images", "is none"}},
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

// A run whose folder another one is using is refused, which does no harm to the other; when that has ended, the folder
// is free.
func TestOneRunUsesAFolder(t *testing.T) {
	folder := t.TempDir()
	options := interrupted(t, fastresnet.WithCheckpoint(folder, 1), fastresnet.WithResume())
	second := func(fastresnet.Epoch) {
		r, err := fastresnet.Train(context.Background(), options...)
		if r != nil || !errors.Is(err, fastresnet.ErrCheckpoint) || !strings.Contains(err.Error(), "in use by process") {
			t.Errorf("Train = %v, %v; want ErrCheckpoint that says who uses the folder", r, err)
		}
	}
	want := outcomeOf(t, finished(t, interrupted(t)...))
	got := outcomeOf(t, finished(t, append(options, fastresnet.WithProgress(fastresnet.Observer{Epoch: second}))...))
	if diff := cmp.Diff(want, got, noTimes); diff != "" {
		t.Errorf("(-alone +with a second):\n%s", diff)
	}
	r := finished(t, options...)
	if r.ResumedFrom == "" {
		t.Error("the third did not resume")
	}
	r.Model.Close()
}

// A byte that has turned over, anywhere, makes the run fall back on the checkpoint before, and say so.
func TestDamagedCheckpoints(t *testing.T) {
	want := outcomeOf(t, finished(t, interrupted(t, fastresnet.WithEpochs(2))...))
	original := t.TempDir()
	options := func(folder string, extra ...fastresnet.Option) []fastresnet.Option {
		return interrupted(t, append(extra, fastresnet.WithEpochs(2), fastresnet.WithCheckpoint(folder, 1))...)
	}
	finished(t, options(original)...).Model.Close()
	names := checkpointsIn(t, original)
	newest, err := os.ReadFile(filepath.Join(original, names[1]))
	if err != nil {
		t.Fatal(err)
	}
	flipped := func(at int) []byte {
		content := slices.Clone(newest)
		content[at] ^= 0x10
		return content
	}
	tests := map[string][]byte{
		"empty": {}, "cut short": newest[:len(newest)/2], "the first byte": flipped(0), "in the header": flipped(500),
		"a weight": flipped(len(newest) / 2), "the last byte": flipped(len(newest) - 1), "something else": []byte("nothing of the kind, but long enough"),
	}
	for name, content := range tests {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			if err := os.CopyFS(folder, os.DirFS(original)); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(folder, names[1]), content, 0o666); err != nil {
				t.Fatal(err)
			}
			var log bytes.Buffer
			r := finished(t, options(folder, fastresnet.WithResume(), fastresnet.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))...)
			if diff := cmp.Diff(want, outcomeOf(t, r), noTimes); diff != "" {
				t.Errorf("(-uninterrupted +resumed):\n%s", diff)
			}
			if !strings.Contains(log.String(), "checkpoint set aside") || !strings.Contains(log.String(), names[1]) {
				t.Errorf("the log does not tell:\n%s", &log)
			}
			if got, want := checkpointsIn(t, folder), []string{names[0], names[1], names[1] + ".damaged"}; !slices.Equal(got, want) {
				t.Errorf("files %q, want %q", got, want)
			}
		})
	}
	t.Run("all of them", func(t *testing.T) {
		folder := t.TempDir()
		for _, name := range names {
			if err := os.WriteFile(filepath.Join(folder, name), nil, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		r, err := fastresnet.Train(context.Background(), options(folder, fastresnet.WithResume())...)
		if r != nil || !errors.Is(err, fastresnet.ErrCheckpoint) {
			t.Errorf("Train = %v, %v; want ErrCheckpoint", r, err)
		}
	})
}

// A checkpoint that cannot be written ends the run, with what it has, and leaves the earlier ones.
func TestCheckpointsThatCannotBeWritten(t *testing.T) {
	t.Run("from the start", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(file, nil, 0o666); err != nil {
			t.Fatal(err)
		}
		steps := 0
		_, err := fastresnet.Train(context.Background(), interrupted(t, fastresnet.WithCheckpoint(filepath.Join(file, "below"), 1),
			fastresnet.WithProgress(fastresnet.Observer{Step: func(fastresnet.Progress) { steps++ }}))...)
		if !errors.Is(err, fastresnet.ErrCheckpoint) || steps > 0 {
			t.Errorf("error %v after %d steps, want ErrCheckpoint at once", err, steps)
		}
	})
	t.Run("later", func(t *testing.T) {
		folder := filepath.Join(t.TempDir(), "folder")
		r, err := fastresnet.Train(context.Background(), interrupted(t, fastresnet.WithCheckpoint(folder, 1),
			fastresnet.WithProgress(fastresnet.Observer{Epoch: func(e fastresnet.Epoch) {
				if e.Number == 2 {
					if err := os.Rename(folder, folder+" moved"); err != nil {
						t.Error(err)
					}
				}
			}}))...)
		if !errors.Is(err, fastresnet.ErrCheckpoint) || !errors.Is(err, fs.ErrNotExist) || r == nil {
			t.Fatalf("Train = %v, %v; want a result and ErrCheckpoint", r, err)
		}
		defer r.Model.Close()
		if len(r.Epochs) != 3 {
			t.Errorf("%d epochs, want the 3 that were trained", len(r.Epochs))
		}
		if got := checkpointsIn(t, folder+" moved"); len(got) != 2 {
			t.Errorf("files %q, want two checkpoints", got)
		}
	})
}

// panicking is a log that panics.
type panicking struct{ slog.Handler }

func (panicking) Handle(context.Context, slog.Record) error { panic("the log is full") }

// A log that panics while a run looks for its checkpoint does not leave the folder locked.
func TestPanicsUnlockTheFolder(t *testing.T) {
	options := interrupted(t, fastresnet.WithCheckpoint(t.TempDir(), 1), fastresnet.WithEpochs(2))
	finished(t, options...).Model.Close()
	options = append(options, fastresnet.WithResume())
	r := finished(t, options...)
	r.Model.Close()
	if err := os.Truncate(r.ResumedFrom, 100); err != nil { // which is then set aside, and logged
		t.Fatal(err)
	}
	_, err := fastresnet.Train(context.Background(), append(options, fastresnet.WithLogger(slog.New(panicking{slog.NewTextHandler(io.Discard, nil)})))...)
	if !errors.Is(err, fastresnet.ErrInternal) {
		t.Fatalf("error %v, want ErrInternal", err)
	}
	finished(t, options...).Model.Close()
}

// forgetful is the pure-Go engine, whose steps cannot be asked for their state.
type forgetful struct {
	engine.Backend
	err error
}

func (f forgetful) Train(ctx context.Context, cfg engine.Config, train *data.Dataset, sizes []int) (engine.Steps, error) {
	steps, err := f.Backend.Train(ctx, cfg, train, sizes)
	return forgetfulSteps{steps, f.err}, err
}

type forgetfulSteps struct {
	engine.Steps
	err error
}

func (s forgetfulSteps) Snapshot() (engine.Snapshot, error) { return engine.Snapshot{}, s.err }

// A device that does not hand its state over is a checkpoint that cannot be written; that the context has ended is still said.
func TestCheckpointsWithoutState(t *testing.T) {
	engine.Register(func(_, _ string, o engine.Opening) (*engine.Device, error) {
		d, err := engine.Open("go", o)
		if err == nil {
			d.Backend = forgetful{d.Backend, engine.ErrMemory}
		}
		return d, err
	}, "forgetful")
	for _, tt := range []struct {
		label string
		steps int // after which the run is cancelled
		want  []error
	}{
		{"after an epoch", 1000, []error{fastresnet.ErrCheckpoint, fastresnet.ErrMemory}},
		{"when the context ends", 1, []error{fastresnet.ErrCheckpoint, fastresnet.ErrMemory, context.Canceled}},
	} {
		t.Run(tt.label, func(t *testing.T) {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			r, err := fastresnet.Train(ctx, interrupted(t, fastresnet.WithBackend("forgetful"), fastresnet.WithCheckpoint(t.TempDir(), 1), stopAfter(tt.steps, cancel))...)
			if r == nil || len(r.Epochs) != 1 {
				t.Fatalf("Train = %v, %v; want a result of one epoch", r, err)
			}
			r.Model.Close()
			for _, want := range tt.want {
				if !errors.Is(err, want) {
					t.Errorf("error %v, want %v", err, want)
				}
			}
		})
	}
}

// A run goes on when a checkpoint is written and what is left of an older one cannot be removed, and says so.
func TestCheckpointsThatCannotBeRemoved(t *testing.T) {
	folder := t.TempDir()
	const leftover = ".checkpoint-00001-0000001.safetensors-0123456789abcdef.tmp"
	if err := os.MkdirAll(filepath.Join(folder, leftover, "inside"), 0o777); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	r := finished(t, interrupted(t, fastresnet.WithCheckpoint(folder, 1), fastresnet.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))...)
	defer r.Model.Close()
	if n := strings.Count(log.String(), `level=WARN msg="old checkpoints not removed"`); n != len(r.Epochs) {
		t.Errorf("%d warnings in %d epochs:\n%s", n, len(r.Epochs), &log)
	}
	if got := checkpointsIn(t, folder); len(got) != 1+2 {
		t.Errorf("files %q, want the last two checkpoints and %s", got, leftover)
	}
}

func TestDivergedRunsNameTheLastGoodCheckpoint(t *testing.T) {
	folder := t.TempDir()
	exploding := schedule.PiecewiseLinear(schedule.Knot{Epoch: 0, Rate: 0.01}, schedule.Knot{Epoch: 1.5, Rate: 0.01}, schedule.Knot{Epoch: 1.6, Rate: 1e30})
	_, err := fastresnet.Train(context.Background(), interrupted(t, fastresnet.WithCheckpoint(folder, 1),
		fastresnet.WithSchedule(exploding))...)
	var diverged *fastresnet.DivergedError
	if !errors.As(err, &diverged) {
		t.Fatalf("error %v, want a DivergedError", err)
	}
	if names := checkpointsIn(t, folder); len(names) == 0 || diverged.Checkpoint != filepath.Join(folder, names[len(names)-1]) {
		t.Errorf("checkpoint %q, want the last of %q", diverged.Checkpoint, names)
	}
	if diverged.Epoch < 2 || !strings.Contains(err.Error(), diverged.Checkpoint) {
		t.Errorf("error %q in epoch %d does not name %q", err, diverged.Epoch, diverged.Checkpoint)
	}
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
