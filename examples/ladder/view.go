package main

import (
	"fmt"
	"io"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/examples/internal/results"
	"github.com/fastresnet/fastresnet/examples/internal/terminal"
)

// view prints the runs as they go, one line each.
type view struct {
	stdout, stderr io.Writer
	quiet          bool
	progress       *terminal.Progress
	run, runs      int // from 1
	introduced     bool
}

func newView(quiet bool, stdout, stderr io.Writer) *view {
	return &view{stdout: stdout, stderr: stderr, quiet: quiet}
}

// begin says how much there is to do.
func (v *view) begin(missing, wanted int) {
	v.runs = missing
	if !v.quiet && missing < wanted {
		fmt.Fprintf(v.stdout, "%d of %d runs are in the results file already\n", wanted-missing, wanted)
	}
}

// startRun begins a run, and returns what shows its progress, nil for nothing.
func (v *view) startRun(s step) func(fastresnet.Progress) {
	v.run++
	// A new one for each run, as the rungs take different times.
	v.progress = terminal.NewProgress(1, v.stdout, v.stderr)
	if v.quiet {
		return nil
	}
	v.progress.Prefix = fmt.Sprintf("rung %d, run %d/%d: ", s.rung, v.run, v.runs)
	v.progress.Start("compiling")
	return v.progress.Step
}

// onDevice says once what computes.
func (v *view) onDevice(r *fastresnet.Result) {
	if v.quiet || v.introduced {
		return
	}
	v.introduced = true
	v.progress.Clear()
	fmt.Fprintf(v.stdout, "%s to do; on %s\n", terminal.Plural(v.runs, "run"), results.Place(r.Backend, r.Device))
	for _, why := range r.PassedOver {
		fmt.Fprintf(v.stdout, "passed over: %s\n", why)
	}
}

// endRun takes the progress off the screen.
func (v *view) endRun() { v.progress.Clear() }

// result prints the line of a run.
func (v *view) result(r rungRun) {
	if v.quiet {
		return
	}
	outcome := fmt.Sprintf("test accuracy %5.2f %%", 100*r.TestAccuracy)
	if r.Error != "" {
		outcome = r.Error
	}
	fmt.Fprintf(v.stdout, "rung %2d  %-14s seed %d  %s; %.1f s, of which %.1f s training; %s images/s\n", r.Rung, r.Recipe, r.Seed, outcome,
		r.TotalSeconds, r.TrainSeconds, terminal.Count(int(r.ImagesPerSecond)))
}
