package main

import (
	"fmt"
	"math"

	"github.com/fastresnet/fastresnet/examples/internal/results"
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
		seconds := 0.
		var speeds []float64 // those that are known: one that is told again from its checkpoint has none
		for _, r := range runs {
			seconds += float64(r.TotalSeconds)
			if speed := float64(r.ImagesPerSecond); !math.IsNaN(speed) {
				speeds = append(speeds, speed)
			}
		}
		speed, _ := results.MeanStd(speeds)
		return fmt.Sprintf("%s; %.1f s%s on %s", spread(accuracies(runs)), seconds, results.Speed(results.Number(speed)), where)
	}
	accuracy := "not tested"
	if !math.IsNaN(float64(last.TestAccuracy)) {
		accuracy = fmt.Sprintf("test accuracy %.2f %%", 100*last.TestAccuracy)
		if n := len(last.Epochs); n > 0 && last.Epochs[n-1].Partial {
			accuracy += fmt.Sprintf(" before epoch %d", last.Epochs[n-1].Number)
		}
	}
	return fmt.Sprintf("%s; %.1f s, of which %.1f s training%s on %s", accuracy, last.TotalSeconds, last.TrainSeconds,
		results.Speed(last.ImagesPerSecond), where)
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
