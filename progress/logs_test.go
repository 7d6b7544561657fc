package progress_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/progress"
	"github.com/google/go-cmp/cmp"
)

// follow has observers hear a tiny run of so many epochs, stopped after a number of steps, 0 for never.
func follow(t *testing.T, epochs, stop int, options ...fastresnet.Option) *fastresnet.Result {
	t.Helper()
	set, err := data.Synthetic(64, 1)
	if err != nil {
		t.Fatal(err)
	}
	held, err := data.Synthetic(64, 2)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	steps := 0
	result, err := fastresnet.Train(ctx, append(options, fastresnet.WithDataset(set, held), fastresnet.WithBackend("go"), fastresnet.WithWidth(2),
		fastresnet.WithBatchSize(32), fastresnet.WithEpochs(epochs), fastresnet.WithProgress(fastresnet.Observer{Step: func(fastresnet.Progress) {
			if steps++; steps == stop {
				cancel()
			}
		}}))...)
	if err != nil && !errors.Is(err, context.Canceled) {
		t.Fatalf("%+v", err)
	}
	t.Cleanup(func() { result.Model.Close() })
	return result
}

// byHand are epochs of a run that diverges, told by hand.
func byHand(o fastresnet.Observer) error {
	r := &fastresnet.Result{Record: fastresnet.Record{
		Epochs: []fastresnet.Epoch{{
			Number: 1, Rate: float64(float32(0.1)), TrainLoss: 1.5, TrainAccuracy: 0.5, TestLoss: 1.25, TestAccuracy: 0.625, Tested: true, Images: 64,
			TrainTime: 30 * time.Second, TotalTime: 60 * time.Second,
		}},
		Timing: fastresnet.Timing{Prepare: 6 * time.Second},
	}}
	o.Start(r)
	second := fastresnet.Epoch{
		Number: 2, Rate: 0.2, TrainLoss: 1, TrainAccuracy: 0.75, TestLoss: 0.5, TestAccuracy: 0.9407, Tested: true, Images: 64,
		TrainTime: 36 * time.Second, TotalTime: 120 * time.Second,
	}
	o.Epoch(second)
	r.Epochs = append(r.Epochs, second, fastresnet.Epoch{
		Number: 3, TrainLoss: math.NaN(), TrainAccuracy: 0.125, TestLoss: 7, Images: 32, TrainTime: time.Second, TotalTime: 121 * time.Second, Partial: true,
	})
	return o.End(r, context.Canceled)
}

func TestTables(t *testing.T) {
	for _, test := range []struct {
		name     string
		observer func(io.Writer) fastresnet.Observer
		want     string
	}{
		{"CSV", progress.CSV, `epoch,rate,train_loss,train_accuracy,test_loss,test_accuracy,images,train_seconds,total_seconds
1,0.1,1.5,0.5,1.25,0.625,64,30,60
2,0.2,1,0.75,0.5,0.9407,64,36,120
3,0,,0.125,,,32,1,121
`},
		{"DAWNBench", progress.DAWNBench, "epoch\thours\ttop1Accuracy\n1\t0.01\t62.50\n2\t0.02\t94.07\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var b bytes.Buffer
			o := test.observer(&b)
			if err := byHand(o); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, b.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if err := byHand(o); err != nil {
				t.Fatal(err)
			}
			header, rows, _ := strings.Cut(test.want, "\n")
			if diff := cmp.Diff(header+"\n"+rows+rows, b.String()); diff != "" {
				t.Errorf("two runs (-want +got):\n%s", diff)
			}
		})
	}
}

// DAWNBench's hours are those of the result, as they are known while the run goes on.
func TestDAWNBenchCountsPreparation(t *testing.T) {
	var b bytes.Buffer
	result := follow(t, 2, 0, fastresnet.WithProgress(progress.DAWNBench(&b)))
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	var hours float64
	if err := json.Unmarshal([]byte(strings.Split(lines[len(lines)-1], "\t")[1]), &hours); err != nil {
		t.Fatal(err)
	}
	if want := (result.Timing.Prepare + result.Timing.Train).Hours(); math.Abs(hours-want) > 1e-12 || len(lines) != 3 {
		t.Errorf("%q, want %g hours in the third line", lines, want)
	}
}

// countingWriter counts calls, and fails from one on.
type countingWriter struct {
	bytes.Buffer
	calls, failFrom int
}

func (w *countingWriter) Write(p []byte) (int, error) {
	if w.calls++; w.failFrom > 0 && w.calls >= w.failFrom {
		return 0, errors.New("the disk is full")
	}
	return w.Buffer.Write(p)
}

