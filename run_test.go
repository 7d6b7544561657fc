package fastresnet_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/schedule"
	"github.com/google/go-cmp/cmp"
)

// late is the pure-Go engine, whose training fails when all is compiled. It notes what is closed.
type late struct {
	engine.Backend
	closed *[]string
	fail   func() error
}

func (l late) Train(ctx context.Context, cfg engine.Config, train *data.Dataset, sizes []int) (engine.Stepper, error) {
	steps, err := l.Backend.Train(ctx, cfg, train, sizes)
	return lateSteps{steps, l}, err
}

func (l late) Close() {
	*l.closed = append(*l.closed, "device")
	l.Backend.Close()
}

type lateSteps struct {
	engine.Stepper
	of late
}

func (s lateSteps) Weights() (weights, last engine.Weights, err error) { return nil, nil, s.of.fail() }

func (s lateSteps) Close() {
	*s.of.closed = append(*s.of.closed, "steps")
	s.Stepper.Close()
}

// A run that fails before its first step closes all that it made, the device at the end.
func TestRunThatCannotBegin(t *testing.T) {
	lost := errors.New("lost")
	for _, tt := range []struct {
		name string
		fail func() error
		want error
	}{
		{"error", func() error { return lost }, lost},
		{"panic", func() error { panic(lost) }, fastresnet.ErrInternal},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var closed []string
			engine.Register(func(_, _ string, o engine.Opening) (*engine.Device, error) {
				d, err := engine.Open("go", o)
				if err == nil {
					d.Backend = late{d.Backend, &closed, tt.fail}
				}
				return d, err
			}, "late")
			result, err := fastresnet.Train(context.Background(), fastresnet.WithDataset(synthetic(t, 40, 1), nil), fastresnet.WithBackend("late"),
				fastresnet.WithArchitecture(tinyNetwork()), fastresnet.WithBatchSize(16))
			if result != nil || !errors.Is(err, tt.want) {
				t.Errorf("Train = %v, %v; want %v", result, err, tt.want)
			}
			if diff := cmp.Diff([]string{"steps", "device"}, closed); diff != "" {
				t.Errorf("closed (-want +got):\n%s", diff)
			}
		})
	}
}

// worsening are the options of a run that learns something, a third of the test set and more, whose last epochs undo it, by rates
// that are far too high.
func worsening(t *testing.T, extra ...fastresnet.Option) []fastresnet.Option {
	return interrupted(t, append([]fastresnet.Option{fastresnet.WithBestWeights(), fastresnet.WithEpochs(6),
		fastresnet.WithDataset(synthetic(t, 440, 1), synthetic(t, 100, 2)), fastresnet.WithBatchSize(16), fastresnet.WithAveraging(fastresnet.Averaging{}),
		fastresnet.WithSchedule(schedule.PiecewiseLinear(
			schedule.Knot{Epoch: 0, Rate: 0.2}, schedule.Knot{Epoch: 4, Rate: 0.2}, schedule.Knot{Epoch: 4.1, Rate: 3}))}, extra...)...)
}

// checkBest fails unless the model is that of the best epoch, and this is not the last.
func checkBest(t *testing.T, r *fastresnet.Result) {
	t.Helper()
	e, err := r.Model.Evaluate(context.Background(), synthetic(t, 100, 2))
	if err != nil {
		t.Fatal(err)
	}
	if r.BestEpoch < 1 || r.BestEpoch == len(r.Epochs) {
		t.Fatalf("the best epoch is %d of %d: %+v", r.BestEpoch, len(r.Epochs), r.Epochs)
	}
	want := r.Epochs[r.BestEpoch-1]
	if e.Accuracy != want.TestAccuracy || e.Loss != want.TestLoss || r.TestAccuracy() != want.TestAccuracy {
		t.Errorf("accuracy %g and %g, loss %g; want those of %+v", e.Accuracy, r.TestAccuracy(), e.Loss, want)
	}
	for _, other := range r.Epochs {
		if other.TestAccuracy > want.TestAccuracy || other.TestAccuracy == want.TestAccuracy && other.TestLoss < want.TestLoss {
			t.Errorf("epoch %d, %+v, is better than %d, %+v", other.Number, other, want.Number, want)
		}
	}
}

func TestBestWeights(t *testing.T) {
	if testing.Short() {
		t.Skip("it is the same on every platform")
	}
	for name, extra := range map[string]fastresnet.Option{
		"of the weights": nil, "of their averages": fastresnet.WithAveraging(fastresnet.Averaging{Every: 3, Decay: 0.5}),
	} {
		t.Run(name, func(t *testing.T) {
			// While the run goes on its model is that of the last epoch, and says so.
			var early fastresnet.Record
			var model *fastresnet.Model
			r := finished(t, worsening(t, extra, fastresnet.WithProgress(fastresnet.Observer{
				Start: func(r *fastresnet.Result) { model = r.Model },
				Epoch: func(e fastresnet.Epoch) {
					if e.Number == 5 {
						early = model.Record()
					}
				},
			}))...)
			checkBest(t, r)
			if len(early.Epochs) != 5 || early.BestEpoch != 0 || early.TestAccuracy() != early.Epochs[4].TestAccuracy {
				t.Errorf("after epoch 5 the best is %d, accuracy %g; want none, and that of the last of %+v", early.BestEpoch, early.TestAccuracy(), early.Epochs)
			}

			// The file has them, too.
			file := filepath.Join(t.TempDir(), "best.safetensors")
			if err := r.Model.Save(file); err != nil {
				t.Fatal(err)
			}
			loaded, err := fastresnet.Load(file)
			if err != nil {
				t.Fatal(err)
			}
			defer loaded.Close()
			if got := loaded.Record(); got.BestEpoch != r.BestEpoch || got.TestAccuracy() != r.TestAccuracy() {
				t.Errorf("the file says epoch %d, %g", got.BestEpoch, got.TestAccuracy())
			}
			from := finished(t, fastresnet.WithDataset(synthetic(t, 48, 1), nil), fastresnet.WithInitialModel(loaded), fastresnet.WithEpochs(0), fastresnet.WithBackend("go"))
			if from.WarmStart.Epochs != r.BestEpoch {
				t.Errorf("a run that starts from it counts %d epochs, want %d", from.WarmStart.Epochs, r.BestEpoch)
			}
			want := outcomeOf(t, r)

			// A run that is resumed behind its best epoch still has it.
			folder := t.TempDir()
			options := worsening(t, extra, fastresnet.WithCheckpoint(folder, 1), fastresnet.WithResume())
			for _, steps := range []int{18, 4} { // of 4 an epoch
				ctx, cancel := context.WithCancel(context.Background())
				stopped, err := fastresnet.Train(ctx, append(options, stopAfter(steps, cancel))...)
				cancel()
				if !errors.Is(err, context.Canceled) {
					t.Fatalf("error %v", err)
				}
				stopped.Model.Close()
			}
			resumed := finished(t, options...)
			checkBest(t, resumed)
			if diff := cmp.Diff(want, outcomeOf(t, resumed), noTimes); diff != "" {
				t.Errorf("(-in one go +resumed):\n%s", diff)
			}
			// One that does not keep them is another run.
			if _, err := fastresnet.Train(context.Background(), append(interrupted(t), fastresnet.WithCheckpoint(folder, 1), fastresnet.WithResume())...); !errors.Is(err, fastresnet.ErrCheckpoint) {
				t.Errorf("resumed without WithBestWeights: %v", err)
			}
		})
	}
}
