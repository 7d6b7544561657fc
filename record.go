package fastresnet

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/digits"
	"github.com/fastresnet/fastresnet/internal/strictjson"
)

// Record is what a run was, and how it went.
//
// It can be written as JSON and read back, and so can a [Result], without its model; of augmentations of the caller's own
// only OwnAugmentations are left then. Unknown fields of the recipe and of epochs are errors.
type Record struct {
	// Weights says which weights the model has, and so what was tested after epochs: the last step's, or
	// their moving average if the recipe asks for one.
	Weights WeightsKind `json:"weights"`
	// Recipe is what ran, with all options applied; its name, description and published figures stay
	// those of the recipe that they were applied to.
	Recipe Recipe `json:"recipe"`
	// OwnAugmentations are those of the recipe's augmentations that are not package data's, in words: by their String
	// method, or else by their type.
	OwnAugmentations []string `json:"own_augmentations,omitempty"`
	// Seed is the run's.
	Seed uint64 `json:"seed"`
	// Backend is what computed, as [WithBackend] names it, and Device describes it.
	Backend string `json:"backend"`
	Device  string `json:"device"`
	// Devices is how many such devices did: see [WithDevices].
	Devices int `json:"devices"`
	// PassedOver says, if the backend was chosen automatically, why each better one was not.
	PassedOver []string `json:"passed_over,omitempty"`
	// Warnings say what of the run's options and data is allowed, and probably not meant, such as a training set of a single
	// class, one that is the test set too, images of another size than those of an initial model, or a learning rate of 0, and
	// what an [Observer] said about its own failure. They name classes with fewer than 10 training images and less than a tenth
	// of those of the largest class, unless there are class weights. The run logs them too.
	Warnings []string `json:"warnings,omitempty"`
	// Precision is the one that the network computed in.
	Precision Precision `json:"precision"`
	// WarmStart is what the run took from another model: see [WithInitialModel]. It is nil for none.
	WarmStart *WarmStart `json:"warm_start,omitempty"`
	// TrainImages and TestImages are the sizes of the sets.
	TrainImages int `json:"train_images"`
	TestImages  int `json:"test_images"`
	// TestEvery is after how many epochs each the run was tested, where [WithTestEvery] said more than 1; else 0.
	TestEvery int `json:"test_every,omitempty"`

	// Epochs is the history, one element an epoch. If the run was cancelled in mid-epoch the last one
	// is Partial.
	Epochs []Epoch `json:"epochs"`
	// BestEpoch is the epoch whose weights the model has, where [WithBestWeights] asked for the best; 0 for the last one's.
	BestEpoch int `json:"best_epoch,omitempty"`
	// Stopped says why the run ended before its last epoch, if it was to: see [WithTargetAccuracy] and
	// [WithEarlyStop].
	Stopped StopReason `json:"stopped,omitempty"`
	// ResumedFrom is the checkpoint's file that the run went on from; "" for one that began anew.
	ResumedFrom string `json:"resumed_from,omitempty"`
	// Timing says where the time went.
	Timing Timing `json:"timing"`
}

// StopReason is why a run ended early.
type StopReason string

// The reasons of a [Record].
const (
	NotStopped    StopReason = ""
	TargetReached StopReason = "target accuracy reached"
	NoImprovement StopReason = "no improvement"
)

// TestAccuracy is the share of the test set that was classified right in the last test, 0 to 1, or in that of the best
// epoch with [WithBestWeights]: by the model as it is, unless the run ended before a later epoch was tested. It is 0 before
// the first test, and without a test set.
func (r Record) TestAccuracy() float64 {
	if b := r.BestEpoch; b > 0 && b <= len(r.Epochs) {
		return r.Epochs[b-1].TestAccuracy
	}
	for i := len(r.Epochs) - 1; i >= 0; i-- {
		if r.Epochs[i].Tested {
			return r.Epochs[i].TestAccuracy
		}
	}
	return 0
}

// WarmStart is what a run took from the model that it started from: see [WithInitialModel].
type WarmStart struct {
	// Recipe is the name of the recipe that made the model, Seed its run's, and Epochs after how many whole epochs the model had
	// these weights.
	Recipe string `json:"recipe"`
	Seed   uint64 `json:"seed"`
	Epochs int    `json:"epochs"`
	// Fingerprint tells models apart: the beginning of their weights' SHA-256, in hexadecimal.
	Fingerprint string `json:"fingerprint"`
	// Taken are the names of the variables whose values are the model's, and Anew those that started anew.
	Taken []string `json:"taken,omitempty"`
	Anew  []string `json:"anew,omitempty"`
}

// WeightsKind says which weights a model has.
type WeightsKind string

// The kinds of a [Record].
const (
	// LastWeights are those after the last step.
	LastWeights WeightsKind = "last"
	// AveragedWeights are the moving average over the steps: see [Averaging].
	AveragedWeights WeightsKind = "averaged"
	// MeanWeights are the mean of several models': see [MeanOfWeights].
	MeanWeights WeightsKind = "mean"
)

