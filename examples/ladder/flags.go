package main

import (
	"errors"
	"flag"
	"fmt"
	"io"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/examples/internal/page"
	"github.com/fastresnet/fastresnet/examples/internal/program"
)

// settings are what the flags say; where they do not, what -size stands for.
type settings struct {
	size
	rungs []int // of the size's list, ascending

	data, backend, json, markdown, report, chart string
	quiet                                        bool
	seed                                         uint64
	trainLimit, testLimit                        int

	args []string // all of the command line
}

const usage = `Usage: ladder [flags]

Climbs the series "How to train your ResNet": trains its recipes, each with a change to the
one before, and prints what was published beside what is measured. Ctrl-C stops it after the
current step and prints the table so far; a second Ctrl-C stops it at once. With -json, the
same command goes on where it stopped.

-size small shows the order of the series on a CPU; -size full is the series as published.
Flags that are given take the place of the size's.

`

// parse reads the flags. Its errors name every flag that is wrong; flag.ErrHelp means that the usage was
// asked for, and has been printed.
func parse(args []string, stdout io.Writer) (*settings, error) {
	s := &settings{args: args}
	var sizeName string
	f := flag.NewFlagSet("ladder", flag.ContinueOnError)
	f.StringVar(&sizeName, "size", "small", "`name` of the defaults: small or full")
	f.StringVar(&s.size.rungs, "rungs", "", "rungs to climb, a `list` of numbers, ranges and names\n"+bySize(small.rungs, full.rungs))
	f.IntVar(&s.width, "width", 0, program.WidthUsage+"\n"+bySize(small.width, full.width))
	f.IntVar(&s.epochs, "epochs", 0, "train every rung for `n` epochs, the schedule stretched in proportion;\n0 for each recipe's own "+bySize(small.epochs, full.epochs))
	f.IntVar(&s.batch, "batch", 0, "`n` images a step, the learning rate scaled in proportion;\n0 for each recipe's own "+bySize(small.batch, full.batch))
	f.IntVar(&s.seeds, "seeds", 0, "train every rung `n` times\n"+bySize(small.seeds, full.seeds))
	f.Uint64Var(&s.seed, "seed", 1, "seed `n` of a rung's first run; each further run takes the next")
	f.IntVar(&s.trainLimit, "train-limit", 0, "train on the first `n` images only (default 0, all)")
	f.IntVar(&s.testLimit, "test-limit", 0, "test on the first `n` images only (default 0, all)")
	f.StringVar(&s.data, "data", "auto", program.ImagesUsage)
	f.StringVar(&s.backend, "backend", "auto", program.DownloadUsage)
	f.StringVar(&s.json, "json", "", "`file` to keep the results in; runs that it holds are not trained again")
	f.StringVar(&s.markdown, "markdown", "", "`file` to write the table to, as Markdown")
	f.StringVar(&s.report, "report", "", page.ReportUsage+",\non the runs that are made now")
	f.StringVar(&s.chart, "chart", "", "`file` for the accuracies as bars, a PNG or .svg")
	f.BoolVar(&s.quiet, "quiet", false, "print the table only")
	if err := program.Parse(f, usage, args, stdout); err != nil {
		return nil, err
	}

	set := map[string]bool{}
	f.Visit(func(f *flag.Flag) { set[f.Name] = true })
	var problems []error
	switch sizeName {
	case "small":
		s.fill(small, set)
	case "full":
		s.fill(full, set)
	default:
		problems = append(problems, fmt.Errorf("-size %s: need small or full", sizeName))
		s.fill(small, set) // to go on checking
	}
	problems = append(problems, program.CheckOutputs(f, []string{"data"}, "json", "markdown", "report", "chart"), page.CheckFigure("chart", s.chart))
	return s, errors.Join(append(problems, s.check()...)...)
}

// bySize says what a flag is when it is not given.
func bySize(small, full any) string { return fmt.Sprintf("(default small: %v, full: %v)", small, full) }

// fill takes from a size what was not set.
func (s *size) fill(from size, set map[string]bool) {
	if !set["rungs"] {
		s.rungs = from.rungs
	}
	for _, number := range []struct {
		flag  string
		value *int
		from  int
	}{
		{"width", &s.width, from.width}, {"epochs", &s.epochs, from.epochs},
		{"batch", &s.batch, from.batch}, {"seeds", &s.seeds, from.seeds},
	} {
		if !set[number.flag] {
			*number.value = number.from
		}
	}
}

// check reports every value that is wrong, and settles the rungs.
func (s *settings) check() (problems []error) {
	var err error
	if s.rungs, err = program.ParseRungs("rungs", s.size.rungs, fastresnet.Ladder()); err != nil {
		problems = append(problems, err)
	}
	problems = append(problems, program.TooSmall(
		program.Number{Flag: "width", Value: s.width, Least: 1}, program.Number{Flag: "epochs", Value: s.epochs},
		program.Number{Flag: "batch", Value: s.batch}, program.Number{Flag: "seeds", Value: s.seeds, Least: 1},
		program.Number{Flag: "train-limit", Value: s.trainLimit}, program.Number{Flag: "test-limit", Value: s.testLimit},
	)...)
	problems = append(problems, program.SeedsBeyond("-seed", s.seed, s.seeds))
	if s.data == "" {
		problems = append(problems, errors.New("-data: need auto, synthetic, a folder or a file"))
	}
	return problems
}

// options are the options of every run.
func (s *settings) options() []fastresnet.Option {
	options := []fastresnet.Option{
		fastresnet.WithBackend(s.backend), fastresnet.WithPluginDownload(), program.AutotuneCache(),
	}
	if s.epochs > 0 {
		options = append(options, fastresnet.WithEpochs(s.epochs))
	}
	if s.batch > 0 {
		options = append(options, fastresnet.WithBatchSize(s.batch))
	}
	return options
}

// conditions are what results must have in common, of the settings and of data sets of these sizes.
func (s *settings) conditions(trainImages, testImages int) conditions {
	c := conditions{
		Data: "CIFAR-10", TrainImages: trainImages, TestImages: testImages,
		Width: s.width, Epochs: s.epochs, Batch: s.batch,
	}
	if s.data == program.SyntheticImages {
		c.Data = s.data
	}
	return c
}
