package main

import (
	"fmt"
	"math"
	"path/filepath"
	"strings"

	"github.com/fastresnet/fastresnet/examples/internal/terminal"
)

// accuracies are the test accuracies of the runs that came to their end.
func accuracies(reports []report) []float64 {
	var a []float64
	for _, r := range reports {
		if r.Error == "" {
			a = append(a, float64(r.TestAccuracy))
		}
	}
	return a
}

// summary is the last line: what came of the runs.
func summary(reports []report) string {
	last := reports[len(reports)-1]
	where := place(last.Backend, last.Device)
	if len(reports) > 1 {
		var speed, seconds float64
		for _, r := range reports {
			speed += float64(r.ImagesPerSecond) / float64(len(reports))
			seconds += float64(r.TotalSeconds)
		}
		return fmt.Sprintf("%s; %.1f s; %s images/s on %s", spread(accuracies(reports)), seconds, terminal.Count(int(speed)), where)
	}
	accuracy := "not tested"
	if !math.IsNaN(float64(last.TestAccuracy)) {
		accuracy = fmt.Sprintf("test accuracy %.2f %%", 100*last.TestAccuracy)
	}
	speed := "" // unknown after a single step
	if last.ImagesPerSecond > 0 {
		speed = fmt.Sprintf("%s images/s ", terminal.Count(int(last.ImagesPerSecond)))
	}
	return fmt.Sprintf("%s; %.1f s, of which %.1f s training; %son %s", accuracy, last.TotalSeconds, last.TrainSeconds, speed, where)
}

// place names what computed: the backend and the device, without the folder of a plugin named by its path.
func place(backend, device string) string {
	text := fmt.Sprintf("%s (%s)", backend, device)
	if _, plugin, _ := strings.Cut(backend, ":"); filepath.IsAbs(plugin) {
		text = strings.ReplaceAll(text, plugin, filepath.Base(plugin))
	}
	return text
}

// spread is the mean and standard deviation of accuracies.
func spread(accuracies []float64) string {
	mean, std := meanStd(accuracies)
	switch n := len(accuracies); n {
	case 0:
		return "no run came to its end"
	case 1:
		return fmt.Sprintf("test accuracy %.2f %% (n = 1)", 100*mean)
	default:
		return fmt.Sprintf("test accuracy %.2f %% ± %.2f %% (n = %d)", 100*mean, 100*std, n)
	}
}

// meanStd are the mean of numbers, NaN of none, and their standard deviation over n-1, NaN of fewer
// than two.
func meanStd(numbers []float64) (mean, std float64) {
	n := float64(len(numbers))
	for _, x := range numbers {
		mean += x / n
	}
	if len(numbers) == 0 {
		mean = math.NaN()
	}
	var squares float64
	for _, x := range numbers {
		squares += (x - mean) * (x - mean)
	}
	if len(numbers) < 2 {
		return mean, math.NaN()
	}
	return mean, math.Sqrt(squares / (n - 1))
}
