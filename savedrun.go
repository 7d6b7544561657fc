package fastresnet

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/fastresnet/fastresnet/internal/engine"
)

// savedRun is a run between two steps, as a checkpoint holds it.
type savedRun struct {
	Run identity `json:"run"`
	// Epochs are the whole ones.
	Epochs []Epoch `json:"epochs"`
	// Train and Total are the times of [Timing] so far, and EpochTrain what of Train belongs to an epoch that is not
	// whole.
	Train      time.Duration `json:"train_ns"`
	EpochTrain time.Duration `json:"epoch_train_ns"`
	Total      time.Duration `json:"total_ns"`
	// State has its tensors beside the JSON.
	State engine.Snapshot `json:"state"`
	// Selector is the small network of a [Selection] before the epoch after the whole ones, with its tensors beside the JSON.
	Selector *engine.Snapshot `json:"selector,omitempty"`
	// BestEpoch is the one whose weights [WithBestWeights] has kept, 0 for none: Best, and BestLast where those are averages.
	BestEpoch int                  `json:"best_epoch,omitempty"`
	Best      map[string][]float32 `json:"-"`
	BestLast  map[string][]float32 `json:"-"`
}

// ofSelector is how the names of the tensors of a selector's snapshot begin.
const ofSelector = "selector-"

// metrics are the snapshots' by the names of their tensors in a file.
func (s *savedRun) metrics() map[string]*[]float32 {
	all := map[string]*[]float32{"metrics": &s.State.Metrics}
	if small := s.Selector; small != nil {
		all[ofSelector+"metrics"] = &small.Metrics
	}
	return all
}

// tensors are those of variables by the beginning of their names in a file.
func (s *savedRun) tensors() map[string]*map[string][]float32 {
	all := map[string]*map[string][]float32{
		"variables/": &s.State.Variables, "velocities/": &s.State.Velocities, "averages/": &s.State.Averages,
		"best/": &s.Best, "best-last/": &s.BestLast,
	}
	if small := s.Selector; small != nil {
		all[ofSelector+"variables/"], all[ofSelector+"velocities/"] = &small.Variables, &small.Velocities
	}
	return all
}

// longest is more time than a run takes.
const longest = 10 * 365 * 24 * time.Hour

// check reports what no run of this configuration can have saved, whoever made its file's checksum. That no
// tensor is missing is for the trainer to check.
func (s *savedRun) check(c *config) error {
	steps := c.train.Len() / c.recipe.BatchSize
	if c.recipe.KeepIncompleteBatch {
		steps = (c.train.Len() + c.recipe.BatchSize - 1) / c.recipe.BatchSize
	}
	if len(s.Epochs) > c.recipe.Epochs {
		return fmt.Errorf("a history of %d epochs, in a run of %d", len(s.Epochs), c.recipe.Epochs)
	}
	for i, e := range s.Epochs {
		images := min(c.recipe.stepsOf(i+1, steps)*c.recipe.ImagesPerStep(), c.train.Len())
		if err := e.check(c, i+1, images); err != nil {
			return fmt.Errorf("epoch %d of its history: %w", i+1, err)
		}
	}
	for name, d := range map[string]time.Duration{"training": s.Train, "a part of an epoch": s.EpochTrain, "the whole run": s.Total} {
		if d < 0 || d > longest {
			return fmt.Errorf("%v for %s", d, name)
		}
	}
	if err := s.checkBest(c); err != nil {
		return err
	}
	if err := s.checkSelector(c, steps); err != nil {
		return err
	}
	return s.checkState(c, steps)
}

