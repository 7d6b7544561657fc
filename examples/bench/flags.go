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

// settings are what the flags say.
type settings struct {
	rungs                         []int // ascending
	data, backend, json, markdown string
	precision, test, report       string
	quiet                         bool
	width, epochs, batch, seeds   int
	devices, steps                int
	seed                          uint64
	trainLimit, testLimit         int
	target, peak                  float64
}

const usage = `Usage: bench [flags]

Trains recipes several times and reports, for each, accuracy, times, speed and memory, with what
they ran on. Ctrl-C stops it after the current step and reports the runs that came to their end; a
second Ctrl-C stops it at once.

Only the first run of a program starts cold: to have the cold start of several recipes, run it
once for each.

`

// parse reads the flags. Its errors name every flag that is wrong; flag.ErrHelp means that the usage was
// asked for, and has been printed.
func parse(args []string, stdout io.Writer) (*settings, error) {
	s := &settings{}
	var recipes string
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.StringVar(&recipes, "recipes", fastresnet.ResNet9Epochs24().Name, "recipes to run, a `list` of names, numbers and ranges of rungs")
	f.IntVar(&s.width, "width", program.PublishedWidth, program.WidthUsage)
	f.IntVar(&s.epochs, "epochs", 0, "train for `n` epochs, the schedule stretched in proportion (default 0, each recipe's own)")
	f.IntVar(&s.batch, "batch", 0, "`n` images a step, the learning rate scaled in proportion (default 0, each recipe's own)")
	f.IntVar(&s.seeds, "seeds", 1, "train every recipe `n` times")
	f.Uint64Var(&s.seed, "seed", 1, "seed `n` of a recipe's first run; each further run takes the next")
	f.IntVar(&s.trainLimit, "train-limit", 0, "train on the first `n` images only (default 0, all)")
	f.IntVar(&s.testLimit, "test-limit", 0, "test on the first `n` images only (default 0, all)")
	f.StringVar(&s.data, "data", "auto", program.ImagesUsage)
	f.StringVar(&s.backend, "backend", "auto", program.DownloadUsage)
	f.IntVar(&s.steps, "steps-per-dispatch", 0, "XLA: take `n` steps in one program (default 4 on a GPU, 1 elsewhere)")
	f.IntVar(&s.devices, "devices", 1, "train on the first `n` devices of the backend together")
	f.StringVar(&s.precision, "precision", string(fastresnet.PrecisionAuto), "number `format` of the network: auto, float32 or bfloat16")
	f.StringVar(&s.test, "test", testEvery, "`when` to test: after every epoch, or at the end alone;\nno time that is reported counts tests, but they take time")
	f.Float64Var(&s.target, "target", 0.94, "test `accuracy`, 0 to 1, that runs are to reach")
	f.Float64Var(&s.peak, "peak", 0, "what each device can do at most in this precision, in `TFLOP/s`: the speed is reported as a share of what all can")
	f.StringVar(&s.json, "json", "", "`file` to write the results to, anew after every run")
	f.StringVar(&s.markdown, "markdown", "", "`file` to write the table to, as Markdown, anew after every run")
	f.StringVar(&s.report, "report", "", page.ReportUsage)
	f.BoolVar(&s.quiet, "quiet", false, "print the table only")
	if err := program.Parse(f, usage, args, stdout); err != nil {
		return nil, err
	}
	problems := []error{program.CheckOutputs(f, []string{"data"}, "json", "markdown", "report")}
	var err error
	if s.rungs, err = program.ParseRungs("recipes", recipes, fastresnet.Recipes()); err != nil {
		problems = append(problems, err)
	}
	return s, errors.Join(append(problems, s.check()...)...)
}

// The values of -test.
const (
	testEvery = "every"
	testEnd   = "end"
)

// check reports every value that is wrong.
func (s *settings) check() []error {
	problems := program.TooSmall(
		program.Number{Flag: "width", Value: s.width, Least: 1}, program.Number{Flag: "epochs", Value: s.epochs},
		program.Number{Flag: "batch", Value: s.batch}, program.Number{Flag: "seeds", Value: s.seeds, Least: 1},
		program.Number{Flag: "devices", Value: s.devices, Least: 1},
		program.Number{Flag: "steps-per-dispatch", Value: s.steps},
		program.Number{Flag: "train-limit", Value: s.trainLimit}, program.Number{Flag: "test-limit", Value: s.testLimit},
	)
	problems = append(problems, program.SeedsBeyond("-seed", s.seed, s.seeds))
	check := func(ok bool, format string, args ...any) {
		if !ok {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}
	check(s.data != "", "-data: need auto, synthetic, a folder or a file")
	p := fastresnet.Precision(s.precision)
	check(p == fastresnet.PrecisionAuto || p == fastresnet.Float32 || p == fastresnet.BFloat16,
		"-precision %s: need auto, float32 or bfloat16", s.precision)
	check(s.test == testEvery || s.test == testEnd, "-test %s: need every or end", s.test)
	check(s.target > 0 && s.target <= 1, "-target %g: need more than 0, and at most 1", s.target)
	check(s.peak >= 0, "-peak %g: need 0, for unknown, or more", s.peak)
	return problems
}

// options are the options of every run.
func (s *settings) options() []fastresnet.Option {
	options := []fastresnet.Option{
		fastresnet.WithBackend(s.backend), fastresnet.WithDevices(s.devices), fastresnet.WithStepsPerDispatch(s.steps), fastresnet.WithPluginDownload(), program.AutotuneCache(),
		fastresnet.WithPrecision(fastresnet.Precision(s.precision)),
	}
	if s.epochs > 0 {
		options = append(options, fastresnet.WithEpochs(s.epochs))
	}
	if s.batch > 0 {
		options = append(options, fastresnet.WithBatchSize(s.batch))
	}
	return options
}

// conditions are what all runs have in common, with data sets of these sizes.
func (s *settings) conditions(trainImages, testImages int) conditions {
	c := conditions{
		Data: "CIFAR-10", TrainImages: trainImages, TestImages: testImages,
		Width: s.width, Epochs: s.epochs, Batch: s.batch, Test: s.test, Target: s.target,
		Devices: s.devices, PeakTFLOPS: s.peak,
	}
	if s.data == program.SyntheticImages {
		c.Data = s.data
	}
	return c
}
