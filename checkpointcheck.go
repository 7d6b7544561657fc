package fastresnet

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/fastresnet/fastresnet/internal/engine"
)

// longest is more time than a run takes.
const longest = 10 * 365 * 24 * time.Hour

// check reports a progress that no run of this configuration can have made, whoever made its file's checksum. Names and
// sizes of tensors are for the trainer to check.
func (p *progress) check(c *config) error {
	steps := c.train.Len() / c.recipe.BatchSize
	if c.recipe.KeepIncompleteBatch {
		steps = (c.train.Len() + c.recipe.BatchSize - 1) / c.recipe.BatchSize
	}
	if len(p.Epochs) > c.recipe.Epochs {
		return fmt.Errorf("a history of %d epochs, in a run of %d", len(p.Epochs), c.recipe.Epochs)
	}
	images := min(steps*c.recipe.BatchSize, c.train.Len()) // of an epoch
	for i, e := range p.Epochs {
		if err := e.check(i+1, images, c.test != nil); err != nil {
			return fmt.Errorf("epoch %d of its history: %w", i+1, err)
		}
	}
	for name, d := range map[string]time.Duration{"training": p.Train, "a part of an epoch": p.EpochTrain, "the whole run": p.Total} {
		if d < 0 || d > longest {
			return fmt.Errorf("%v for %s", d, name)
		}
	}
	return p.checkState(c, steps)
}

// checkState wants the state to be one right behind the history, or within the epoch after it.
func (p *progress) checkState(c *config, steps int) error {
	s, whole := p.State, len(p.Epochs)
	behind := whole > 0 && s.Epoch == whole && s.Steps == steps
	within := s.Epoch == whole+1 && s.Epoch <= c.recipe.Epochs && s.Steps >= 0 && s.Steps <= steps
	if !behind && !within {
		return fmt.Errorf("its state is after step %d of %d of epoch %d, its history has %d epochs", s.Steps, steps, s.Epoch, whole)
	}
	averaged := 0
	if c.recipe.Averaging.Every > 0 {
		averaged = (s.Epoch-1)*steps + s.Steps
	}
	if s.AverageSteps != averaged {
		return fmt.Errorf("its averages are over %d steps, of %d", s.AverageSteps, averaged)
	}
	if slices.ContainsFunc(s.Metrics, infinite) {
		return fmt.Errorf("its metrics are not finite")
	}
	for _, values := range []map[string][]float32{s.Variables, s.Velocities, s.Averages} {
		if !engine.Finite(values) {
			return fmt.Errorf("it holds values that are not finite")
		}
	}
	return nil
}

// check reports an epoch that cannot be the whole one of a number, on so many images, tested or not.
func (e Epoch) check(number, images int, tested bool) error {
	shares := []float64{e.TrainAccuracy, e.TestAccuracy}
	outside := func(share float64) bool { return !(share >= 0 && share <= 1) }
	negative := func(v float64) bool { return !(v >= 0 && v <= math.MaxFloat64) }
	switch {
	case e.Number != number:
		return fmt.Errorf("its number is %d", e.Number)
	case e.Partial:
		return fmt.Errorf("it is not whole")
	case e.Images != images:
		return fmt.Errorf("%d images of %d", e.Images, images)
	case e.Tested != tested:
		return fmt.Errorf("tested: %t, in a run where that is %t", e.Tested, tested)
	case slices.ContainsFunc(shares, outside):
		return fmt.Errorf("accuracies of %g and %g", e.TrainAccuracy, e.TestAccuracy)
	case slices.ContainsFunc([]float64{e.Rate, e.TrainLoss, e.TestLoss}, negative):
		return fmt.Errorf("a rate of %g, losses of %g and %g", e.Rate, e.TrainLoss, e.TestLoss)
	case min(e.TrainTime, e.TotalTime) < 0 || max(e.TrainTime, e.TotalTime) > longest:
		return fmt.Errorf("%v of training, %v in all", e.TrainTime, e.TotalTime)
	}
	return nil
}
