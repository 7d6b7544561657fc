// Package page is what the example programs with the flags -report and -watch have in common: the page of their runs, as a file and
// while they go on.
package page

import (
	"bytes"
	"context"
	"errors"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/examples/internal/program"
	"github.com/fastresnet/fastresnet/examples/internal/results"
	"github.com/fastresnet/fastresnet/report"
)

// ReportUsage describes the flag -report.
const ReportUsage = "`file` for a page on what came of it, to read in a browser: HTML, which needs nothing else"

// Command is what starts a program again.
func Command(name string, args []string) string {
	return "go run ./examples/" + name + " " + program.CommandLine(args)
}

// Run is a result for the page, evaluated on the test set unless the run has diverged. The program's name and arguments are
// how it is repeated. When ctx ends, the error is its own, and the result is there without its evaluation.
func Run(ctx context.Context, name string, args []string, result *fastresnet.Result, test *data.Dataset) (report.Run, error) {
	run := report.Run{Record: result.Record, Command: Command(name, args)}
	if test.Len() == 0 {
		return run, nil
	}
	evaluation, err := result.Model.Evaluate(ctx, test)
	switch {
	case err == nil:
		run.Evaluation, run.Images = &evaluation, test
	case errors.Is(err, fastresnet.ErrDiverged):
		err = nil
	}
	return run, err
}

// Write writes the page on runs, if there are any, to the file that the flag names.
func Write(file *results.File, runs []report.Run) error {
	if !file.Named() || len(runs) == 0 {
		return nil
	}
	var b bytes.Buffer
	if err := report.HTML(&b, runs...); err != nil {
		return err
	}
	return file.Write(b.Bytes())
}
