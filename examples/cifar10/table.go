package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/examples/internal/results"
)

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
