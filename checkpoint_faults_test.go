package fastresnet_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/schedule"
	"github.com/google/go-cmp/cmp"
)

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

func (f forgetful) Train(ctx context.Context, cfg engine.Config, train *data.Dataset, sizes []int) (engine.Stepper, error) {
	steps, err := f.Backend.Train(ctx, cfg, train, sizes)
	return forgetfulSteps{steps, f.err}, err
}

type forgetfulSteps struct {
	engine.Stepper
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
