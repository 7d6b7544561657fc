package main

import (
	"fmt"
	"io"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/examples/internal/results"
	"github.com/fastresnet/fastresnet/examples/internal/terminal"
)

// view prints the run as it goes: a description, and a table of some of its epochs.
type view struct {
	stdout   io.Writer
	progress *terminal.Progress
	every    int // epochs for a row
	epochs   int
}

func newView(stdout, stderr io.Writer) *view {
	return &view{stdout: stdout, progress: terminal.NewProgress(1, stdout, stderr)}
}

// start prints what runs on what, and the head of the table.
func (v *view) start(r *fastresnet.Result) {
	const rows = 10
	v.epochs = r.Recipe.Epochs
	v.every = (v.epochs + rows - 1) / rows
	v.progress.Clear()
	fmt.Fprintf(v.stdout, "training on %s pictures, %s held out, width %d, batch %d, %s; on %s\n",
		terminal.Count(r.TrainImages), terminal.Count(r.TestImages), r.Recipe.Design.Width, r.Recipe.BatchSize,
		terminal.Plural(v.epochs, "epoch"), results.Place(r.Backend, r.Device))
	if s := r.WarmStart; s != nil {
		fmt.Fprintf(v.stdout, "started from %s after %s: %d variables taken, %d anew\n", s.Recipe, terminal.Plural(s.Epochs, "epoch"), len(s.Taken), len(s.Anew))
	}
	for _, warning := range r.Warnings {
		fmt.Fprintf(v.stdout, "warning: %s\n", warning)
	}
	if v.every > 1 {
		fmt.Fprintf(v.stdout, "one in %d epochs:\n", v.every)
	}
	fmt.Fprintln(v.stdout, results.EpochHeader)
}

// epoch prints a row of the table, of every few epochs.
func (v *view) epoch(e fastresnet.Epoch) {
	if e.Number%v.every == 0 || e.Number == v.epochs {
		v.progress.Clear()
		fmt.Fprintln(v.stdout, results.EpochRow(e, ""))
	}
}
