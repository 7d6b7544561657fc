package main

import (
	"fmt"
	"io"
	"path/filepath"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/examples/internal/results"
	"github.com/fastresnet/fastresnet/examples/internal/terminal"
)

// view prints the runs as they go: a description, and a table with a row an epoch.
type view struct {
	stdout   io.Writer
	quiet    bool
	runs     int
	progress *terminal.Progress
	run      int // counted from 1
	rows     int // of the run's table
}

func newView(s *settings, stdout, stderr io.Writer) *view {
	return &view{stdout: stdout, quiet: s.quiet, runs: s.runs, progress: terminal.NewProgress(s.runs, stdout, stderr)}
}

// startRun says only that something goes on: the backend is not known, and the options may be wrong.
func (v *view) startRun(run int) {
	v.run, v.rows = run, 0
	if !v.quiet {
		v.progress.Start("compiling")
	}
}

// start prints what runs on what, and the head of the table.
func (v *view) start(r *fastresnet.Result) {
	v.rows = len(r.Epochs)
	if v.quiet {
		return
	}
	v.progress.Clear()
	if v.runs > 1 {
		fmt.Fprintf(v.stdout, "run %d of %d, seed %d: ", v.run, v.runs, r.Seed)
	}
	fmt.Fprintf(v.stdout, "%s: width %d, batch %d, epochs %d; %s parameters\n",
		r.Recipe.Name, r.Recipe.Design.Width, r.Recipe.BatchSize, r.Recipe.Epochs, terminal.Count(r.Model.Network().Parameters()))
	fmt.Fprintf(v.stdout, "%s training and %s test images; on %s\n",
		terminal.Count(r.TrainImages), terminal.Count(r.TestImages), results.Place(r.Backend, r.Device))
	for _, why := range r.PassedOver {
		fmt.Fprintf(v.stdout, "passed over: %s\n", why)
	}
	for _, warning := range r.Warnings {
		fmt.Fprintf(v.stdout, "warning: %s\n", warning)
	}
	if r.ResumedFrom != "" {
		fmt.Fprintf(v.stdout, "resumed from %s\n", filepath.Base(r.ResumedFrom))
	}
	fmt.Fprintln(v.stdout, results.EpochHeader)
	for _, e := range r.Epochs {
		fmt.Fprintln(v.stdout, results.EpochRow(e, ""))
	}
}

// epoch prints a row of the table.
func (v *view) epoch(e fastresnet.Epoch) {
	v.rows++
	if v.quiet {
		return
	}
	v.progress.Clear()
	fmt.Fprintln(v.stdout, results.EpochRow(e, ""))
}

// endRun prints the row of an epoch that did not come to its end.
func (v *view) endRun(r *fastresnet.Result) {
	v.progress.Clear()
	if r == nil || v.quiet {
		return
	}
	for _, e := range r.Epochs[v.rows:] {
		note := "not tested"
		if e.Partial {
			note = fmt.Sprintf("after %s images", terminal.Count(e.Images))
		}
		fmt.Fprintln(v.stdout, results.EpochRow(e, note))
	}
}
