package main

import (
	"fmt"
	"slices"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/examples/internal/results"
)

// table is what was published beside what was measured, a row a rung.
type table struct {
	rows []row
	note string // what was run, in lines that are sentences
}

// row is a rung of the table. Its times are times of training, and its statistics those of the runs that did
// not diverge.
type row struct {
	rung            int
	recipe          fastresnet.Recipe
	accuracies      []float64
	seconds         []float64
	diverged        int
	ratio, measured float64 // of the times: to the rung before; 0 if one of them is not known
}

// newTable has a row for every rung of the recipes that was asked for or has been run.
func newTable(recipes []fastresnet.Recipe, rungs []int, c content) table {
	rungs = slices.Clone(rungs)
	for _, r := range c.Runs {
		rungs = append(rungs, r.Rung)
	}
	slices.Sort(rungs)
	t := table{note: note(recipes, c)}
	for _, rung := range slices.Compact(rungs) {
		row := newRow(rung, recipes[rung-1], c.Runs)
		if rung > 1 {
			before := newRow(rung-1, recipes[rung-2], c.Runs)
			row.ratio = ratio(row.recipe.Published.Seconds, before.recipe.Published.Seconds)
			row.measured = ratio(row.trainSeconds(), before.trainSeconds())
		}
		t.rows = append(t.rows, row)
	}
	return t
}

func newRow(rung int, recipe fastresnet.Recipe, runs []rungRun) row {
	row := row{rung: rung, recipe: recipe}
	for _, r := range runs {
		switch {
		case r.Rung != rung:
		case r.Error != "":
			row.diverged++
		default:
			row.accuracies = append(row.accuracies, float64(r.TestAccuracy))
			row.seconds = append(row.seconds, float64(r.TrainSeconds))
		}
	}
	return row
}

// trainSeconds is the mean, 0 without runs.
func (r row) trainSeconds() float64 {
	if len(r.seconds) == 0 {
		return 0
	}
	mean, _ := results.MeanStd(r.seconds)
	return mean
}

// ratio is 0 unless both numbers are known.
func ratio(now, before float64) float64 {
	if now <= 0 || before <= 0 {
		return 0
	}
	return now / before
}

// cells are the texts of a row, in the order of columns.
func (r row) cells() []string {
	publishedAccuracy, publishedTime := results.Published(r.recipe.Published)
	return []string{
		fmt.Sprint(r.rung), r.recipe.Name, r.recipe.Description,
		publishedAccuracy, r.accuracy(), fmt.Sprint(len(r.accuracies)), publishedTime, known(r.trainSeconds(), "%.1f s"),
		known(r.ratio, "%.2f"), known(r.measured, "%.2f"), r.divergence(),
	}
}

// known is a number in a format, "-" for 0.
func known(x float64, format string) string {
	if x == 0 {
		return "-"
	}
	return fmt.Sprintf(format, x)
}

// accuracy is the measured mean and standard deviation, as far as there are runs for them.
func (r row) accuracy() string {
	mean, std := results.MeanStd(r.accuracies)
	switch len(r.accuracies) {
	case 0:
		return "-"
	case 1:
		return fmt.Sprintf("%.2f %%", 100*mean)
	default:
		return fmt.Sprintf("%.2f ± %.2f %%", 100*mean, 100*std)
	}
}

// divergence is the note on a row.
func (r row) divergence() string {
	if r.diverged == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d diverged", r.diverged, r.diverged+len(r.accuracies))
}
