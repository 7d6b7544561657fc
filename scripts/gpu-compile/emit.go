package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/go-logr/logr"
	"k8s.io/klog/v2"
)

// The names that the engine gives its programs, in StableHLO.
const (
	trainingStep, trainingSteps, evaluationStep = "training_step", "training_steps", "evaluation_step"
	selectingStep, look                         = "selecting_step", "look_at_a_batch" // of a recipe's selection
)

// loop is how many steps the program trainingSteps takes.
const loop = 4

// emit writes a recipe's program to a file in StableHLO, as GoMLX sends it to an NVIDIA GPU's plugin, and ends the process.
// plugin is one for CPUs, with a path by which GoMLX takes it for the other.
//
// GoMLX logs a program before it has it compiled, and there is no other way to its text. Compiling it for a CPU would take
// a minute and is of no use: so the process ends there.
func emit(plugin, recipe, program string, devices int, file string) error {
	r, err := fastresnet.RecipeByName(recipe)
	if err != nil {
		return err
	}
	set, err := data.Synthetic(images, 1)
	if err != nil {
		return err
	}
	var flags flag.FlagSet
	klog.InitFlags(&flags)
	if err := flags.Set("v", "2"); err != nil {
		return err
	}
	klog.SetLoggerWithOptions(logr.New(capture{program, file}), klog.ContextualLogger(true))

	options := []fastresnet.LoadOption{fastresnet.WithBackend("xla:" + plugin), fastresnet.WithPrecision(fastresnet.BFloat16), fastresnet.WithMemoryLimit(1 << 36)}
	switch program {
	case trainingStep, trainingSteps, selectingStep, look:
		err = train(r, set, devices, options)
	case evaluationStep:
		err = evaluate(r, set, filepath.Join(filepath.Dir(file), "model"), options)
	}
	return errors.Join(fmt.Errorf("no %s was to be compiled", program), err)
}

func train(r fastresnet.Recipe, set *data.Dataset, devices int, options []fastresnet.LoadOption) error {
	all := []fastresnet.Option{fastresnet.WithDataset(set, nil), fastresnet.WithRecipe(r), fastresnet.WithDevices(devices), fastresnet.WithStepsPerDispatch(loop)}
	for _, o := range options {
		all = append(all, o)
	}
	_, err := fastresnet.Train(context.Background(), all...)
	return err
}

// evaluate tests the recipe's untrained model, which goes by a file from one backend to the other, on one batch.
func evaluate(r fastresnet.Recipe, set *data.Dataset, file string, options []fastresnet.LoadOption) error {
	batch, err := set.Slice(0, r.BatchSize)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	_, err = fastresnet.Train(ctx, fastresnet.WithDataset(batch, nil), fastresnet.WithRecipe(r), fastresnet.WithBackend("go"),
		fastresnet.WithProgress(fastresnet.Observer{Start: func(untrained *fastresnet.Result) {
			err = untrained.Model.Save(file)
			stop()
		}}))
	if !errors.Is(err, context.Canceled) {
		return err
	}
	m, err := fastresnet.Load(file, options...)
	if err != nil {
		return err
	}
	defer m.Close()
	_, err = m.Evaluate(context.Background(), batch)
	return err
}

// capture is a log that writes the program of a name to a file, and ends the process.
type capture struct{ program, file string }

// Info implements [logr.LogSink].
func (c capture) Info(_ int, message string, _ ...any) {
	_, text, ok := strings.Cut(message, "StableHLO program:\n")
	if !ok || !strings.HasPrefix(text, "module @"+c.program+" ") {
		return
	}
	if err := os.WriteFile(c.file, []byte(text), 0o666); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// Init implements [logr.LogSink].
func (capture) Init(logr.RuntimeInfo) {}

// Enabled implements [logr.LogSink].
func (capture) Enabled(int) bool { return true }

// Error implements [logr.LogSink].
func (capture) Error(error, string, ...any) {}

// WithValues implements [logr.LogSink].
func (c capture) WithValues(...any) logr.LogSink { return c }

// WithName implements [logr.LogSink].
func (c capture) WithName(string) logr.LogSink { return c }
