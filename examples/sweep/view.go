package main

import (
	"fmt"
	"io"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/examples/internal/program"
	"github.com/fastresnet/fastresnet/examples/internal/results"
	"github.com/fastresnet/fastresnet/internal/digits"
	"github.com/fastresnet/fastresnet/progress"
)

// view prints a line when a run begins, goes on, and ends, and shows its progress between.
type view struct {
	progress.Display
	stdout     io.Writer
	quiet      bool
	varied     []string
	run, runs  int // from 1
	introduced bool
}

func newView(quiet bool, varied []string, stdout, stderr io.Writer) *view {
	return &view{Display: progress.Display{Bar: program.BarWriter(stdout, stderr)}, stdout: stdout, quiet: quiet, varied: varied}
}

// begin says how much there is to do.
func (v *view) begin(runs int, more bool) {
	v.runs = runs
	further := ""
	if more {
		further = ", and further stages"
	}
	fmt.Fprintf(v.stdout, "%s to do%s\n", digits.Plural(runs, "run"), further)
}

// observe begins a run, and is what shows it.
func (v *view) observe(r trial) fastresnet.Option {
	started := fastresnet.Observer{Start: func(result *fastresnet.Result) {
		v.Clear()
		v.introduce(result)
		if result.ResumedFrom != "" {
			v.say(r, "resumed", fmt.Sprintf("in epoch %d", min(len(result.Epochs)+1, result.Recipe.Epochs)))
		} else {
			v.say(r, "started", "")
		}
	}}
	if v.quiet {
		return fastresnet.WithProgress(started)
	}
	v.Prefix = fmt.Sprintf("run %d/%d: ", v.run, v.runs)
	v.Wait("compiling")
	return fastresnet.WithProgress(started, v.Observer())
}

// introduce says once what computes.
func (v *view) introduce(r *fastresnet.Result) {
	if v.introduced {
		return
	}
	v.introduced = true
	fmt.Fprintf(v.stdout, "on %s\n", results.Place(r.Backend, r.Device))
	if !v.quiet {
		fmt.Fprint(v.stdout, results.PassedOver(r.Record))
	}
}

// done says what came of a run that is kept.
func (v *view) done(r trial, o outcome) {
	outcome := fmt.Sprintf("accuracy %.2f %%; %.1f s", 100*o.TestAccuracy, o.TotalSeconds)
	if o.Error != "" {
		outcome = o.Error
	}
	v.say(r, "done", outcome)
}

// say prints a line about a run.
func (v *view) say(r trial, what, more string) {
	if more != "" {
		more = ": " + more
	}
	fmt.Fprintf(v.stdout, "%s  %-7s  %s%s\n", r.id, what, r.of(v.varied), more)
}
