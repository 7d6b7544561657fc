package main

import (
	"fmt"
	"io"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/examples/internal/program"
	"github.com/fastresnet/fastresnet/examples/internal/results"
	"github.com/fastresnet/fastresnet/internal/terminal"
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

// observe begins a run, and is what shows it.
func (v *view) observe(r trial) fastresnet.Option {
	started := fastresnet.Observer{Start: func(result *fastresnet.Result) {
		v.Clear()
		v.introduce(result)
		if n := len(result.Epochs); n > 0 || result.ResumedFrom != "" {
			v.say(r, "resumed", "after "+terminal.Plural(n, "epoch"))
			return
		}
		v.say(r, "started", "")
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
	fmt.Fprintf(v.stdout, "%s to do; on %s\n", terminal.Plural(v.runs, "run"), results.Place(r.Backend, r.Device))
	for _, why := range r.PassedOver {
		fmt.Fprintf(v.stdout, "passed over: %s\n", why)
	}
}

// done says what came of a run that is kept.
func (v *view) done(r trial, o outcome) {
	outcome := fmt.Sprintf("test accuracy %.2f %%; %.1f s", 100*o.TestAccuracy, o.TotalSeconds)
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
