package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/internal/digits"
)

// outcome is what came of a run, in figures.
type outcome struct {
	record  fastresnet.Record
	running bool
	whole   int // epochs
	// accuracy and loss are those of images held out, which are as many as that, after a number of whole epochs, the best one where
	// the model has its weights; not a number if there was no test.
	accuracy, loss float64
	images, after  int
	diverged       int // the epoch from which on a loss is not finite; 0 for none
}

// outcomeOf prefers an evaluation to the run's own tests.
func outcomeOf(r Run) outcome {
	o := outcome{record: r.Record, running: r.running, accuracy: math.NaN(), loss: math.NaN(), images: r.Record.TestImages}
	for _, e := range r.Record.Epochs {
		if !e.Partial {
			o.whole++
		}
		if e.Tested {
			o.accuracy, o.loss, o.after = r.Record.TestAccuracy(), e.TestLoss, o.whole
		}
		if o.diverged == 0 && (!finite(e.TrainLoss) || e.Tested && !finite(e.TestLoss)) {
			o.diverged = e.Number
		}
	}
	if e := r.Evaluation; e != nil {
		o.accuracy, o.loss, o.images, o.after = e.Accuracy, e.Loss, e.Images(), o.whole
	}
	if b, best := o.best(); best {
		if o.after = b.Number; r.Evaluation == nil {
			o.loss = b.TestLoss
		}
	}
	return o
}

// best is the epoch whose weights the model has, if that was asked for.
func (o outcome) best() (e fastresnet.Epoch, is bool) {
	if b := o.record.BestEpoch; b > 0 && b <= len(o.record.Epochs) {
		return o.record.Epochs[b-1], true
	}
	return e, false
}

// tested says whether there is an accuracy.
func (o outcome) tested() bool { return !math.IsNaN(o.accuracy) }

// result is the outcome in a few words.
func (o outcome) result() string {
	switch {
	case o.diverged > 0:
		return fmt.Sprintf("The run diverged in epoch %d", o.diverged)
	case o.tested():
		right := fmt.Sprintf("%s of %s right", percent(o.accuracy, 2), plural(o.images, "test image"))
		asked := o.record.Recipe.Epochs
		_, best := o.best()
		earlier := o.after < o.whole && !best // than where the run is
		if o.record.Stopped == "" && (earlier || o.whole < asked && !o.running) {
			right += fmt.Sprintf(" after %s of %s", digits.Count(o.after), plural(asked, "epoch"))
		}
		if o.running {
			right += " so far"
		}
		return right
	case o.running && o.whole == 0:
		return "In the first epoch"
	case o.running && o.record.TestImages == 0:
		return fmt.Sprintf("Training on %s, without tests", plural(o.record.TrainImages, "image"))
	case o.running:
		return fmt.Sprintf("Training on %s, and not tested yet", plural(o.record.TrainImages, "image"))
	case len(o.record.Epochs) == 0:
		return "No epoch was trained"
	}
	return fmt.Sprintf("Trained on %s, and not tested", plural(o.record.TrainImages, "image"))
}

// course is how far the run came: all of its epochs, or why fewer.
func (o outcome) course() string {
	asked := o.record.Recipe.Epochs
	text := plural(o.whole, "epoch")
	if o.whole < asked {
		text = fmt.Sprintf("%s of %s", digits.Count(o.whole), plural(asked, "epoch"))
	}
	switch last := len(o.record.Epochs) - 1; {
	case o.record.Stopped != "":
		text += ", stopped: " + string(o.record.Stopped)
	case last >= 0 && o.record.Epochs[last].Partial:
		text += fmt.Sprintf(", cut short after %s of the next", plural(o.record.Epochs[last].Images, "image"))
	case o.whole < asked && o.diverged == 0 && !o.running:
		text += ", cut short"
	}
	return text
}

