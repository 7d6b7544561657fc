// Sweep trains a study: every combination of some settings, or a random sample of them, over some seeds. Each run leaves a
// file in a folder, so that many processes on many machines can share a study, and go on where they were stopped. Run it
// with -h for its flags; docs/sweep.md describes the study's file.
//
//	FASTRESNET_DATA=/path/to/cifar go run ./examples/sweep examples/sweep/rates.json
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/fastresnet/fastresnet/examples/internal/page"
	"github.com/fastresnet/fastresnet/examples/internal/program"
	"github.com/fastresnet/fastresnet/examples/internal/results"
	"github.com/fastresnet/fastresnet/internal/terminal"
)

func main() { program.Main("sweep", run) }

// exitAgain is the status of a process after which the same command has something left to do: sysexits.h's EX_TEMPFAIL.
const exitAgain = 75

// errAwaited is the error of a process that has done what it could, while others are at work on the rest.
var errAwaited = errors.New("the same command goes on when they are done")

// run is the program; it returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	s, err := parse(args, os.Getenv, stdout)
	if err == nil {
		err = sweep(ctx, s, stdout, stderr)
	}
	if errors.Is(err, program.ErrInterrupted) {
		err = fmt.Errorf("%w; the same command goes on", err)
	}
	status := program.Status("sweep", err, stderr)
	if errors.Is(err, errAwaited) || errors.Is(err, program.ErrInterrupted) && errors.Is(context.Cause(ctx), program.ErrTerminated) {
		return exitAgain
	}
	return status
}

// sweep does the share's runs that are missing, and prints the table of all that there are.
func sweep(ctx context.Context, s *settings, stdout, stderr io.Writer) error {
	study, err := readStudy(s.study)
	if err != nil {
		return err
	}
	if err := study.possible(); err != nil {
		return err
	}
	markdown, err := results.Open("markdown", s.markdown)
	if err != nil {
		return err
	}
	chart, err := results.Open("chart", s.chart)
	if err != nil {
		return err
	}
	if !s.table {
		w, err := newWorker(s, study, stdout, stderr)
		if err != nil {
			return err
		}
		if err := w.work(ctx); err != nil {
			return err
		}
	}
	done, err := folder(s.results).outcomes()
	if err != nil {
		return err
	}
	runs, more, err := study.trials(done)
	if err != nil {
		return err
	}
	if err := sameImages(runs, done); err != nil {
		return err
	}
	t := newTable(study, runs, more, done)
	if width, _ := terminal.Size(stdout); t.complete || s.table {
		fmt.Fprint(stdout, t.text(width))
	} else {
		fmt.Fprintf(stdout, "this share is done, and %d of %d runs in all; -table shows what there is\n", t.done, len(runs))
	}
	return errors.Join(markdown.Write([]byte(t.markdown())), page.WriteFigure(chart, t.chart()))
}
