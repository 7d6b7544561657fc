package main

import (
	"fmt"
	"math"
	"strings"
	"text/tabwriter"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/examples/internal/results"
)

// tableHeader is the first line of a run's table, in the columns of tableRow.
const tableHeader = "epoch      lr  train loss  train acc  test loss  test acc  seconds"

// tableRow is the line of an epoch. Seconds are how long its training took. A note says that the epoch was
// not trained or tested to its end; there are no test figures then.
func tableRow(e fastresnet.Epoch, note string) string {
	test := fmt.Sprintf("%9.4f  %6.2f %%", e.TestLoss, 100*e.TestAccuracy)
	if note != "" {
		test, note = fmt.Sprintf("%9s  %8s", "-", "-"), "  "+note
	}
	loss := fmt.Sprintf("%.4f", e.TrainLoss)
	if math.IsNaN(e.TrainLoss) || math.IsInf(e.TrainLoss, 0) { // it diverged
		loss = "-"
	}
	return fmt.Sprintf("%5d  %6.4f  %10s  %7.2f %%  %s  %7.1f%s",
		e.Number, e.Rate, loss, 100*e.TrainAccuracy, test, e.TrainTime.Seconds(), note)
}

// recipeTable is one line a recipe. Those of the series are numbered as its rungs.
func recipeTable(recipes []fastresnet.Recipe) string {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "rung\trecipe\twidth\tbatch\tepochs\tpeak lr\taccuracy\ttime\tdescription")
	rungs := len(fastresnet.Ladder()) // they come first
	for i, r := range recipes {
		rung := "-"
		if i < rungs {
			rung = fmt.Sprint(i + 1)
		}
		accuracy, time := results.Published(r.Published)
		if r.Published.Seconds > 0 {
			time += " on " + r.Published.Hardware
		}
		fmt.Fprintf(w, "%4s\t%s\t%5d\t%5d\t%6d\t%.4g\t%s\t%s\t%s\n", rung, r.Name, r.Design.Width, r.BatchSize, r.Epochs,
			r.Schedule.Peak(), accuracy, time, r.Description)
	}
	w.Flush()
	return text.String() + "\naccuracy and time: as published\n"
}