// weights are those that the model has.
func (o outcome) weights() string {
	b, best := o.best()
	switch {
	case best && o.record.Weights == fastresnet.LastWeights:
		return fmt.Sprintf("of epoch %d, the best", b.Number)
	case best:
		return fmt.Sprintf("%s, of epoch %d, the best", o.record.Weights, b.Number)
	}
	return string(o.record.Weights)
}

// speed is that of training.
func (o outcome) speed() string {
	if v := o.record.Timing.ImagesPerSecond; v > 0 && finite(v) {
		return digits.Count(int(v)) + space + "images/s"
	}
	return none
}

// accuracyText and lossText are of the test.
func (o outcome) accuracyText() string {
	if !o.tested() {
		return none
	}
	return percent(o.accuracy, 2)
}

func (o outcome) lossText() string {
	if !o.tested() {
		return none
	}
	return number(o.loss, 4)
}

// tile is a figure with its name.
type tile struct{ Name, Value string }

// tiles are the figures of one run.
func (o outcome) tiles() []tile {
	t := []tile{{"test accuracy", o.accuracyText()}, {"test loss", o.lossText()}}
	if b, best := o.best(); best {
		t = append(t, tile{"training loss", number(b.TrainLoss, 4)})
	} else if n := len(o.record.Epochs); n > 0 {
		t = append(t, tile{"training loss", number(o.record.Epochs[n-1].TrainLoss, 4)})
	}
	return append(t, tile{"training time", duration(o.record.Timing.Train)}, tile{"speed", o.speed()})
}

// headlines are the result of all runs, in a line and in a sentence behind it.
func headlines(outcomes []outcome, names []string, sameRecipe bool) (headline, lead string) {
	if len(outcomes) == 1 {
		o := outcomes[0]
		lead = fmt.Sprintf("%s: %s, %s of training on %s.", names[0], o.course(), duration(o.record.Timing.Train), clean(place(o.record)))
		if b, best := o.best(); best {
			lead += fmt.Sprintf(" The model has the weights of epoch %d, the best.", b.Number)
		}
		return o.result(), lead
	}
	headline = plural(len(outcomes), "run")
	var accuracies []float64
	best := -1
	for i, o := range outcomes {
		if !o.tested() {
			continue
		}
		accuracies = append(accuracies, o.accuracy)
		if best < 0 || o.accuracy > outcomes[best].accuracy {
			best = i
		}
	}
	if best < 0 {
		return headline + ", none of them tested", ""
	}
	least := slices.Min(accuracies)
	headline += fmt.Sprintf(": %s of the test images right", span(least, outcomes[best].accuracy))
	lead = fmt.Sprintf("The best is %s.", names[best])
	if n := len(accuracies); sameRecipe && n > 1 {
		mean, deviation := meanAndDeviation(accuracies)
		lead = fmt.Sprintf("One recipe: mean %s, standard deviation %s over %s. %s", percent(mean, 2), percent(deviation, 2), plural(n, "seed"), lead)
	}
	return headline, lead
}

// span is from one share to another.
func span(from, to float64) string {
	if percent(from, 2) == percent(to, 2) {
		return percent(to, 2)
	}
	return number(100*from, 2) + " to " + percent(to, 2)
}

// meanAndDeviation of several numbers, the deviation over n-1.
func meanAndDeviation(values []float64) (mean, deviation float64) {
	for _, v := range values {
		mean += v / float64(len(values))
	}
	for _, v := range values {
		deviation += (v - mean) * (v - mean) / float64(len(values)-1)
	}
	return mean, math.Sqrt(deviation)
}

// place is what computed.
func place(r fastresnet.Record) string {
	if r.Device == "" {
		return cmp.Or(r.Backend, "an unknown device")
	}
	if r.Devices > 1 {
		return fmt.Sprintf("%s (%d × %s)", r.Backend, r.Devices, r.Device)
	}
	return fmt.Sprintf("%s (%s)", r.Backend, r.Device)
}
