// Cifar10 trains residual networks on CIFAR-10, or on drawn images, and reports how it went: a table row
// an epoch, a line of summary, and a JSON file if asked for. Run it with -h for its flags.
//
//	FASTRESNET_DATA=/path/to/cifar GOEXPERIMENT=simd go run ./examples/cifar10 -width 16 -epochs 2
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/examples/internal/terminal"
)

// Exit statuses. 130 is a shell's for a program that Ctrl-C ended.
const (
	exitOK          = 0
	exitFailed      = 1
	exitInterrupted = 130
)

var errInterrupted = errors.New("interrupted")

func main() {
	terminal.QuietKlog()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, func() {
		stop() // a second Ctrl-C does not wait
		fmt.Fprintln(os.Stderr, "\ncifar10: stopping after this step; Ctrl-C again to stop at once")
	})
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is the program; it returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	s, err := parse(args, stdout)
	if err == nil && s.list {
		fmt.Fprint(stdout, recipeTable(fastresnet.Recipes()))
		return exitOK
	}
	if err == nil {
		err = train(ctx, s, stdout, stderr)
	}
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return exitOK
	}
	fmt.Fprintln(stderr, "cifar10:", terminal.OneLine(err))
	if errors.Is(err, errInterrupted) {
		return exitInterrupted
	}
	return exitFailed
}

// train does the runs that the settings ask for, and reports them.
func train(ctx context.Context, s *settings, stdout, stderr io.Writer) error {
	recipe, err := fastresnet.RecipeByName(s.recipe)
	if err != nil {
		return err
	}
	file, err := openJSON(s.json)
	if err != nil {
		return err
	}
	trainSet, testSet, err := s.load()
	if err != nil {
		return err
	}

	v := newView(s, stdout, stderr)
	options := append(s.options(), fastresnet.WithRecipe(recipe), fastresnet.WithDataset(trainSet, testSet),
		fastresnet.WithStartCallback(v.start), fastresnet.WithEpochCallback(v.epoch))
	if !s.quiet {
		options = append(options, fastresnet.WithProgress(v.progress.Step))
	}

	var reports []report
	for i := range s.runs {
		seed := s.seed + uint64(i)
		v.startRun(i + 1)
		result, runErr := fastresnet.Train(ctx, append(options, fastresnet.WithSeed(seed))...)
		if runErr != nil && errors.Is(runErr, ctx.Err()) {
			runErr = errInterrupted
		}
		v.endRun(result)
		if result != nil {
			result.Model.Close()
			reports = append(reports, newReport(result, runErr))
		}
		if runErr != nil {
			err = runErr
			break
		}
	}
	if len(reports) > 0 {
		fmt.Fprintln(stdout, summary(reports))
		err = errors.Join(err, file.write(reports, s.runs))
	}
	return err
}

// load reads or draws the data set.
func (s *settings) load() (train, test *data.Dataset, err error) {
	switch s.data {
	case "auto":
		return data.CIFAR10("")
	case "synthetic":
		// As many images as CIFAR-10 has, with other seeds than those of runs in mind.
		if train, err = data.Synthetic(limited(50_000, s.trainLimit), 1); err != nil {
			return nil, nil, err
		}
		test, err = data.Synthetic(limited(10_000, s.testLimit), 2)
		return train, test, err
	}
	return data.CIFAR10(s.data)
}

// limited is the smaller of two numbers of images, the limit 0 being none.
func limited(n, limit int) int {
	if limit > 0 {
		return min(n, limit)
	}
	return n
}