// Epoch is one pass over the training set.
type Epoch struct {
	// Number counts from 1.
	Number int `json:"number"`
	// Rate is the learning rate of the last step.
	Rate float64 `json:"rate"`
	// TrainLoss is the mean loss, and TrainAccuracy the share classified right, of the training images
	// as training saw them: augmented, and by the weights of the moment.
	TrainLoss     float64 `json:"train_loss"`
	TrainAccuracy float64 `json:"train_accuracy"`
	// TestLoss and TestAccuracy are measured on the test set after the epoch, if Tested, and 0 if not: there is no test
	// without a test set, after an epoch that [WithTestEvery] leaves out, and after the run was cancelled.
	TestLoss     float64 `json:"test_loss"`
	TestAccuracy float64 `json:"test_accuracy"`
	Tested       bool    `json:"tested"`
	// Images is the number of images trained on.
	Images int `json:"images"`
	// TrainTime is the epoch's training alone. TotalTime is all since Train was called.
	TrainTime time.Duration `json:"train_time_ns"`
	TotalTime time.Duration `json:"total_time_ns"`
	// Partial is set if the run was cancelled within the epoch.
	Partial bool `json:"partial,omitempty"`
}

// Timing says where a run's time went.
type Timing struct {
	// Compile is the compilation of the training and evaluation steps.
	Compile time.Duration `json:"compile_ns"`
	// Prepare is what is done once before the first step, with the backend open and apart from compiling: the
	// initial weights, whitening filters among them, and copying them and the training set, padded, to the
	// device. Its sum with Train is the time by DAWNBench's rule: no test, and all preparation of the data.
	Prepare time.Duration `json:"prepare_ns"`
	// Train is all training steps: no compilation, no test.
	Train time.Duration `json:"train_ns"`
	// Total is the whole call of Train, loading the data set included.
	Total time.Duration `json:"total_ns"`
	// ImagesPerSecond is the speed of training after the run's first step, which pays for much that
	// happens once; 0 if there was no second one. On a GPU a program loads as it first runs, that of several steps
	// ([WithStepsPerDispatch]) not before the fourth step, which is in this speed: of a run that trains for a second
	// or two, an epoch after the first tells more, by its Images and TrainTime.
	ImagesPerSecond float64 `json:"images_per_second"`
}

// String is the time in all, that of training, and its speed if it is known: "45.2 s, of which 42.9 s training; 2,326 images/s".
func (t Timing) String() string {
	text := fmt.Sprintf("%.1f s, of which %.1f s training", t.Total.Seconds(), t.Train.Seconds())
	if t.ImagesPerSecond > 0 {
		text += fmt.Sprintf("; %s images/s", digits.Group(fmt.Sprintf("%.0f", t.ImagesPerSecond)))
	}
	return text
}

// clone is a copy that shares nothing with the record.
func (r Record) clone() Record {
	r.Recipe = r.Recipe.Clone()
	r.OwnAugmentations = slices.Clone(r.OwnAugmentations)
	if r.WarmStart != nil {
		start := *r.WarmStart
		start.Taken, start.Anew = slices.Clone(start.Taken), slices.Clone(start.Anew)
		r.WarmStart = &start
	}
	r.PassedOver, r.Warnings, r.Epochs = slices.Clone(r.PassedOver), slices.Clone(r.Warnings), slices.Clone(r.Epochs)
	return r
}

// MarshalJSON writes all but augmentations that are not package data's.
func (r Record) MarshalJSON() ([]byte, error) {
	r.Recipe.Augmentations = slices.DeleteFunc(slices.Clone(r.Recipe.Augmentations), func(a data.Augmentation) bool {
		_, err := json.Marshal(data.Augmentations{a})
		return err != nil
	})
	type plain Record // without this method
	return json.Marshal(plain(r))
}

// epochJSON has null for a loss that is not finite, which JSON has no number for: a diverged run's.
type epochJSON struct {
	plainEpoch
	TrainLoss *float64 `json:"train_loss"`
	TestLoss  *float64 `json:"test_loss"`
}

type plainEpoch Epoch // without its methods

// MarshalJSON writes a loss that is not finite as null.
func (e Epoch) MarshalJSON() ([]byte, error) {
	orNull := func(v float64) *float64 {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil
		}
		return &v
	}
	return json.Marshal(epochJSON{plainEpoch: plainEpoch(e), TrainLoss: orNull(e.TrainLoss), TestLoss: orNull(e.TestLoss)})
}

// UnmarshalJSON reads a loss that is null as not a number.
func (e *Epoch) UnmarshalJSON(text []byte) error {
	var read epochJSON
	if err := strictjson.Unmarshal(text, &read, "train_loss", "test_loss"); err != nil {
		return err
	}
	orNaN := func(v *float64) float64 {
		if v == nil {
			return math.NaN()
		}
		return *v
	}
	*e = Epoch(read.plainEpoch)
	e.TrainLoss, e.TestLoss = orNaN(read.TrainLoss), orNaN(read.TestLoss)
	return nil
}

// history is the record of a run, which the run writes and its model reads at any time.
type history struct {
	mu     sync.Mutex
	record Record
}

// change has f write to the record.
func (h *history) change(f func(*Record)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f(&h.record)
}

// known is a copy of the record as it is now.
func (h *history) known() Record {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.record.clone()
}

// nullable are the keys of a document and of a checkpoint whose value may be null: a loss that is not finite, the
// stages of a design that has none, the history of a run that has none yet, and a result, whose absence is reported as
// such.
var nullable = []string{"train_loss", "test_loss", "stages", "epochs", "result"}

// weights are those that the model uses.
func (r Recipe) weights() WeightsKind {
	if r.Averaging.Every > 0 {
		return AveragedWeights
	}
	return LastWeights
}
