package main

import (
	"math"

	"github.com/fastresnet/fastresnet/examples/internal/results"
	"github.com/fastresnet/fastresnet/plot"
)

// chart is the accuracies as bars, beside those that were published.
func (t table) chart() plot.Figure {
	var bars []plot.Bar
	for _, r := range t.rows {
		mean, deviation := results.MeanStd(r.accuracies)
		if math.IsNaN(deviation) {
			deviation = 0 // of one run
		}
		bars = append(bars, plot.Bar{
			Name: r.recipe.Name, Value: 100 * mean, Deviation: 100 * deviation, Published: 100 * r.recipe.Published.Accuracy,
		})
	}
	return plot.Bars("test accuracy, %", bars...)
}
