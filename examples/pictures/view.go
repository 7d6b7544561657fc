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

// view prints the run as it goes: a description, and a table of some of its epochs.
type view struct {
	progress.Display
	stdout io.Writer
}

func newView(stdout, stderr io.Writer) *view {
	return &view{progress.Display{Table: stdout, Bar: program.BarWriter(stdout, stderr), Rows: 10}, stdout}
}

// start prints what runs on what.
func (v *view) start(r *fastresnet.Result) {
	v.Clear()
	fmt.Fprintf(v.stdout, "training on %s pictures, %s held out\nwidth %d, batch %d, %s; on %s\n",
		terminal.Count(r.TrainImages), terminal.Count(r.TestImages), r.Recipe.Design.Width, r.Recipe.BatchSize,
		terminal.Plural(r.Recipe.Epochs, "epoch"), results.Place(r.Backend, r.Device))
	if s := r.WarmStart; s != nil {
		fmt.Fprintf(v.stdout, "started from %s after %s: %d variables taken, %d anew\n", s.Recipe, terminal.Plural(s.Epochs, "epoch"), len(s.Taken), len(s.Anew))
	}
	for _, warning := range r.Warnings {
		fmt.Fprintf(v.stdout, "warning: %s\n", warning)
	}
}
