package fastresnet

// Result is what a run of [Train] made: the model, and the record of how it came about.
type Result struct {
	// Model is the network with the weights of the run's end, or with [WithBestWeights] those of its best epoch.
	Model *Model
	Record
}
