package main

import (
	"fmt"
	"math"

	"github.com/fastresnet/fastresnet/examples/internal/results"
	"github.com/fastresnet/fastresnet/internal/digits"
)

// accuracies are the test accuracies of the runs that came to their end.
func accuracies(runs []results.Run) []float64 {
	var a []float64
	for _, r := range runs {
		if r.Error == "" {
			a = append(a, float64(r.TestAccuracy))
		}
	}
	return a
}

// summary is the last line: what came of the runs.
func summary(runs []results.Run) string {
	last := runs[len(runs)-1]
	where := results.Place(last.Backend, last.Device)
	if len(runs) > 1 {
		var speed, seconds float64
		for _, r := range runs {
			speed += float64(r.ImagesPerSecond) / float64(len(runs))
			seconds += float64(r.TotalSeconds)
		}
		return fmt.Sprintf("%s; %.1f s; %s images/s on %s", spread(accuracies(runs)), seconds, digits.Count(int(speed)), where)
	}
	accuracy := "not tested"
	if !math.IsNaN(float64(last.TestAccuracy)) {
		accuracy = fmt.Sprintf("test accuracy %.2f %%", 100*last.TestAccuracy)
		if n := len(last.Epochs); n > 0 && last.Epochs[n-1].Partial {
			accuracy += fmt.Sprintf(" before epoch %d", last.Epochs[n-1].Number)
		}
	}
	speed := "" // unknown after a single step
	if last.ImagesPerSecond > 0 {
		speed = fmt.Sprintf("%s images/s ", digits.Count(int(last.ImagesPerSecond)))
	}
	return fmt.Sprintf("%s; %.1f s, of which %.1f s training; %son %s", accuracy, last.TotalSeconds, last.TrainSeconds, speed, where)
}

// spread is the mean and standard deviation of accuracies.
func spread(accuracies []float64) string {
	mean, std := results.MeanStd(accuracies)
	switch n := len(accuracies); n {
	case 0:
		return "no run came to its end"
	case 1:
		return fmt.Sprintf("test accuracy %.2f %% (n = 1)", 100*mean)
	default:
		return fmt.Sprintf("test accuracy %.2f %% ± %.2f %% (n = %d)", 100*mean, 100*std, n)
	}
}