// checkBest wants weights of one of the epochs that were tested, if and only if they are to be kept.
func (s *savedRun) checkBest(c *config) error {
	kept := c.best && slices.ContainsFunc(s.Epochs, func(e Epoch) bool { return e.Tested })
	averaged := kept && c.recipe.Averaging.Every > 0
	if s.BestEpoch < 0 || s.BestEpoch > len(s.Epochs) || (s.BestEpoch > 0) != kept || kept && !s.Epochs[s.BestEpoch-1].Tested ||
		(s.Best != nil) != kept || (s.BestLast != nil) != averaged {
		return fmt.Errorf("its best epoch is %d, of %d", s.BestEpoch, len(s.Epochs))
	}
	if !engine.Finite(s.Best) || !engine.Finite(s.BestLast) {
		return errors.New("it holds values that are not finite")
	}
	return nil
}

// checkState wants the state to be one right behind the history, or within the epoch after it.
func (s *savedRun) checkState(c *config, steps int) error {
	state, whole := s.State, len(s.Epochs)
	behind := whole > 0 && state.Epoch == whole && state.Steps == c.recipe.stepsOf(whole, steps)
	within := state.Epoch == whole+1 && state.Epoch <= c.recipe.Epochs &&
		state.Steps >= 0 && state.Steps <= c.recipe.stepsOf(state.Epoch, steps)
	if !behind && !within {
		return fmt.Errorf("its state is after step %d of %d of epoch %d, its history has %d epochs", state.Steps, steps, state.Epoch, whole)
	}
	averaged := 0
	if c.recipe.Averaging.Every > 0 {
		averaged = (state.Epoch-1)*steps + state.Steps
	}
	if state.AverageSteps != averaged {
		return fmt.Errorf("its averages are over %d steps, of %d", state.AverageSteps, averaged)
	}
	return finite(state)
}

// checkSelector wants the state of a selector right behind the history, if and only if the run has one.
func (s *savedRun) checkSelector(c *config, steps int) error {
	state, whole := s.Selector, len(s.Epochs)
	switch {
	case (state != nil) != (c.selector != nil):
		return errors.New("it has the state of a selecting network, or lacks it, against the recipe")
	case state == nil:
		return nil
	case state.Epoch != whole || state.Steps != steps*min(whole, 1) || state.AverageSteps != 0:
		return fmt.Errorf("its selecting network is after step %d of epoch %d, its history has %d epochs", state.Steps, state.Epoch, whole)
	}
	return finite(*state)
}

// finite reports a snapshot with values that are not.
func finite(s engine.Snapshot) error {
	if slices.ContainsFunc(s.Metrics, func(v float32) bool { return !engine.IsFinite(v) }) {
		return fmt.Errorf("its metrics are not finite")
	}
	for _, values := range []map[string][]float32{s.Variables, s.Velocities, s.Averages} {
		if !engine.Finite(values) {
			return fmt.Errorf("it holds values that are not finite")
		}
	}
	return nil
}

// check reports an epoch that cannot be the whole one of a number, on a number of images, in a run of this configuration. Another
// [WithTestEvery] may have tested other epochs, but for the last, which every one tests.
func (e Epoch) check(c *config, number, images int) error {
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
	case e.Tested && c.test == nil, !e.Tested && c.test != nil && number == c.recipe.Epochs:
		return fmt.Errorf("tested: %t, in a run where that cannot be", e.Tested)
	case !e.Tested && (e.TestLoss != 0 || e.TestAccuracy != 0):
		return fmt.Errorf("tested: %t, with a test loss of %g and accuracy of %g", e.Tested, e.TestLoss, e.TestAccuracy)
	case slices.ContainsFunc(shares, outside):
		return fmt.Errorf("accuracies of %g and %g", e.TrainAccuracy, e.TestAccuracy)
	case slices.ContainsFunc([]float64{e.Rate, e.TrainLoss, e.TestLoss}, negative):
		return fmt.Errorf("a rate of %g, losses of %g and %g", e.Rate, e.TrainLoss, e.TestLoss)
	case min(e.TrainTime, e.TotalTime) < 0 || max(e.TrainTime, e.TotalTime) > longest:
		return fmt.Errorf("%v of training, %v in all", e.TrainTime, e.TotalTime)
	}
	return nil
}
