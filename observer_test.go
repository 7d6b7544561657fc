package fastresnet_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/internal/testbackend"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/google/go-cmp/cmp"
)

// Whatever an observer does to what it is given, and to what the model in it gives, changes nothing of the run.
func TestObserversMayScribble(t *testing.T) {
	network := layers.Network{Name: "blocks", Input: synthetic(t, 1, 1).Shape(), Layers: []layers.Layer{
		layers.Conv{Name: "conv", Kernel: 3, Stride: 2, Out: 4},
		layers.Residual{Branch: []layers.Layer{layers.BatchNorm{Name: "norm"}, layers.ReLU{}, layers.Conv{Name: "inner", Kernel: 3, Stride: 1, Out: 4}}},
		layers.GlobalMaxPool{}, layers.Linear{Name: "linear", Out: 10},
	}}
	for label, with := range map[string]fastresnet.Option{"a recipe": fastresnet.WithWidth(4), "a network of one's own": fastresnet.WithArchitecture(network)} {
		t.Run(label, func(t *testing.T) {
			options := []fastresnet.Option{
				fastresnet.WithDataset(synthetic(t, 110, 1), synthetic(t, 40, 2)), fastresnet.WithBackend("go"), fastresnet.WithBatchSize(32),
				fastresnet.WithEpochs(3), with,
			}
			want := outcomeOf(t, finished(t, options...))
			marks := 0
			spoil := func(r *fastresnet.Result) {
				n := r.Model.Network()
				classes := r.Model.Classes()
				known := r.Model.Record()
				marks += scribble(reflect.ValueOf(&n)) + scribble(reflect.ValueOf(&classes)) + scribble(reflect.ValueOf(&known))
				marks += scribble(reflect.ValueOf(&r.Record))
			}
			var model *fastresnet.Model
			got, err := fastresnet.Train(context.Background(), append(options,
				fastresnet.WithProgress(fastresnet.Observer{Start: func(r *fastresnet.Result) {
					model = r.Model
					spoil(r)
				}, Epoch: func(fastresnet.Epoch) {
					spoil(&fastresnet.Result{Model: model, Record: model.Record()})
				}, End: func(r *fastresnet.Result, _ error) error {
					spoil(r)
					return nil
				}}))...)
			if err != nil {
				t.Fatal(err)
			}
			if marks < 100 {
				t.Errorf("%d values were written over", marks)
			}
			if diff := cmp.Diff(want, outcomeOf(t, got), noTimes); diff != "" {
				t.Errorf("(-left alone +scribbled over):\n%s", diff)
			}
		})
	}
}

// scribble writes over all that can be reached from a value, and returns how much that was.
func scribble(v reflect.Value) (marks int) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return 0
		}
		if v.Kind() == reflect.Interface { // its content is a copy; what that points at is not
			own := reflect.New(v.Elem().Type()).Elem()
			own.Set(v.Elem())
			marks = scribble(own)
			if v.CanSet() {
				v.SetZero()
			}
			return marks + 1
		}
		return scribble(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				marks += scribble(v.Field(i))
			}
		}
		return marks
	case reflect.Slice:
		for i := range v.Len() {
			marks += scribble(v.Index(i))
		}
		return marks
	case reflect.Map:
		v.Clear()
		return 1
	}
	if v.CanSet() {
		v.SetZero()
		marks++
	}
	return marks
}

// Steps that XLA takes together are reported together; the pure-Go backend takes one after the other, whatever is asked for.
func TestStepsPerDispatch(t *testing.T) {
	set := synthetic(t, 52, 1)
	network := layers.Network{Name: "small", Input: set.Shape(), Layers: []layers.Layer{
		layers.Conv{Name: "conv", Kernel: 3, Stride: 2, Out: 2}, layers.GlobalMaxPool{}, layers.Linear{Name: "linear", Out: 10},
	}}
	testbackend.Each(t, func(t *testing.T, backend string) {
		last, together := 0, 0
		_, err := fastresnet.Train(t.Context(), fastresnet.WithDataset(set, nil), fastresnet.WithArchitecture(network), fastresnet.WithBatchSize(4),
			fastresnet.WithEpochs(1), fastresnet.WithBackend(backend), fastresnet.WithStepsPerDispatch(3),
			fastresnet.WithProgress(fastresnet.Observer{Step: func(p fastresnet.Progress) {
				if n := p.Step - last; n == 3 {
					together++
				} else if n != 1 {
					t.Errorf("step %d after step %d", p.Step, last)
				}
				last = p.Step
			}}))
		if err != nil {
			t.Fatal(err)
		}
		if last != 13 || (together > 0) != (backend != "go") {
			t.Errorf("the last step is %d, and %d times three were taken together", last, together)
		}
	})
}

