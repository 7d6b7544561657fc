// Cifar10 trains residual networks on CIFAR-10, or on drawn images, and reports how it went: a table row
// an epoch, a line of summary, and a JSON file if asked for. Run it with -h for its flags.
//
//	FASTRESNET_DATA=/path/to/cifar go run ./examples/cifar10 -width 16 -epochs 2
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/examples/internal/page"
	"github.com/fastresnet/fastresnet/examples/internal/program"
	"github.com/fastresnet/fastresnet/examples/internal/results"
	"github.com/fastresnet/fastresnet/internal/digits"
	"github.com/fastresnet/fastresnet/report"
)

func main() { program.Main("cifar10", run) }

// run is the program; it returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	s, err := parse(args, stdout)
	switch {
	case err != nil:
	case s.list:
		fmt.Fprint(stdout, recipeTable(fastresnet.Recipes()))
	default:
		err = train(ctx, s, stdout, stderr)
	}
	return program.Status("cifar10", err, stderr)
}

// train does the runs that the settings ask for, and reports them.
func train(ctx context.Context, s *settings, stdout, stderr io.Writer) error {
	recipe, err := fastresnet.RecipeByName(s.recipe)
	if err != nil {
		return err
	}
	file, jsonErr := results.Open("json", s.json)
	saved, saveErr := results.Open("save", s.save)
	reportFile, reportErr := results.Open("report", s.report)
	if err := errors.Join(jsonErr, saveErr, reportErr, s.fresh()); err != nil {
		return err
	}
	watch, err := page.OpenWatch(s.watch, stderr)
	if err != nil {
		return err
	}
	var reported []report.Run
	defer func() { watch.Close(reported...) }()
	v := newView(s, stdout, stderr)
	if s.download {
		if err := fetch(ctx, s, &v.Display); err != nil {
			return err
		}
	}
	trainSet, testSet, err := program.Images(s.data, s.trainLimit, s.testLimit)
	if err != nil {
		return err
	}
	if n := trainSet.Len(); s.batch > n {
		return fmt.Errorf("-batch %d: there are %s to train on", s.batch, digits.Plural(n, "image"))
	}
	options := append(s.options(), fastresnet.WithRecipe(recipe), fastresnet.WithDataset(trainSet, testSet),
		fastresnet.WithLogger(slog.New(slog.NewTextHandler(v, &slog.HandlerOptions{Level: slog.LevelWarn}))))
	options = append(options, watch.Options()...)
	if !s.quiet {
		options = append(options, fastresnet.WithProgress(fastresnet.Observer{Start: v.start}, v.Observer()))
	}
	logs, closeLogs, err := s.logs.Observe()
	if err != nil {
		return err
	}
	options = append(options, logs)

	var runs []results.Run
	for i := range s.runs {
		seed := s.seed + uint64(i)
		if !s.quiet {
			v.Wait("compiling") // the backend is not known yet, and the options may be wrong
		}
		result, runErr := fastresnet.Train(ctx, slices.Concat(options, s.checkpoints(seed), []fastresnet.Option{fastresnet.WithSeed(seed)})...)
		rest, interrupted := program.Interrupted(ctx, runErr)
		if interrupted {
			runErr = errors.Join(program.ErrInterrupted, rest)
		}
		v.Clear()
		if result != nil {
			if s.save != "" && (runErr == nil || interrupted && i == 0) {
				err = saved.WriteBy(func(w io.Writer) error { return result.Model.Write(w) })
			}
			if reportFile.Named() || watch != nil {
				run, evaluateErr := page.Run(ctx, "cifar10", s.args, result, testSet)
				if _, stopped := program.Interrupted(ctx, evaluateErr); stopped {
					evaluateErr = nil
					if !interrupted { // otherwise the run's own error says so
						evaluateErr = program.ErrInterrupted
					}
				}
				reported, err = append(reported, run), errors.Join(err, evaluateErr)
			}
			result.Model.Close()
			runs = append(runs, results.NewRun(result, runErr))
		}
		if err = errors.Join(runErr, err); err != nil {
			break
		}
	}
	err = errors.Join(err, closeLogs())
	if len(runs) > 0 {
		fmt.Fprintln(stdout, summary(runs))
		err = errors.Join(err, file.WriteJSON(content(runs, s.runs)), page.Write(reportFile, reported))
	}
	return err
}
