package report

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/fastresnet/fastresnet/internal/digits"
)

// comparison is what came of several runs, side by side.
func comparison(outcomes []outcome) []setting {
	return side(outcomes, []fact{
		{"test accuracy", outcome.accuracyText},
		{"test loss", outcome.lossText},
		{"course", outcome.course},
		{"training time", func(o outcome) string { return duration(o.record.Timing.Train) }},
		{"speed", outcome.speed},
	})
}

// facts are where the time went, on what.
func facts(outcomes []outcome) []setting {
	all := side(outcomes, []fact{
		{"training", func(o outcome) string { return duration(o.record.Timing.Train) }},
		{"compiling", func(o outcome) string { return duration(o.record.Timing.Compile) }},
		{"preparing", func(o outcome) string { return duration(o.record.Timing.Prepare) }},
		{"all of it, tests included", func(o outcome) string { return duration(o.record.Timing.Total) }},
		{"speed after the first step", outcome.speed},
		{"computed on", func(o outcome) string { return clean(place(o.record)) }},
		{"precision", func(o outcome) string { return string(o.record.Precision) }},
		{"seed", func(o outcome) string { return fmt.Sprint(o.record.Seed) }},
		{"training images", func(o outcome) string { return digits.Count(o.record.TrainImages) }},
		{"test images", func(o outcome) string { return digits.Count(o.record.TestImages) }},
		{"weights", outcome.weights},
		{"started from", func(o outcome) string {
			if s := o.record.WarmStart; s != nil {
				return clean(fmt.Sprintf("%s, seed %d, after %s (weights %s)", s.Recipe, s.Seed, plural(s.Epochs, "epoch"), s.Fingerprint))
			}
			return ""
		}},
		{"resumed from", func(o outcome) string { return clean(o.record.ResumedFrom) }},
		{"passed over", func(o outcome) string { return clean(strings.Join(o.record.PassedOver, "; ")) }},
	})
	return all
}

// fact is a figure of a run, "" if it has none.
type fact struct {
	name string
	of   func(outcome) string
}

// side puts facts side by side, those that any run has.
func side(outcomes []outcome, all []fact) (rows []setting) {
	for _, f := range all {
		row, known := setting{Name: f.name}, false
		for _, o := range outcomes {
			value := f.of(o)
			known = known || value != ""
			if value == "" {
				value = none
			}
			row.Values = append(row.Values, value)
		}
		if known {
			rows = append(rows, row)
		}
	}
	return rows
}

// writer is the program that writes the page, and what it is made of.
func writer() string {
	text := fmt.Sprintf("%s, %s/%s, %s", runtime.Version(), runtime.GOOS, runtime.GOARCH, plural(runtime.GOMAXPROCS(0), "CPU"))
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return text
	}
	for _, module := range append(info.Deps, &info.Main) {
		switch module.Path {
		case "github.com/fastresnet/fastresnet", "github.com/gomlx/gomlx", "github.com/gomlx/go-xla":
			if module.Version != "" {
				text += ", " + module.Path[strings.LastIndex(module.Path, "/")+1:] + " " + module.Version
			}
		}
	}
	return text
}
