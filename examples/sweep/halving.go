package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// halving trains all configurations for few epochs, the best of them for more, and so on: successive halving
// (https://arxiv.org/abs/1502.07943). It assumes that what is best after few epochs, with the schedule of so many, is among
// the best after many. Each stage's runs begin anew, since their schedules differ from the first step on.
type halving struct {
	Epochs []int   `json:"epochs"` // of the runs of each stage, ascending
	Keep   float64 `json:"keep"`   // the share of a stage's configurations, rounded up, that the next one has
}

// problems are what is wrong with it.
func (h *halving) problems() (problems []error) {
	if len(h.Epochs) < 2 || !slices.IsSorted(h.Epochs) || len(slices.Compact(slices.Clone(h.Epochs))) < len(h.Epochs) {
		problems = append(problems, fmt.Errorf("halving: epochs %v, need two numbers at least, ascending", h.Epochs))
	}
	if !(h.Keep > 0 && h.Keep < 1) {
		problems = append(problems, fmt.Errorf("halving: keep %g, need a share above 0 and below 1", h.Keep))
	}
	return problems
}

// kept is how many of n configurations the next stage has. What only the rounding of floating-point numbers puts above a whole
// number is that number: 0.07 of 100 are 7.
func (h *halving) kept(n int) int { return int(math.Ceil(h.Keep * float64(n) * (1 - 1e-12))) }

// best are the configurations of a stage that the next one has, by the mean accuracies of their runs, a run that diverged
// counting as 0: of equal ones the first. It is not decided before all of the stage's runs are done.
func (h *halving) best(stage []configuration, runs []trial, done map[string]outcome) (best []configuration, decided bool) {
	sums := make([]float64, len(stage))
	for i, r := range runs {
		o, ok := done[r.id]
		if !ok {
			return nil, false
		}
		sums[i%len(stage)] += o.accuracy()
	}
	order := make([]int, len(stage))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(sums[b], sums[a]) })
	for _, i := range order[:h.kept(len(stage))] {
		best = append(best, stage[i])
	}
	return best, true
}
