package progress

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/fastresnet/fastresnet"
)

// column is one of the table of epochs.
type column struct {
	name string // as wide as the column
	cell func(fastresnet.Epoch) string
	test bool // only for runs with a test set
}

const columnGap = 2

var allColumns = []column{
	{"epoch", func(e fastresnet.Epoch) string { return fmt.Sprint(e.Number) }, false},
	{"    lr", func(e fastresnet.Epoch) string { return rate(e.Rate) }, false},
	{"train loss", func(e fastresnet.Epoch) string { return loss(e.TrainLoss) }, false},
	{"train acc", func(e fastresnet.Epoch) string { return percent(e.TrainAccuracy) }, false},
	{"test loss", func(e fastresnet.Epoch) string { return ifTested(e, loss(e.TestLoss)) }, true},
	{"test acc", func(e fastresnet.Epoch) string { return ifTested(e, percent(e.TestAccuracy)) }, true},
	{"seconds", func(e fastresnet.Epoch) string { return fmt.Sprintf("%.1f", e.TrainTime.Seconds()) }, false},
}

// dispensable are the columns that a narrow terminal does without, the first one first.
var dispensable = []string{"    lr", "seconds", "train acc", "test loss", "train loss"}

// fitting are the columns for a width, 0 for any.
func fitting(width int, tests bool) []column {
	fit := slices.DeleteFunc(slices.Clone(allColumns), func(c column) bool { return c.test && !tests })
	for _, name := range dispensable {
		if width == 0 || len(head(fit)) <= width {
			break
		}
		fit = slices.DeleteFunc(fit, func(c column) bool { return c.name == name })
	}
	return fit
}

// head is the first line of a table.
func head(columns []column) string {
	return line(columns, func(c column) string { return c.name })
}

// row is the line of an epoch.
func row(columns []column, e fastresnet.Epoch) string {
	return line(columns, func(c column) string { return c.cell(e) })
}

func line(columns []column, text func(column) string) string {
	var cells []string
	for _, c := range columns {
		cells = append(cells, fmt.Sprintf("%*s", len(c.name), text(c)))
	}
	return strings.Join(cells, strings.Repeat(" ", columnGap))
}

// loss is "-" if the run diverged.
func loss(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "-"
	}
	return fmt.Sprintf("%.4f", v)
}

// rate is a learning rate: in one digit where decimals would leave none.
func rate(v float64) string {
	if v > 0 && v < 1e-4 {
		return fmt.Sprintf("%.0e", v)
	}
	return fmt.Sprintf("%.4f", v)
}

func percent(share float64) string { return fmt.Sprintf("%.2f %%", 100*share) }

func ifTested(e fastresnet.Epoch, text string) string {
	if !e.Tested {
		return "-"
	}
	return text
}

// conclusion is what the table does not show of a run: why it ended before its last epoch, and of which epoch the model is. It is ""
// if all epochs were trained, and the model is that of the last one.
func conclusion(r *fastresnet.Result) string {
	var parts []string
	if r.Stopped != fastresnet.NotStopped {
		parts = append(parts, fmt.Sprintf("stopped after %d of %d epochs: %s", len(r.Epochs), r.Recipe.Epochs, r.Stopped))
	}
	if b := r.BestEpoch; b > 0 {
		parts = append(parts, fmt.Sprintf("the model is that of epoch %d, the best: %s", b, percent(r.TestAccuracy())))
	}
	return strings.Join(parts, "; ")
}
