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

// view prints the runs as they go, one line each.
type view struct {
	progress.Display
	stdout     io.Writer
	quiet      bool
	run        int // from 1
	introduced bool
}

func newView(quiet bool, stdout, stderr io.Writer) *view {
	return &view{Display: progress.Display{Bar: program.BarWriter(stdout, stderr)}, stdout: stdout, quiet: quiet}
}

// begin says how much there is to do. The time left is that of all runs, as if each took as long as those that there have been.
func (v *view) begin(missing, wanted int) {
	v.Runs = missing
	if !v.quiet && missing < wanted {
		fmt.Fprintf(v.stdout, "%d of %d runs are in the results file already\n", wanted-missing, wanted)
	}
}

// startRun begins a run, and is what shows its progress.
func (v *view) startRun(s step) fastresnet.Option {
	v.run++
	if v.quiet {
		return nil
	}
	v.Prefix = fmt.Sprintf("rung %d, run %d/%d: ", s.rung, v.run, v.Runs)
	v.Wait("compiling")
	return fastresnet.WithProgress(v.Observer())
}

// onDevice says once what computes.
func (v *view) onDevice(r *fastresnet.Result) {
	if v.quiet || v.introduced {
		return
	}
	v.introduced = true
	v.Clear()
	fmt.Fprintf(v.stdout, "%s to do; on %s\n", digits.Plural(v.Runs, "run"), results.Place(r.Backend, r.Device))
	fmt.Fprint(v.stdout, results.PassedOver(r.Record))
}

// result prints the line of a run.
func (v *view) result(r rungRun) {
	if v.quiet {
		return
	}
	outcome := fmt.Sprintf("test accuracy %5.2f %%", 100*r.TestAccuracy)
	if r.Error != "" {
		outcome = r.Error
	}
	fmt.Fprintf(v.stdout, "rung %2d  %-14s seed %d  %s; %.1f s, of which %.1f s training%s\n", r.Rung, r.Recipe, r.Seed, outcome,
		r.TotalSeconds, r.TrainSeconds, results.Speed(r.ImagesPerSecond))
}
