package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"path/filepath"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/examples/internal/page"
	"github.com/fastresnet/fastresnet/examples/internal/program"
	"github.com/fastresnet/fastresnet/internal/checkpoint"
)

// settings are what the flags say. Those that change the recipe do so only if they are set.
type settings struct {
	data, recipe, backend, json, save string
	report, watch, checkpoint         string
	list, quiet, resume, download     bool

	width, epochs, batch  int
	lr                    float64
	seed                  uint64
	runs                  int
	trainLimit, testLimit int
	testEvery             int

	logs program.Logs
	set  map[string]bool // the names of the flags that were given
	args []string        // all of the command line
}

const usage = `Usage: cifar10 [flags]

Trains a residual network on CIFAR-10 and reports how it goes. Ctrl-C stops it after
the current step and reports what there is; a second Ctrl-C stops it at once.

`

// parse reads the flags. Its errors name every flag that is wrong; flag.ErrHelp means that the usage was
// asked for, and has been printed.
func parse(args []string, stdout io.Writer) (*settings, error) {
	s := &settings{set: map[string]bool{}, args: args}
	f := flag.NewFlagSet("cifar10", flag.ContinueOnError)
	f.StringVar(&s.data, "data", "auto", program.ImagesUsage)
	f.BoolVar(&s.download, "download", false, "fetch CIFAR-10 (144 MB), if it is not there, into the folder that -data or\nFASTRESNET_DATA names, else into the folder fastresnet of the user's cache folder")
	f.StringVar(&s.recipe, "recipe", fastresnet.ResNet9Epochs24().Name, "`name` of the recipe; -list shows them")
	f.BoolVar(&s.list, "list", false, "list the recipes and exit")
	f.StringVar(&s.backend, "backend", "auto", program.DownloadUsage)
	f.IntVar(&s.width, "width", 0, "channels `n` of the network's first stage (default the recipe's)")
	f.IntVar(&s.epochs, "epochs", 0, "train for `n` epochs, the schedule stretched in proportion (default the recipe's)")
	f.IntVar(&s.batch, "batch", 0, "`n` images a step, the learning rate scaled in proportion (default the recipe's)")
	f.Float64Var(&s.lr, "lr", 0, "peak learning `rate`, whatever the batch size (default the recipe's)")
	f.Uint64Var(&s.seed, "seed", 1, "seed `n` of the first run; each further run takes the next")
	f.IntVar(&s.runs, "runs", 1, "train `n` times")
	f.IntVar(&s.trainLimit, "train-limit", 0, "train on the first `n` images only (default 0, all)")
	f.IntVar(&s.testLimit, "test-limit", 0, "test on the first `n` images only (default 0, all)")
	f.IntVar(&s.testEvery, "test-every", 1, "test after every `n`-th epoch alone, and after the last: tests take time, too")
	f.StringVar(&s.json, "json", "", "`file` to write the results to")
	f.StringVar(&s.report, "report", "", page.ReportUsage)
	f.StringVar(&s.watch, "watch", "", page.WatchUsage)
	s.logs.Flags(f)
	f.StringVar(&s.save, "save", "", "`file` to save the trained model to, for predict and serve: of several runs the last that came to\nits end; if none did, but training was interrupted, as far as it came")
	f.StringVar(&s.checkpoint, "checkpoint", "", "`folder` for a checkpoint after every epoch and when the run is stopped; of several runs each has\na folder in it")
	f.BoolVar(&s.resume, "resume", false, "go on from the checkpoints in that folder, where there are any")
	f.BoolVar(&s.quiet, "quiet", false, "print the summary only")
	if err := program.Parse(f, usage, args, stdout); err != nil {
		return nil, err
	}
	f.Visit(func(f *flag.Flag) { s.set[f.Name] = true })
	return s, errors.Join(program.CheckOutputs(f, []string{"data"}, "json", "save", "report", "csv"), s.check())
}

// check reports every value that is out of range.
func (s *settings) check() error {
	problems := program.TooSmall(program.Given(s.set,
		program.Number{Flag: "width", Value: s.width, Least: 1}, program.Number{Flag: "epochs", Value: s.epochs, Least: 1},
		program.Number{Flag: "batch", Value: s.batch, Least: 1}, program.Number{Flag: "runs", Value: s.runs, Least: 1},
		program.Number{Flag: "train-limit", Value: s.trainLimit}, program.Number{Flag: "test-limit", Value: s.testLimit},
		program.Number{Flag: "test-every", Value: s.testEvery, Least: 1},
	)...)
	problems = append(problems, program.SeedsBeyond("-seed", s.seed, s.runs))
	if s.list && len(s.set) > 1 {
		problems = append(problems, errors.New("-list: it trains nothing: leave out the other flags"))
	}
	if s.set["lr"] && !(s.lr > 0 && s.lr <= math.MaxFloat32) {
		problems = append(problems, fmt.Errorf("-lr %g: need a positive number", s.lr))
	}
	if s.data == "" {
		problems = append(problems, errors.New("-data: need auto, synthetic, a folder or a file"))
	}
	if s.download && s.data == program.SyntheticImages {
		problems = append(problems, errors.New("-download: -data synthetic needs nothing"))
	}
	if s.set["watch"] && s.watch == "" {
		problems = append(problems, errors.New("-watch: need an address"))
	}
	if s.set["checkpoint"] && s.checkpoint == "" {
		problems = append(problems, errors.New("-checkpoint: need the name of a folder"))
	}
	if s.resume && s.checkpoint == "" {
		problems = append(problems, errors.New("-resume: need -checkpoint, which names the folder"))
	}
	return errors.Join(problems...)
}

// options are the options of the flags that were set, and what this program asks for in any case.
func (s *settings) options() []fastresnet.Option {
	options := []fastresnet.Option{
		fastresnet.WithBackend(s.backend), fastresnet.WithPluginDownload(), program.AutotuneCache(), fastresnet.WithTestEvery(s.testEvery),
	}
	for _, change := range []struct {
		flag   string
		option fastresnet.Option
	}{
		{"width", fastresnet.WithWidth(s.width)}, {"epochs", fastresnet.WithEpochs(s.epochs)},
		{"batch", fastresnet.WithBatchSize(s.batch)}, {"lr", fastresnet.WithPeakRate(s.lr)},
	} {
		if s.set[change.flag] {
			options = append(options, change.option)
		}
	}
	return options
}

// folder is where the checkpoints of the run with a seed are.
func (s *settings) folder(seed uint64) string {
	if s.runs > 1 {
		return filepath.Join(s.checkpoint, fmt.Sprintf("seed-%d", seed))
	}
	return s.checkpoint
}

// fresh reports a folder with checkpoints that no run is to go on from. The library refuses it too, when it comes to that run.
func (s *settings) fresh() error {
	if s.checkpoint == "" || s.resume {
		return nil
	}
	for i := range s.runs {
		folder := s.folder(s.seed + uint64(i))
		if left, _ := checkpoint.Files(folder); len(left) > 0 {
			return fmt.Errorf("-checkpoint %s: a run has left checkpoints there: go on from them with -resume, or name another folder", folder)
		}
	}
	return nil
}

// checkpoints are the options for those of the run with a seed.
func (s *settings) checkpoints(seed uint64) []fastresnet.Option {
	if s.checkpoint == "" {
		return nil
	}
	options := []fastresnet.Option{fastresnet.WithCheckpoint(s.folder(seed), 1)}
	if s.resume {
		options = append(options, fastresnet.WithResume())
	}
	return options
}