// logged is an observer that notes what it hears, and fails at the end as it is told to.
func logged(heard *[]string, name string, failed error) fastresnet.Observer {
	note := func(format string, args ...any) { *heard = append(*heard, name+": "+fmt.Sprintf(format, args...)) }
	return fastresnet.Observer{
		Start: func(r *fastresnet.Result) { note("start after %d epochs", len(r.Epochs)) },
		Step:  func(p fastresnet.Progress) { note("step %d/%d of %d/%d", p.Step, p.Steps, p.Epoch, p.Epochs) },
		Epoch: func(e fastresnet.Epoch) { note("epoch %d", e.Number) },
		End: func(r *fastresnet.Result, err error) error {
			epochs := "no result"
			if r != nil {
				epochs = fmt.Sprintf("%d epochs, %d warnings", len(r.Epochs), len(r.Warnings))
			}
			note("end: %s, error %t", epochs, err != nil)
			return failed
		},
	}
}

func TestObserversHearTheWholeRun(t *testing.T) {
	set := synthetic(t, 32, 1)
	disk := errors.New("the disk is full")
	for _, tt := range []struct {
		name      string
		options   func(cancel func()) []fastresnet.Option
		failed    error // of the first observer
		want      []string
		wantError error
		warnings  []string
	}{
		{"to its end", nil, nil,
			[]string{"start after 0 epochs", "step 1/2 of 1/2", "step 2/2 of 1/2", "epoch 1", "step 1/2 of 2/2", "step 2/2 of 2/2", "epoch 2", "end: 2 epochs, 0 warnings, error false"},
			nil, nil},
		{"one that fails at the end: a warning, which the next one sees", func(func()) []fastresnet.Option {
			return []fastresnet.Option{fastresnet.WithEpochs(1)}
		}, disk,
			[]string{"start after 0 epochs", "step 1/2 of 1/1", "step 2/2 of 1/1", "epoch 1", "end: 1 epochs, 0 warnings, error false"},
			nil, []string{"an observer of the run: the disk is full"}},
		{"cancelled within an epoch", func(cancel func()) []fastresnet.Option {
			return []fastresnet.Option{fastresnet.WithProgress(fastresnet.Observer{Step: func(fastresnet.Progress) { cancel() }})}
		}, nil,
			[]string{"start after 0 epochs", "step 1/2 of 1/2", "end: 1 epochs, 0 warnings, error true"},
			context.Canceled, nil},
		{"cancelled before the first step: no result", func(cancel func()) []fastresnet.Option {
			return []fastresnet.Option{fastresnet.WithProgress(fastresnet.Observer{Start: func(*fastresnet.Result) { cancel() }})}
		}, nil,
			[]string{"start after 0 epochs", "end: no result, error true"},
			context.Canceled, nil},
		{"a panic", func(func()) []fastresnet.Option {
			return []fastresnet.Option{fastresnet.WithProgress(fastresnet.Observer{Epoch: func(fastresnet.Epoch) { panic("in the observer") }})}
		}, nil,
			[]string{"start after 0 epochs", "step 1/2 of 1/2", "step 2/2 of 1/2", "epoch 1", "end: no result, error true"},
			fastresnet.ErrInternal, nil},
		{"a panic in End: the others hear of the end, and the result is there", func(func()) []fastresnet.Option {
			return []fastresnet.Option{fastresnet.WithEpochs(1), fastresnet.WithProgress(fastresnet.Observer{
				End: func(*fastresnet.Result, error) error { panic("in the observer") },
			})}
		}, nil,
			[]string{"start after 0 epochs", "step 1/2 of 1/1", "step 2/2 of 1/1", "epoch 1", "end: 1 epochs, 0 warnings, error false"},
			fastresnet.ErrInternal, nil},
		{"a run that cannot start", func(func()) []fastresnet.Option {
			return []fastresnet.Option{fastresnet.WithMemoryLimit(1)}
		}, nil, nil, fastresnet.ErrMemory, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			var heard, second []string
			var log bytes.Buffer
			options := []fastresnet.Option{
				fastresnet.WithDataset(set, nil), fastresnet.WithBackend("go"), fastresnet.WithWidth(2), fastresnet.WithBatchSize(16), fastresnet.WithEpochs(2),
				fastresnet.WithLogger(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn}))),
				fastresnet.WithProgress(logged(&heard, "first", tt.failed)),
			}
			if tt.options != nil {
				options = append(options, tt.options(cancel)...)
			}
			result, err := fastresnet.Train(ctx, append(options, fastresnet.WithProgress(logged(&second, "second", nil)))...)
			if !errors.Is(err, tt.wantError) {
				t.Errorf("error %v, want %v", err, tt.wantError)
			}
			var want []string
			for _, line := range tt.want {
				want = append(want, "first: "+line)
			}
			if diff := cmp.Diff(want, heard); diff != "" {
				t.Errorf("what the observer heard (-want +got):\n%s", diff)
			}
			if n := len(second); n > 0 && !strings.HasPrefix(second[n-1], "second: end: ") || n == 0 && len(want) > 0 {
				t.Errorf("the second observer heard %q, want the end too", second)
			}
			if result == nil {
				return
			}
			defer result.Model.Close()
			if diff := cmp.Diff(tt.warnings, result.Warnings); diff != "" {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(result.Warnings, result.Model.Record().Warnings); diff != "" {
				t.Errorf("warnings (-result +model):\n%s", diff)
			}
			for _, warning := range tt.warnings {
				if !strings.Contains(log.String(), warning) || !strings.Contains(second[len(second)-1], "1 warnings") {
					t.Errorf("the log says %q and the second observer heard %q, want the warning in both", &log, second)
				}
			}
		})
	}
}

