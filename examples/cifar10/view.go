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

// view prints the runs as they go: a description, and what package progress shows.
type view struct {
	progress.Display
	stdout, stderr io.Writer
	run            int // counted from 1
}

func newView(s *settings, stdout, stderr io.Writer) *view {
	return &view{Display: progress.Display{Table: stdout, Bar: program.BarWriter(stdout, stderr), Runs: s.runs}, stdout: stdout, stderr: stderr}
}

// Write writes a line of the log, warnings among them, on standard error.
func (v *view) Write(line []byte) (int, error) {
	v.Clear()
	return v.stderr.Write(line)
}

// start prints what runs on what.
func (v *view) start(r *fastresnet.Result) {
	v.run++
	v.Clear()
	if v.Runs > 1 {
		fmt.Fprintf(v.stdout, "run %d of %d, seed %d: ", v.run, v.Runs, r.Seed)
	}
	fmt.Fprintf(v.stdout, "%s: width %d, batch %d, epochs %d; %s parameters\n",
		r.Recipe.Name, r.Recipe.Design.Width, r.Recipe.BatchSize, r.Recipe.Epochs, digits.Count(r.Model.Network().Parameters()))
	fmt.Fprintf(v.stdout, "%s training and %s test images; on %s\n",
		digits.Count(r.TrainImages), digits.Count(r.TestImages), results.Place(r.Backend, r.Device))
	fmt.Fprint(v.stdout, results.PassedOver(r.Record))
}
