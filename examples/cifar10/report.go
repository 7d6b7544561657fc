package main

import "github.com/fastresnet/fastresnet/examples/internal/results"

// series is what -json says about several runs. Mean and standard deviation, over n-1, are of the test
// accuracies of the runs that came to their end; null of too few.
type series struct {
	Runs []results.Run  `json:"runs"`
	Mean results.Number `json:"mean"`
	Std  results.Number `json:"std"`
}

// newSeries puts runs together.
func newSeries(runs []results.Run) series {
	mean, std := results.MeanStd(accuracies(runs))
	return series{Runs: runs, Mean: results.Number(mean), Std: results.Number(std)}
}

// content is what -json writes of the runs, of which a number was asked for: one as it is, several as a series.
func content(runs []results.Run, asked int) any {
	if asked == 1 {
		return runs[0]
	}
	return newSeries(runs)
}