func TestJSON(t *testing.T) {
	folder := t.TempDir()
	checkpoint := filepath.Join(folder, "checkpoint-00002-0000001.safetensors")
	for _, test := range []struct {
		name    string
		stop    int
		options []fastresnet.Option
		want    []map[string]any // a part of each line
	}{
		{"a run that is cut short", 3, []fastresnet.Option{fastresnet.WithCheckpoint(folder, 1)}, []map[string]any{
			{"event": "start", "recipe": "default", "epochs": 2., "backend": "go", "train_images": 64., "test_images": 64., "batch_size": 32., "resumed_epochs": nil},
			{"event": "epoch", "epoch": 1., "images": 64., "partial": nil},
			{"event": "epoch", "epoch": 2., "images": 32., "partial": true, "test_loss": nil, "test_accuracy": nil},
			{"event": "end", "epochs": 2., "error": "training ended in epoch 2 of 2: context canceled; the checkpoint is " + checkpoint, "stopped": ""},
		}},
		{"and goes on", 0, []fastresnet.Option{fastresnet.WithCheckpoint(folder, 1), fastresnet.WithResume()}, []map[string]any{
			{"event": "start", "resumed_epochs": 1.},
			{"event": "epoch", "epoch": 2., "images": 64.},
			{"event": "end", "epochs": 2., "error": nil},
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := &countingWriter{}
			follow(t, 2, test.stop, append(test.options, fastresnet.WithProgress(progress.JSON(w)))...)
			lines := strings.Split(strings.TrimSuffix(w.String(), "\n"), "\n")
			if len(lines) != len(test.want) || w.calls != len(lines) {
				t.Fatalf("%d lines in %d calls of Write, want %d in as many:\n%s", len(lines), w.calls, len(test.want), w)
			}
			for i, line := range lines {
				var got map[string]any
				if err := json.Unmarshal([]byte(line), &got); err != nil {
					t.Fatal(err)
				}
				for key, want := range test.want[i] {
					if diff := cmp.Diff(want, got[key]); diff != "" && !(key == "recipe" && got[key] != "") {
						t.Errorf("line %d: %s (-want +got):\n%s", i, key, diff)
					}
				}
			}
		})
	}
}

// A run of one step has no speed: that is not known, which is null.
func TestJSONOfOneStep(t *testing.T) {
	for speed, want := range map[float64]string{0: `"images_per_second":null`, 512: `"images_per_second":512`} {
		var b bytes.Buffer
		r := &fastresnet.Result{Record: fastresnet.Record{Timing: fastresnet.Timing{ImagesPerSecond: speed}}}
		if err := progress.JSON(&b).End(r, nil); err != nil || !strings.Contains(b.String(), want) {
			t.Errorf("error %v, no %s in\n%s", err, want, &b)
		}
	}
}

// The end names the best epoch, if the model has its weights.
func TestJSONOfTheBest(t *testing.T) {
	for best, want := range map[int]string{0: `"epochs":3,"test_accuracy":0.5,"stopped":""`, 2: `"epochs":3,"test_accuracy":0.75,"best_epoch":2,"stopped":""`} {
		var b bytes.Buffer
		r := &fastresnet.Result{Record: fastresnet.Record{BestEpoch: best, Epochs: []fastresnet.Epoch{
			{Number: 1}, {Number: 2, TestAccuracy: 0.75, Tested: true}, {Number: 3, TestAccuracy: 0.5, Tested: true},
		}}}
		if err := progress.JSON(&b).End(r, nil); err != nil || !strings.Contains(b.String(), want) {
			t.Errorf("error %v, no %s in\n%s", err, want, &b)
		}
	}
}

// What JSON has no number for is null; a run without a result has an end all the same.
func TestJSONOfNothing(t *testing.T) {
	var b bytes.Buffer
	o := progress.JSON(&b)
	o.Epoch(fastresnet.Epoch{Number: 1, TrainLoss: math.Inf(1), TestLoss: math.NaN(), Tested: true})
	if err := o.End(nil, errors.New("no luck")); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"train_loss":null`, `"test_loss":null,"test_accuracy":0`, `"error":"no luck"}`} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %s in\n%s", want, &b)
		}
	}
	if strings.Contains(b.String(), "prepare_seconds") {
		t.Errorf("times of a run that took no step:\n%s", &b)
	}
}

// A writer that fails is not written to again, and its error becomes a warning.
func TestFailingWriters(t *testing.T) {
	for _, test := range []struct {
		name     string
		observer func(io.Writer) fastresnet.Observer
	}{
		{"Terminal", progress.Terminal}, {"JSON", progress.JSON}, {"CSV", progress.CSV}, {"DAWNBench", progress.DAWNBench},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := &countingWriter{failFrom: 2}
			result := follow(t, 3, 0, fastresnet.WithProgress(test.observer(w)))
			if diff := cmp.Diff([]string{"an observer of the run: the disk is full"}, result.Warnings); diff != "" || w.calls != 2 {
				t.Errorf("%d calls of Write; warnings (-want +got):\n%s", w.calls, diff)
			}
		})
	}
}

func TestTensorBoardFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := progress.TensorBoard(filepath.Join(file, "below")); err == nil || !strings.Contains(err.Error(), "a folder for TensorBoard") {
		t.Errorf("error %v, want one about the folder", err)
	}
	folder := filepath.Join(t.TempDir(), "a", "b")
	board, err := progress.TensorBoard(folder)
	if err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(folder); err != nil || len(entries) != 0 {
		t.Errorf("before the run there are %v, %v; want an empty folder", entries, err)
	}
	for range 2 {
		follow(t, 1, 0, fastresnet.WithProgress(board))
	}
	for _, pattern := range []string{"events.out.tfevents.*", "run-2/events.out.tfevents.*"} {
		if found, err := filepath.Glob(filepath.Join(folder, pattern)); err != nil || len(found) != 1 {
			t.Errorf("%s: %q, %v; want one file", pattern, found, err)
		}
	}

	t.Run("that is gone", func(t *testing.T) {
		if err := os.RemoveAll(folder); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(folder, nil, 0o666); err != nil {
			t.Fatal(err)
		}
		if result := follow(t, 1, 0, fastresnet.WithProgress(board)); len(result.Warnings) != 1 {
			t.Errorf("warnings %q, want one", result.Warnings)
		}
	})
}
