package progress

import (
	"encoding/json"
	"io"
	"math"
	"time"

	"github.com/fastresnet/fastresnet"
)

// JSON writes a run to w as JSON lines: an object for the run's start, each epoch and the run's end, each with its event
// ("start", "epoch" or "end") and the time. What is not known, and what is not a finite number, is null. Accuracies are 0
// to 1, times in seconds, losses means over images.
//
// A start has recipe, seed, backend, device, devices (how many), precision, batch_size, epochs (to train in all),
// parameters (trainable), train_images, test_images, and, of a run that goes on from a checkpoint, resumed_epochs.
//
// An epoch has epoch (from 1), rate (the learning rate of its last step), train_loss, train_accuracy, test_loss,
// test_accuracy, images (trained on), train_seconds (its training alone), total_seconds (since Train was called), and
// partial, if the run was cut short within it. Those before a checkpoint that the run went on from are left out.
//
// An end has epochs (in all), test_accuracy (of the model), with [fastresnet.WithBestWeights] best_epoch (whose weights that
// has), stopped (why before the last epoch, "" otherwise), images_per_second, compile_seconds, prepare_seconds, train_seconds,
// total_seconds (as in [fastresnet.Timing]), warnings, and error: a text, null if there was none. If nothing was trained, only
// event, time and error are there.
func JSON(w io.Writer) fastresnet.Observer {
	j := &jsonLog{w: w}
	return fastresnet.Observer{Start: j.start, Epoch: j.epoch, End: j.end}
}

type jsonLog struct {
	w      io.Writer
	heard  int // epochs
	failed error
}

// event is what all lines begin with.
type event struct {
	Event string    `json:"event"`
	Time  time.Time `json:"time"`
}

type startLine struct {
	event
	Recipe        string               `json:"recipe"`
	Seed          uint64               `json:"seed"`
	Backend       string               `json:"backend"`
	Device        string               `json:"device"`
	Devices       int                  `json:"devices"`
	Precision     fastresnet.Precision `json:"precision"`
	BatchSize     int                  `json:"batch_size"`
	Epochs        int                  `json:"epochs"`
	Parameters    int                  `json:"parameters"`
	TrainImages   int                  `json:"train_images"`
	TestImages    int                  `json:"test_images"`
	ResumedEpochs int                  `json:"resumed_epochs,omitempty"`
}

type epochLine struct {
	event
	Epoch         int      `json:"epoch"`
	Rate          *float64 `json:"rate"`
	TrainLoss     *float64 `json:"train_loss"`
	TrainAccuracy *float64 `json:"train_accuracy"`
	TestLoss      *float64 `json:"test_loss"`
	TestAccuracy  *float64 `json:"test_accuracy"`
	Images        int      `json:"images"`
	TrainSeconds  float64  `json:"train_seconds"`
	TotalSeconds  float64  `json:"total_seconds"`
	Partial       bool     `json:"partial,omitempty"`
}

type endLine struct {
	event
	*outcome
	Error *string `json:"error"`
}

type outcome struct {
	Epochs          int                   `json:"epochs"`
	TestAccuracy    *float64              `json:"test_accuracy"`
	BestEpoch       int                   `json:"best_epoch,omitempty"`
	Stopped         fastresnet.StopReason `json:"stopped"`
	ImagesPerSecond *float64              `json:"images_per_second"`
	CompileSeconds  float64               `json:"compile_seconds"`
	PrepareSeconds  float64               `json:"prepare_seconds"`
	TrainSeconds    float64               `json:"train_seconds"`
	TotalSeconds    float64               `json:"total_seconds"`
	Warnings        []string              `json:"warnings"`
}

func (j *jsonLog) start(r *fastresnet.Result) {
	j.heard = len(r.Epochs)
	j.write(startLine{
		event: now("start"), Recipe: r.Recipe.Name, Seed: r.Seed, Backend: r.Backend, Device: r.Device, Devices: r.Devices,
		Precision: r.Precision, BatchSize: r.Recipe.BatchSize, Epochs: r.Recipe.Epochs, Parameters: r.Model.Network().Parameters(),
		TrainImages: r.TrainImages, TestImages: r.TestImages, ResumedEpochs: len(r.Epochs),
	})
}

func (j *jsonLog) epoch(e fastresnet.Epoch) {
	j.heard = e.Number
	line := epochLine{
		event: now("epoch"), Epoch: e.Number, Rate: finite(e.Rate), TrainLoss: finite(e.TrainLoss), TrainAccuracy: finite(e.TrainAccuracy),
		Images: e.Images, TrainSeconds: e.TrainTime.Seconds(), TotalSeconds: e.TotalTime.Seconds(), Partial: e.Partial,
	}
	if e.Tested {
		line.TestLoss, line.TestAccuracy = finite(e.TestLoss), finite(e.TestAccuracy)
	}
	j.write(line)
}

func (j *jsonLog) end(r *fastresnet.Result, err error) error {
	for _, e := range unheard(r, j.heard) {
		j.epoch(e)
	}
	line := endLine{event: now("end")}
	if r != nil {
		t := r.Timing
		line.outcome = &outcome{
			Epochs: len(r.Epochs), BestEpoch: r.BestEpoch, Stopped: r.Stopped, CompileSeconds: t.Compile.Seconds(), PrepareSeconds: t.Prepare.Seconds(),
			TrainSeconds: t.Train.Seconds(), TotalSeconds: t.Total.Seconds(), Warnings: append([]string{}, r.Warnings...),
		}
		if t.ImagesPerSecond > 0 {
			line.ImagesPerSecond = finite(t.ImagesPerSecond)
		}
		if tested(r) {
			line.TestAccuracy = finite(r.TestAccuracy())
		}
	}
	if err != nil {
		text := err.Error()
		line.Error = &text
	}
	j.write(line)
	return j.failed
}

// write writes a line at once, unless there was an error.
func (j *jsonLog) write(line any) {
	if j.failed != nil {
		return
	}
	text, err := json.Marshal(line)
	if err == nil {
		_, err = j.w.Write(append(text, '\n'))
	}
	j.failed = err
}

func now(name string) event { return event{name, time.Now()} }

// finite is nil for what JSON has no number for.
func finite(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

// unheard are the epochs of a result after the last one that was heard of: the one in which the run was cut short.
func unheard(r *fastresnet.Result, heard int) []fastresnet.Epoch {
	if r == nil {
		return nil
	}
	return r.Epochs[min(heard, len(r.Epochs)):]
}

// tested says whether any epoch was.
func tested(r *fastresnet.Result) bool {
	for _, e := range r.Epochs {
		if e.Tested {
			return true
		}
	}
	return false
}