func TestObserverWithoutFunctions(t *testing.T) {
	for _, tt := range []struct {
		name      string
		observers []fastresnet.Observer
		wantError bool
	}{
		{"no observers", nil, false},
		{"one function each", []fastresnet.Observer{
			{Start: func(*fastresnet.Result) {}}, {Step: func(fastresnet.Progress) {}}, {Epoch: func(fastresnet.Epoch) {}},
			{End: func(*fastresnet.Result, error) error { return nil }},
		}, false},
		{"one without any", []fastresnet.Observer{{Epoch: func(fastresnet.Epoch) {}}, {}}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			set := synthetic(t, 16, 1)
			result, err := fastresnet.Train(context.Background(), fastresnet.WithDataset(set, nil), fastresnet.WithBackend("go"), fastresnet.WithWidth(2),
				fastresnet.WithBatchSize(16), fastresnet.WithEpochs(1), fastresnet.WithProgress(tt.observers...))
			if errors.Is(err, fastresnet.ErrOption) != tt.wantError || !tt.wantError && err != nil {
				t.Errorf("error %v, want ErrOption: %t", err, tt.wantError)
			}
			if result != nil {
				result.Model.Close()
			}
		})
	}
}

// In pure Go the loss is known after every step, of an incomplete batch and a resumed epoch too; XLA is not waited for.
func TestProgressKnowsTheLoss(t *testing.T) {
	set := synthetic(t, 40, 1)
	testbackend.Each(t, func(t *testing.T, backend string) {
		folder := t.TempDir()
		run := func(stop int) (losses []float64, epochs []fastresnet.Epoch) {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			result, err := fastresnet.Train(ctx, fastresnet.WithDataset(set, nil), fastresnet.WithBackend(backend), fastresnet.WithArchitecture(tinyNetwork()),
				fastresnet.WithBatchSize(16), fastresnet.WithIncompleteBatches(true), fastresnet.WithEpochs(1), fastresnet.WithPeakRate(0.1),
				fastresnet.WithCheckpoint(folder, 1), fastresnet.WithResume(),
				fastresnet.WithProgress(fastresnet.Observer{Step: func(p fastresnet.Progress) {
					losses = append(losses, p.Loss)
					if p.Step == stop {
						cancel()
					}
				}}))
			if err != nil && !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			defer result.Model.Close()
			return losses, result.Epochs
		}
		losses, epochs := run(1)
		more, epochs2 := run(0)
		if len(losses) != 1 || len(more) != 2 {
			t.Fatalf("%d and %d steps, want 1 and 2", len(losses), len(more))
		}
		if backend != "go" {
			if !math.IsNaN(losses[0]) || !math.IsNaN(more[1]) {
				t.Errorf("losses %g and %g, want NaN", losses, more)
			}
			return
		}
		if losses[0] != epochs[0].TrainLoss || more[1] != epochs2[0].TrainLoss || more[0] == more[1] {
			t.Errorf("losses %g and %g, want to end with those of the epochs, %g and %g", losses, more, epochs[0].TrainLoss, epochs2[0].TrainLoss)
		}
	})
}

// On XLA the loss is there after those steps for which it is asked, or the next ones that are heard of; the last one's is the
// epoch's.
func TestLossEvery(t *testing.T) {
	const every = 3
	set := synthetic(t, 48, 1)
	testbackend.Each(t, func(t *testing.T, backend string) {
		for _, dispatched := range []int{1, 2} {
			var last fastresnet.Progress
			result := finished(t, fastresnet.WithDataset(set, nil), fastresnet.WithBackend(backend), fastresnet.WithArchitecture(tinyNetwork()), fastresnet.WithBatchSize(8),
				fastresnet.WithEpochs(1), fastresnet.WithPeakRate(0.1), fastresnet.WithLossEvery(every), fastresnet.WithStepsPerDispatch(dispatched),
				fastresnet.WithProgress(fastresnet.Observer{Step: func(p fastresnet.Progress) {
					want := backend == "go" || p.Step/every > last.Step/every
					if known := !math.IsNaN(p.Loss); known != want {
						t.Errorf("the loss after step %d, after %d: known: %t, want %t", p.Step, last.Step, known, want)
					}
					last = p
				}}))
			result.Model.Close()
			if last.Step != 6 || last.Loss != result.Epochs[0].TrainLoss {
				t.Errorf("the loss after the last step, %d, is %g, the epoch's %g", last.Step, last.Loss, result.Epochs[0].TrainLoss)
			}
		}
	})
}
