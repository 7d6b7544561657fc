package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/examples/internal/page"
	"github.com/fastresnet/fastresnet/examples/internal/program"
	"github.com/fastresnet/fastresnet/examples/internal/results"
	"github.com/fastresnet/fastresnet/report"
)

// climber does the runs.
type climber struct {
	settings *settings
	options  []fastresnet.Option // of every run
	journal  *journal
	view     *view

	test     *data.Dataset
	reported []report.Run // for -report
}

// step is a run to do.
type step struct {
	rung int
	seed uint64
}

// climb does the runs that are missing: every rung with the first seed, then with the next, so that there is
// something of all rungs early.
func (c *climber) climb(ctx context.Context) error {
	var missing []step
	for i := range c.settings.seeds {
		seed := c.settings.seed + uint64(i)
		for _, rung := range c.settings.rungs {
			if !c.journal.has(rung, seed) {
				missing = append(missing, step{rung, seed})
			}
		}
	}
	c.view.begin(len(missing), len(c.settings.rungs)*c.settings.seeds)
	for _, s := range missing {
		if err := c.run(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// run does a run and keeps it, unless it was cut short.
func (c *climber) run(ctx context.Context, s step) error {
	runCtx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	options := append(c.options, fastresnet.WithRecipe(program.RungAt(s.rung, c.settings.width)), fastresnet.WithSeed(s.seed),
		c.view.startRun(s), fastresnet.WithProgress(fastresnet.Observer{Start: func(r *fastresnet.Result) {
			if err := c.journal.sameDevice(r); err != nil {
				stop(err)
				return
			}
			c.view.onDevice(r)
		}}))
	result, err := fastresnet.Train(runCtx, options...)
	c.view.Clear()
	if result != nil {
		defer result.Model.Close()
	}
	err, interrupted := program.Interrupted(runCtx, err)
	switch {
	case interrupted && err == nil && ctx.Err() != nil:
		return program.ErrInterrupted
	case interrupted && err == nil:
		return context.Cause(runCtx) // another device
	case err == nil, errors.Is(err, fastresnet.ErrDiverged) && result != nil:
	default:
		return fmt.Errorf("rung %d, seed %d: %w", s.rung, s.seed, err)
	}
	run := rungRun{s.rung, results.NewRun(result, err)}
	c.view.result(run)
	if err := c.journal.add(run); err != nil || c.settings.report == "" {
		return err
	}
	reported, err := page.Run(ctx, "ladder", c.settings.args, result, c.test)
	c.reported = append(c.reported, reported)
	if _, interrupted := program.Interrupted(ctx, err); interrupted {
		return program.ErrInterrupted
	}
	return err
}
