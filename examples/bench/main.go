// Bench measures recipes on the hardware that it runs on: accuracy, times, speed and memory, over several
// seeds, with what it ran on and how. Run it with -h for its flags.
//
//	FASTRESNET_DATA=/path/to/cifar go run ./examples/bench -backend xla:cuda -seeds 5 -peak 790 -json bench.json
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/fastresnet/fastresnet/examples/internal/page"
	"github.com/fastresnet/fastresnet/examples/internal/program"
	"github.com/fastresnet/fastresnet/examples/internal/results"
	"github.com/fastresnet/fastresnet/internal/terminal"
)

// started is when the program did, but for the milliseconds in which it was loaded.
var started = time.Now()

func main() { program.Main("bench", run) }

// run is the program; it returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	s, err := parse(args, stdout)
	if err == nil {
		err = bench(ctx, s, args, stdout, stderr)
	}
	return program.Status("bench", err, stderr)
}

// bench does the runs that the settings ask for, and shows what there is when they end, well or not.
func bench(ctx context.Context, s *settings, args []string, stdout, stderr io.Writer) error {
	jsonFile, jsonErr := results.Open("json", s.json)
	markdown, markdownErr := results.Open("markdown", s.markdown)
	reportFile, reportErr := results.Open("report", s.report)
	if err := errors.Join(jsonErr, markdownErr, reportErr); err != nil {
		return err
	}
	train, test, err := program.Images(s.data, s.trainLimit, s.testLimit)
	if err != nil {
		return err
	}
	if err := program.Fit(s.rungs, s.batch, train.Len()); err != nil {
		return err
	}

	b := &bencher{settings: s, train: train, test: test, args: args, file: jsonFile, tableFile: markdown, view: newView(s, stdout, stderr)}
	b.Command, b.Versions = "bench "+program.CommandLine(args), versions()
	b.Conditions = s.conditions(train.Len(), test.Len())
	err = b.all(ctx)
	if len(b.Runs) > 0 {
		if !s.quiet {
			fmt.Fprintln(stdout)
		}
		width, _ := terminal.Size(stdout)
		fmt.Fprint(stdout, b.text(width))
		err = errors.Join(err, page.Write(reportFile, b.reported))
	}
	return err
}
