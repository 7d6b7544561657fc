package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/examples/internal/page"
	"github.com/fastresnet/fastresnet/examples/internal/program"
	"github.com/fastresnet/fastresnet/examples/internal/results"
	"github.com/fastresnet/fastresnet/report"
)

// bencher does the runs.
type bencher struct {
	content
	settings        *settings
	train, test     *data.Dataset
	args            []string
	file, tableFile *results.File
	reported        []report.Run // with -report
	view            *view
}

// all does every run, recipe by recipe.
func (b *bencher) all(ctx context.Context) error {
	b.view.Runs = len(b.settings.rungs) * b.settings.seeds // of which the time left is
	for _, rung := range b.settings.rungs {
		for i := range b.settings.seeds {
			if err := b.run(ctx, rung, b.settings.seed+uint64(i)); err != nil {
				return err
			}
		}
	}
	return nil
}

// run does a run and keeps it, unless it was cut short.
func (b *bencher) run(ctx context.Context, rung int, seed uint64) error {
	recipe := program.RungAt(rung, b.settings.width)
	shown := b.view.startRun(recipe.Name)
	m := newMeter(ctx, b.view)
	epochs := 1 // between tests
	if b.settings.test == testEnd {
		epochs = cmp.Or(b.settings.epochs, recipe.Epochs)
	}
	result, err := fastresnet.Train(ctx, append(b.settings.options(),
		fastresnet.WithRecipe(recipe), fastresnet.WithSeed(seed), fastresnet.WithDataset(b.train, b.test), fastresnet.WithTestEvery(epochs),
		fastresnet.WithProgress(fastresnet.Observer{Start: m.onDevice, Step: m.step}), shown)...)
	m.stop()
	if result != nil {
		defer result.Model.Close()
	}
	err, interrupted := program.Interrupted(ctx, err)
	switch {
	case interrupted && err == nil:
		return program.ErrInterrupted
	case err == nil, errors.Is(err, fastresnet.ErrDiverged) && result != nil:
	default:
		return fmt.Errorf("%s, seed %d: %w", recipe.Name, seed, err)
	}
	r := newRun(rung, result, err, b.settings.target)
	r.FirstStepSeconds = results.Number(m.firstStep.Seconds())
	r.PeakMemoryBytes, r.Memory = m.memory.peak()
	if len(b.Runs) == 0 {
		b.ColdStartSeconds = results.Number(m.called.Add(m.firstStep).Sub(started).Seconds())
		b.Machine = thisMachine(context.WithoutCancel(ctx)) // not before: nvidia-smi can take seconds of a cold start
	}
	if err := b.keep(r); err != nil || b.settings.report == "" {
		return err
	}
	reported, err := page.Run(ctx, "bench", b.args, result, b.test)
	b.reported = append(b.reported, reported)
	if _, interrupted := program.Interrupted(ctx, err); interrupted {
		return program.ErrInterrupted
	}
	return err
}

// keep shows a run, and writes the files: what is done stays, whatever comes.
func (b *bencher) keep(r benchRun) error {
	b.Runs = append(b.Runs, r)
	b.summarize()
	b.view.result(r)
	return errors.Join(b.file.WriteJSON(b.content), b.tableFile.Write([]byte(b.markdown())))
}

// meter measures what of a run only its caller can.
type meter struct {
	ctx       context.Context
	view      *view
	called    time.Time
	firstStep time.Duration // since then; 0 before its end
	memory    *memoryWatch
}

func newMeter(ctx context.Context, v *view) *meter {
	return &meter{ctx: ctx, view: v, memory: &memoryWatch{}, called: time.Now()}
}

// onDevice looks at the memory of what the run computes on.
func (m *meter) onDevice(r *fastresnet.Result) {
	m.memory.start(m.ctx, r.Backend)
	m.view.onDevice(r)
}

func (m *meter) step(fastresnet.Progress) {
	if m.firstStep == 0 {
		m.firstStep = time.Since(m.called)
	}
}

// stop ends the run.
func (m *meter) stop() {
	m.memory.stop()
	m.view.Clear()
}
