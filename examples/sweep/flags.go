package main

import (
	"errors"
	"flag"
	"io"
	"strings"

	"github.com/fastresnet/fastresnet/examples/internal/page"
	"github.com/fastresnet/fastresnet/examples/internal/program"
)

// settings are what the flags say.
type settings struct {
	study                  string // the file
	results, data, backend string
	markdown, chart        string
	table, quiet           bool
	share                  share
}

const usage = `Usage: sweep [flags] STUDY.json

Trains every run of a study that is not in the results folder yet, and prints a table of
them. docs/sweep.md describes the study's file, and examples/sweep/rates.json is one.

Any number of processes, on any number of machines that see the folder, can work on a
study at once: in an array of Slurm or an indexed job of Kubernetes each takes its share.

It can be stopped at any time, and goes on from the last checkpoint. The exit status is 0
when the share is done, 75 if the same command has something left to do (SIGTERM stopped
it, or other processes are at work on what it needs), 130 after Ctrl-C, 1 if it failed.

`

// parse reads the flags, and the environment of a job. Its errors name every flag that is wrong; flag.ErrHelp means that
// the usage was asked for, and has been printed.
func parse(args []string, environment func(string) string, stdout io.Writer) (*settings, error) {
	s := &settings{}
	var part string
	f := flag.NewFlagSet("sweep", flag.ContinueOnError)
	f.StringVar(&s.results, "results", "", "`folder` of the results (default STUDY.results, beside the study)")
	f.StringVar(&part, "share", "", "take this `part` of the runs, as in 3/16\n(default by the environment of an array of jobs; all of them without one)")
	f.BoolVar(&s.table, "table", false, "print the table of the results that there are, and train nothing")
	f.StringVar(&s.data, "data", "auto", program.ImagesUsage)
	f.StringVar(&s.backend, "backend", "auto", program.DownloadUsage)
	f.StringVar(&s.markdown, "markdown", "", "`file` to write the table to, as Markdown")
	f.StringVar(&s.chart, "chart", "", "`file` for the accuracies as bars, a .png or .svg")
	f.BoolVar(&s.quiet, "quiet", false, "print no progress within runs")
	if err := program.ParseArguments(f, usage, args, stdout); err != nil {
		return nil, err
	}
	if f.NArg() != 1 {
		return nil, errors.New("need one study, the last argument (-h lists the flags)")
	}
	s.study = f.Arg(0)
	if s.results == "" {
		s.results = strings.TrimSuffix(s.study, ".json") + ".results"
	}
	var problems []error
	var shared bool
	var err error
	f.Visit(func(f *flag.Flag) { shared = shared || f.Name == "share" })
	if s.share, err = parseShare(part, shared, environment); err != nil {
		problems = append(problems, err)
	}
	if s.data == "" {
		problems = append(problems, errors.New("-data: need auto, synthetic, a folder or a file"))
	}
	problems = append(problems, program.CheckOutputs(f, []string{"data"}, "markdown", "chart"), page.CheckFigure("chart", s.chart))
	return s, errors.Join(problems...)
}
