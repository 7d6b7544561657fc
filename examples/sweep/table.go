package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/fastresnet/fastresnet/examples/internal/results"
	"github.com/fastresnet/fastresnet/internal/digits"
	"github.com/fastresnet/fastresnet/internal/terminal"
	"github.com/fastresnet/fastresnet/plot"
	"gonum.org/v1/gonum/stat/distuv"
)

// table is what came of a study, a row a configuration, the best first, and those that lack runs behind them.
type table struct {
	varied   []string // the settings that tell rows apart
	rows     []row
	done     int // runs
	complete bool
	note     string
}

// row is a configuration's runs. Its statistics are those of the runs that did not diverge.
type row struct {
	configuration configuration
	parameters    int // of the network; 0 if no run is done
	accuracies    []float64
	seconds       []float64 // of training
	diverged      int
	missing       int
}

// newTable has a row for every configuration of the study's runs that are known.
func newTable(s *study, runs []trial, more bool, done map[string]outcome) table {
	t := table{varied: s.varied()}
	places := map[string]int{}
	var found []outcome
	for _, r := range runs {
		name := r.configuration.key()
		if _, ok := places[name]; !ok {
			places[name] = len(t.rows)
			t.rows = append(t.rows, row{configuration: r.configuration})
		}
		row := &t.rows[places[name]]
		o, ok := done[r.id]
		if ok {
			found = append(found, o)
			t.done++
			row.parameters = o.Parameters
		}
		switch {
		case !ok:
			row.missing++
		case o.Error != "":
			row.diverged++
		default:
			row.accuracies, row.seconds = append(row.accuracies, float64(o.TestAccuracy)), append(row.seconds, float64(o.TrainSeconds))
		}
	}
	slices.SortStableFunc(t.rows, func(a, b row) int {
		better := cmp.Or(cmp.Compare(a.missing, b.missing), cmp.Compare(b.mean(), a.mean())) // one without any accuracy, NaN, is last
		if s.Halving != nil {
			return cmp.Or(cmp.Compare(b.epochs(), a.epochs()), better) // the last stage first
		}
		return better
	})
	t.complete = t.done == len(runs) && !more
	t.note = note(s, len(runs), more, found)
	return t
}

func (r row) mean() float64 {
	mean, _ := results.MeanStd(r.accuracies)
	return mean
}

// epochs are those of a stage of halving.
func (r row) epochs() float64 {
	epochs, _ := r.configuration[epochsSetting].(float64)
	return epochs
}

// interval is half of the mean's 95 % interval of confidence, by Student's distribution; NaN of fewer than two runs.
func (r row) interval() float64 {
	_, deviation := results.MeanStd(r.accuracies)
	n := float64(len(r.accuracies))
	if n < 2 {
		return math.NaN()
	}
	return distuv.StudentsT{Sigma: 1, Nu: n - 1}.Quantile(0.975) * deviation / math.Sqrt(n)
}

// cells are the texts of the table.
func (t table) cells() terminal.Table {
	var cells terminal.Table
	for _, name := range t.varied {
		cells.Columns = append(cells.Columns, terminal.Column{Name: name, Left: true})
	}
	cells.Columns = append(cells.Columns,
		terminal.Column{Name: "n"}, terminal.Column{Name: "accuracy"}, terminal.Column{Name: "deviation"},
		terminal.Column{Name: "95 % interval"}, terminal.Column{Name: "parameters"}, terminal.Column{Name: "seconds"},
		terminal.Column{Markdown: "note", Left: true})
	for _, r := range t.rows {
		var texts []string
		for _, name := range t.varied {
			texts = append(texts, text(r.configuration[name]))
		}
		_, deviation := results.MeanStd(r.accuracies)
		seconds, _ := results.MeanStd(r.seconds)
		parameters := "-"
		if r.parameters > 0 {
			parameters = digits.Count(r.parameters)
		}
		cells.Rows = append(cells.Rows, append(texts, fmt.Sprint(len(r.accuracies)),
			known("%.2f %%", 100*r.mean()), known("%.2f", 100*deviation), known("± %.2f", 100*r.interval()),
			parameters, known("%.1f", seconds), r.note()))
	}
	return cells
}

// known is a number in a format, "-" if it is not known.
func known(format string, x float64) string {
	if math.IsNaN(x) {
		return "-"
	}
	return fmt.Sprintf(format, x)
}

// note is what the statistics leave out.
func (r row) note() string {
	var parts []string
	if r.diverged > 0 {
		parts = append(parts, fmt.Sprintf("%d diverged", r.diverged))
	}
	if r.missing > 0 {
		parts = append(parts, fmt.Sprintf("%d missing", r.missing))
	}
	return strings.Join(parts, ", ")
}

// note says below the table what was run.
func note(s *study, runs int, more bool, found []outcome) string {
	var sets, places []string
	for _, o := range found {
		sets, places = append(sets, o.Data), append(places, results.Place(o.Backend, o.Device))
	}
	slices.Sort(sets)
	slices.Sort(places)
	missing := ""
	if n := runs - len(found); n > 0 {
		missing = fmt.Sprintf(", %d missing", n)
	}
	if more {
		missing += ", and further stages"
	}
	on := ""
	if len(places) > 0 {
		on = fmt.Sprintf(" of %s, on %s", strings.Join(slices.Compact(sets), ", "), strings.Join(slices.Compact(places), ", "))
	}
	return fmt.Sprintf(`All: %v.
%s%s%s.
Accuracy: mean over n runs, on %s. Deviation: standard, over n-1. Interval: of the mean, by Student's distribution.
Seconds: of training, mean.
`, configuration(s.Settings), digits.Plural(len(found), "run"), on, missing, s.tested())
}

// text is the table for a terminal of a width, 0 for none, and the note below it.
func (t table) text(width int) string { return t.cells().Text(width) + "\n" + t.note }

// markdown is the table and the note below it.
func (t table) markdown() string { return t.cells().Markdown() + "\n" + t.note }

// chart is the accuracies as bars, with their intervals. The title names the settings whose values name the bars.
func (t table) chart() plot.Figure {
	const most = 50
	var bars []plot.Bar
	for _, r := range t.rows[:min(len(t.rows), most)] {
		var values []string
		for _, name := range t.varied {
			values = append(values, text(r.configuration[name]))
		}
		bar := plot.Bar{Name: strings.Join(values, ", "), Value: 100 * r.mean()}
		if half := r.interval(); !math.IsNaN(half) {
			bar.Deviation = 100 * half
		}
		bars = append(bars, bar)
	}
	return plot.Bars(strings.TrimSuffix("accuracy, %, by "+strings.Join(t.varied, ", "), ", by "), bars...)
}
