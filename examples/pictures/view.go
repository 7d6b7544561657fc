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

// view prints the run as it goes: a description, and a table of some of its epochs.
type view struct {
	progress.Display
	stdout io.Writer
	warned int // how many of the run's warnings have been printed
}

func newView(stdout, stderr io.Writer) *view {
	return &view{Display: progress.Display{Table: stdout, Bar: program.BarWriter(stdout, stderr), Rows: 10}, stdout: stdout}
}

// start prints what runs on what.
func (v *view) start(r *fastresnet.Result) {
	v.Clear()
	fmt.Fprintf(v.stdout, "training on %s, %s held out\nwidth %d, batch %d, %s; on %s\n",
		digits.Plural(r.TrainImages, "picture"), digits.Count(r.TestImages), r.Recipe.Design.Width, r.Recipe.BatchSize,
		digits.Plural(r.Recipe.Epochs, "epoch"), results.Place(r.Backend, r.Device))
	if s := r.WarmStart; s != nil {
		fmt.Fprintf(v.stdout, "started from %s after %s: %d variables taken, %d anew\n", s.Recipe, digits.Plural(s.Epochs, "epoch"), len(s.Taken), len(s.Anew))
	}
	v.warn(r)
}

// warn prints the run's warnings since the last time.
func (v *view) warn(r *fastresnet.Result) {
	for _, warning := range r.Warnings[v.warned:] {
		fmt.Fprintf(v.stdout, "warning: %s\n", warning)
	}
	v.warned = len(r.Warnings)
}
