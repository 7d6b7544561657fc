package main

import (
	"fmt"
	"io"
	"math"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/examples/internal/program"
	"github.com/fastresnet/fastresnet/examples/internal/results"
	"github.com/fastresnet/fastresnet/internal/digits"
	"github.com/fastresnet/fastresnet/progress"
)

// view prints the runs as they go, one line each.
type view struct {
	progress.Display
	stdout io.Writer
	quiet  bool
	target string
	run    int // from 1
}

func newView(s *settings, stdout, stderr io.Writer) *view {
	return &view{Display: progress.Display{Bar: program.BarWriter(stdout, stderr)}, stdout: stdout, quiet: s.quiet, target: percent(s.target)}
}

// startRun begins a run, and is what shows its progress.
func (v *view) startRun(name string) fastresnet.Option {
	v.run++
	if v.quiet {
		return nil
	}
	v.Prefix = fmt.Sprintf("%s, run %d/%d: ", name, v.run, v.Runs)
	v.Wait("compiling")
	return fastresnet.WithProgress(v.Observer())
}

// onDevice says with the first run what computes.
func (v *view) onDevice(r *fastresnet.Result) {
	if v.quiet || v.run > 1 {
		return
	}
	v.Clear()
	fmt.Fprintf(v.stdout, "%s to do; on %s, %s\n", digits.Plural(v.Runs, "run"), results.Place(r.Backend, r.Device), r.Precision)
	fmt.Fprint(v.stdout, results.PassedOver(r.Record))
}

// result prints the line of a run.
func (v *view) result(r benchRun) {
	if v.quiet {
		return
	}
	outcome := fmt.Sprintf("test accuracy %5.2f %%", 100*r.TestAccuracy)
	if r.Error != "" {
		outcome = r.Error
	} else if !math.IsNaN(float64(r.TargetSeconds)) {
		outcome += fmt.Sprintf(", %s after %.2f s", v.target, r.TargetSeconds)
	}
	fmt.Fprintf(v.stdout, "%-14s seed %d  %s; first step after %.2f s, training %.2f s%s\n", r.Recipe, r.Seed, outcome,
		r.FirstStepSeconds, r.DAWNBenchSeconds, results.Speed(r.ImagesPerSecond))
}
