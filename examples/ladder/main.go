// Ladder climbs the series "How to train your ResNet" rung by rung, and prints what each one changes, what
// was published for it and what was measured here. Run it with -h for its flags.
//
//	FASTRESNET_DATA=/path/to/cifar go run ./examples/ladder -json ladder.json
package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/examples/internal/page"
	"github.com/fastresnet/fastresnet/examples/internal/program"
	"github.com/fastresnet/fastresnet/examples/internal/results"
	"github.com/fastresnet/fastresnet/internal/terminal"
)

func main() { program.Main("ladder", run) }

// run is the program; it returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	s, err := parse(args, stdout)
	if err == nil {
		err = climb(ctx, s, stdout, stderr)
	}
	if errors.Is(err, program.ErrInterrupted) && s.json != "" {
		err = fmt.Errorf("%w; to go on: go run ./examples/ladder %s", err, program.CommandLine(args))
	}
	return program.Status("ladder", err, stderr)
}

// climb does the runs that the settings ask for and that the results file does not hold, and shows them all.
func climb(ctx context.Context, s *settings, stdout, stderr io.Writer) error {
	markdown, markdownErr := results.Open("markdown", s.markdown)
	reportFile, reportErr := results.Open("report", s.report)
	chart, chartErr := results.Open("chart", s.chart)
	if err := errors.Join(markdownErr, reportErr, chartErr); err != nil {
		return err
	}
	j, err := openJournal(s.json)
	if err != nil {
		return err
	}
	train, test, err := program.Images(s.data, s.trainLimit, s.testLimit)
	if err != nil {
		return err
	}
	if err := program.Fit(s.rungs, s.batch, train.Len()); err != nil {
		return err
	}
	if err := j.begin(s.conditions(train.Len(), test.Len())); err != nil {
		return err
	}

	c := &climber{
		settings: s, journal: j, test: test, view: newView(s.quiet, stdout, stderr),
		options: append(s.options(), fastresnet.WithDataset(train, test)),
	}
	err = errors.Join(c.climb(ctx), page.Write(reportFile, c.reported))
	if err == nil && reportFile.Named() && len(c.reported) == 0 {
		fmt.Fprintf(stderr, "ladder: -report %s: not written, as no run was made now\n", reportFile.Name())
	}
	if len(j.Runs) > 0 {
		if !s.quiet {
			fmt.Fprintln(stdout)
		}
		t := newTable(fastresnet.Ladder(), s.rungs, j.content)
		width, _ := terminal.Size(stdout)
		fmt.Fprint(stdout, t.text(width))
		err = errors.Join(err, markdown.Write([]byte(t.markdown())), page.WriteFigure(chart, t.chart()))
	}
	return err
}
