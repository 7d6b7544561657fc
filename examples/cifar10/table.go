package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/fastresnet/fastresnet"
)

// tableHeader is the first line of a run's table, in the columns of tableRow.
const tableHeader = "epoch      lr  train loss  train acc  test loss  test acc  seconds"

// tableRow is the line of an epoch. Seconds are those of its training. A note says that the epoch was
// not trained or tested to its end; there are no test figures then.
func tableRow(e fastresnet.Epoch, note string) string {
	test := fmt.Sprintf("%9.4f  %6.2f %%", e.TestLoss, 100*e.TestAccuracy)
	if note != "" {
		test, note = fmt.Sprintf("%9s  %8s", "-", "-"), "  "+note
	}
	return fmt.Sprintf("%5d  %6.4f  %10.4f  %7.2f %%  %s  %7.1f%s",
		e.Number, e.Rate, e.TrainLoss, 100*e.TrainAccuracy, test, e.TrainTime.Seconds(), note)
}

// recipeTable is one line a recipe.
func recipeTable(recipes []fastresnet.Recipe) string {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "recipe\twidth\tbatch\tepochs\tpeak lr\tpublished\tdescription")
	for _, r := range recipes {
		p := r.Published
		published := "-"
		if p != (fastresnet.Published{}) {
			published = fmt.Sprintf("%.2f %%, %g s on %s", 100*p.Accuracy, p.Seconds, p.Hardware)
		}
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%.4g\t%s\t%s\n", r.Name, r.Width, r.BatchSize, r.Epochs, r.Schedule.Peak(), published, r.Description)
	}
	w.Flush()
	return text.String()
}
