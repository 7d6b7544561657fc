package fastresnet

// Observer hears how a run of [Train] goes: see [WithProgress]. Any of its functions may be nil, but not all. They are
// called on the goroutine that called Train, which waits for them; their time does not count as training's. What they
// are given is theirs to change, but for the model, which is the run's own: closing it ends the run. A panic in one ends
// the run with an error that wraps [ErrInternal]. Package fastresnet/progress has observers for terminals, files and
// TensorBoard.
//
// Whoever observes several runs, one after the other, can tell them apart by their starts and ends.
type Observer struct {
	// Start is called once, before the first step, with what is known by then: the backend, the sizes, the times of
	// compiling and preparing, and a model with its initial weights; of a run that goes on from a checkpoint with that one's
	// weights, and the epochs before it. It is not called if the run cannot start.
	Start func(*Result)
	// Step is called after every step, or after several where [WithStepsPerDispatch] takes them together.
	Step func(Progress)
	// Epoch is called after every whole epoch, trained and, where that was due, tested; of one that was cut short only the
	// result tells.
	Epoch func(Epoch)
	// End is called once for a run whose start was told, however it ended, with what Train is about to return: the result
	// may be nil if there is an error. What it returns, such as that a file could not be written, becomes one of the
	// result's Warnings, and is logged as such: it is no error of the run.
	End func(*Result, error) error
}

// Progress is where a run is, within an epoch.
type Progress struct {
	// Epoch and Step count from 1, of Epochs and Steps.
	Epoch, Epochs, Step, Steps int
	// Taken is how many steps the run has taken in all, of Total.
	Taken, Total int
	// Rate is the learning rate of the step.
	Rate float64
	// Loss is the mean loss of the images that the epoch has trained on so far, augmented and by the weights of the
	// moment: after the last step it is the epoch's TrainLoss. It is NaN on XLA, where losses stay on the device until
	// the epoch ends, since reading them would make the device wait: see [WithLossEvery].
	Loss float64
	// ImagesPerSecond is the speed of training since the run's second step; 0 before that.
	ImagesPerSecond float64
}

func (o Observer) empty() bool {
	return o.Start == nil && o.Step == nil && o.Epoch == nil && o.End == nil
}

// end calls End, if there is one.
func (o Observer) end(result *Result, err error) (failed, panicked error) {
	defer guard(&panicked)
	if o.End == nil {
		return nil, nil
	}
	return o.End(result, err), nil
}
