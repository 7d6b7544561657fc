package fastresnet

import "time"

// Result is what a run of [Train] made: the model and the history.
type Result struct {
	// Model is the network with the weights of the run's end.
	Model *Model
	// Weights says which weights those are, and so what was tested after each epoch: the last step's, or
	// their moving average if the recipe asks for one.
	Weights Weights
	// Recipe is what ran, with all options applied; its name, description and published figures stay
	// those of the recipe that they were applied to.
	Recipe Recipe
	// Seed is the run's.
	Seed uint64
	// Backend is what computed, as [WithBackend] names it, and Device describes it.
	Backend, Device string
	// Devices is how many such devices did: see [WithDevices].
	Devices int
	// PassedOver says, if the backend was chosen automatically, why each better one was not.
	PassedOver []string
	// Precision is the one that the network computed in.
	Precision Precision
	// TrainImages and TestImages are the sizes of the sets, limits applied.
	TrainImages, TestImages int

	// Epochs is the history, one element an epoch. If the run was cancelled in mid-epoch the last one
	// is Partial.
	Epochs []Epoch
	// Stopped says why the run ended before its last epoch, if it was to: see [WithTargetAccuracy] and
	// [WithEarlyStop].
	Stopped StopReason
	// Timing says where the time went.
	Timing Timing
}

// StopReason is why a run ended early.
type StopReason string

// The reasons of a [Result].
const (
	NotStopped    StopReason = ""
	TargetReached StopReason = "target accuracy reached"
	NoImprovement StopReason = "no improvement"
)

// TestAccuracy is the share of the test set that the model classifies right, 0 to 1: the last test's.
// It is 0 before the first test, and without a test set.
func (r *Result) TestAccuracy() float64 {
	for i := len(r.Epochs) - 1; i >= 0; i-- {
		if r.Epochs[i].Tested {
			return r.Epochs[i].TestAccuracy
		}
	}
	return 0
}

// Weights are a kind of weights that a run ends with.
type Weights string

// The kinds of a [Result].
const (
	// LastWeights are those after the last step.
	LastWeights Weights = "last"
	// AveragedWeights are the moving average over the steps: see [Averaging].
	AveragedWeights Weights = "averaged"
)

// Epoch is one pass over the training set.
type Epoch struct {
	// Number counts from 1.
	Number int
	// Rate is the learning rate of the last step.
	Rate float64
	// TrainLoss is the mean loss, and TrainAccuracy the share classified right, of the training images
	// as they came along: augmented, and by the weights of the moment.
	TrainLoss, TrainAccuracy float64
	// TestLoss and TestAccuracy are those of the test set after the epoch, if Tested: there is no test
	// without a test set, and after the run was cancelled.
	TestLoss, TestAccuracy float64
	Tested                 bool
	// Images is the number of images trained on.
	Images int
	// TrainTime is the epoch's training alone. TotalTime is all since Train was called.
	TrainTime, TotalTime time.Duration
	// Partial is set if the run was cancelled within the epoch.
	Partial bool
}

// Timing says where a run's time went.
type Timing struct {
	// Compile is the compilation of the training and evaluation steps.
	Compile time.Duration
	// Prepare is what is done once before the first step, with the backend open and apart from compiling: the
	// initial weights, whitening filters among them, and copying them and the training set, padded, to the
	// device. Its sum with Train is the time by DAWNBench's rule: no test, and all preparation of the data.
	Prepare time.Duration
	// Train is all training steps: no compilation, no test.
	Train time.Duration
	// Total is the whole call of Train, loading the data set included.
	Total time.Duration
	// ImagesPerSecond is the speed of training after the run's first step, which pays for much that
	// happens once; 0 if there was no second one.
	ImagesPerSecond float64
}

// Progress is where a run is, within an epoch. The losses of its steps stay on the device until the
// epoch ends.
type Progress struct {
	// Epoch and Step count from 1, of Epochs and Steps.
	Epoch, Epochs, Step, Steps int
	// Rate is the learning rate of the step.
	Rate float64
	// ImagesPerSecond is the speed of training since the run's second step.
	ImagesPerSecond float64
}

// stopwatch measures training alone.
type stopwatch struct {
	train      time.Duration // all steps
	steady     time.Duration // all but the first
	images     int           // in the steady time
	lastStep   time.Time
	afterFirst bool
}

func (w *stopwatch) start() { w.lastStep = time.Now() }

// step records that a step over this many images has ended.
func (w *stopwatch) step(images int) {
	now := time.Now()
	took := now.Sub(w.lastStep)
	w.train += took
	if w.afterFirst {
		w.steady += took
		w.images += images
	}
	w.lastStep, w.afterFirst = now, true
}

func (w *stopwatch) imagesPerSecond() float64 {
	if w.steady <= 0 {
		return 0
	}
	return float64(w.images) / w.steady.Seconds()
}
