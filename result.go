package fastresnet

// Result is what a run of [Train] made: the model, and the record of how it came about.
type Result struct {
	// Model is the network with the weights of the run's end.
	Model *Model
	Record
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
