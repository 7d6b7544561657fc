package progress

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/fastresnet/fastresnet"
)

// TensorBoard writes a run to a folder for TensorBoard (tensorboard --logdir FOLDER), in an event file of its own: a run
// that goes on from a checkpoint can go on in the same folder. The folder is made if it is not there; that it cannot be
// written is an error at once. The observer's second run has the folder "run-2" in it, and so on.
//
// After every epoch there are train/loss, train/accuracy and, if it was tested, test/loss and test/accuracy; after every
// step, or those that were taken together, learning rate, images per second, and, where it is known, epoch loss so far (see
// [fastresnet.Progress]). Accuracies are 0 to 1. The step is the number of steps since the run's first epoch began, at an
// epoch's end the last one of that. What is not a number is left out. Recipe is the recipe as a text, in
// JSON, if it has none of the caller's own augmentations.
func TensorBoard(folder string) (fastresnet.Observer, error) {
	if err := writable(folder); err != nil {
		return fastresnet.Observer{}, fmt.Errorf("a folder for TensorBoard: %w", err)
	}
	b := &board{folder: folder}
	return fastresnet.Observer{Start: b.start, Step: b.step, Epoch: b.epoch, End: b.end}, nil
}

// writable makes a folder if need be, and tries whether files can be made in it.
func writable(folder string) error {
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return err
	}
	probe, err := os.CreateTemp(folder, ".probe-*")
	if err != nil {
		return err
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// board writes event files.
type board struct {
	folder string
	run    int // from 1
	file   *os.File
	failed error
	batch  int // images that a step trains on
	steps  int // of a whole epoch
	at     int // the last step, since the run's first
	heard  int // epochs
}

func (b *board) start(r *fastresnet.Result) {
	b.run++
	drawn := max(1, r.Recipe.BatchSize)
	if b.steps = r.TrainImages / drawn; r.Recipe.KeepIncompleteBatch {
		b.steps = (r.TrainImages + drawn - 1) / drawn
	}
	b.batch = max(1, r.Recipe.ImagesPerStep())
	b.heard, b.at = len(r.Epochs), 0
	b.failed = b.open()
	b.write(versionEvent(time.Now()))
	recipe, err := json.MarshalIndent(r.Recipe, "    ", "  ")
	if err == nil { // one with augmentations of the caller's own has no JSON
		b.write(textEvent(time.Now(), "recipe", "    "+string(recipe))) // indented: as it is, in Markdown
	}
}

// open makes the run's file.
func (b *board) open() (err error) {
	folder := b.folder
	if b.run > 1 {
		folder = filepath.Join(folder, fmt.Sprintf("run-%d", b.run))
		if err := os.MkdirAll(folder, 0o777); err != nil {
			return err
		}
	}
	// TensorBoard takes the files of a folder in the order of their names: by the seconds.
	now := time.Now()
	host, _ := os.Hostname()
	name := fmt.Sprintf("events.out.tfevents.%010d.%s.%d.%09d", now.Unix(), filepath.Base(host), os.Getpid(), now.Nanosecond())
	b.file, err = os.OpenFile(filepath.Join(folder, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	return err
}

func (b *board) step(p fastresnet.Progress) {
	b.at = p.Taken
	values := []scalar{{"learning rate", p.Rate}, {"epoch loss so far", p.Loss}}
	if p.ImagesPerSecond > 0 {
		values = append(values, scalar{"images per second", p.ImagesPerSecond})
	}
	b.scalars(values)
}

func (b *board) epoch(e fastresnet.Epoch) {
	// The run may end within its last epoch, and have been resumed behind an epoch's last step.
	b.heard, b.at = e.Number, (e.Number-1)*b.steps+(e.Images+b.batch-1)/b.batch
	values := []scalar{{"train/loss", e.TrainLoss}, {"train/accuracy", e.TrainAccuracy}}
	if e.Tested {
		values = append(values, scalar{"test/loss", e.TestLoss}, scalar{"test/accuracy", e.TestAccuracy})
	}
	b.scalars(values)
}

func (b *board) end(r *fastresnet.Result, _ error) error {
	for _, e := range unheard(r, b.heard) {
		if !e.Partial {
			b.epoch(e)
		}
	}
	if b.file != nil {
		if err := b.file.Close(); b.failed == nil {
			b.failed = err
		}
		b.file = nil
	}
	return b.failed
}

// scalars writes the values of the last step.
func (b *board) scalars(values []scalar) {
	var known []scalar
	for _, v := range values {
		if !math.IsNaN(v.value) {
			known = append(known, v)
		}
	}
	if len(known) > 0 {
		b.write(scalarsEvent(time.Now(), b.at, known))
	}
}

// write writes an event, unless there was an error.
func (b *board) write(event []byte) {
	if b.failed == nil {
		_, b.failed = b.file.Write(record(event))
	}
}
