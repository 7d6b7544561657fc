package fastresnet

import (
	"cmp"
	"math"
	"slices"

	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/schedule"
)

// moves are how the steps of an epoch move the variables, given the number of steps in a whole one.
func (r Recipe) moves(epoch, steps int) engine.Moves {
	schedules, rescaled := []schedule.Schedule{r.Schedule}, [][]bool{r.rescaled(r.Optimizer, steps)}
	for _, g := range r.Groups {
		if len(g.Schedule) == 0 {
			g.Schedule = r.Schedule
		}
		schedules = append(schedules, g.Schedule.Scale(cmp.Or(g.RateFactor, 1)))
		rescaled = append(rescaled, r.rescaled(g.Optimizer, steps))
	}
	moves := make(engine.Moves, r.stepsOf(epoch, steps))
	for step := range moves {
		taken := step + 1
		if r.RateBeforeStep {
			taken = step
		}
		at := float64(epoch-1) + float64(taken)/float64(steps)
		for i, s := range schedules {
			moves[step] = append(moves[step], engine.Move{Rate: float32(s.At(at)), Rescale: rescaled[i][(epoch-1)*steps+step]})
		}
	}
	return moves
}

// steps is the number of steps in the run, given that of a whole epoch.
func (r Recipe) steps(whole int) int {
	const rounding = 1e-9
	return int(math.Ceil((r.length() - rounding) * float64(whole)))
}

// stepsOf is the number of steps in an epoch, counted from 1, given that of a whole one.
func (r Recipe) stepsOf(epoch, whole int) int { return min(whole, r.steps(whole)-(epoch-1)*whole) }

// length is the run's in epochs.
func (r Recipe) length() float64 {
	if r.LastEpoch == 0 {
		return float64(r.Epochs)
	}
	return float64(r.Epochs-1) + r.LastEpoch
}

// rescaled says in which of the run's steps an optimizer rescales, given the number of steps in a whole epoch.
func (r Recipe) rescaled(o Optimizer, whole int) []bool {
	steps := make([]bool, r.steps(whole))
	muon, _ := o.(Muon)
	every, last := muon.Rescaling, 0
	for i := range steps {
		step := i + 1
		between := every.First + int(math.Floor(float64((every.Last-every.First)*step)/float64(len(steps))))
		if steps[i] = step-last >= between; steps[i] {
			last = step
		}
	}
	return steps
}

// stretch adapts the groups' schedules, in a copy: epochs are multiplied by one factor, rates by another.
func stretch(groups []VariableGroup, epochs, rates float64) []VariableGroup {
	groups = slices.Clone(groups)
	for i := range groups {
		groups[i].Schedule = groups[i].Schedule.Stretch(epochs).Scale(rates)
	}
	return groups
}

// factor is by how much a number changes; 1 where one that is no good would make it useless.
func factor(before, after float64) float64 {
	if !(before > 0 && after > 0) {
		return 1
	}
	return after / before
}

// scheduled is the number of epochs that the schedule was made for: the run's, or up to its last knot where they are 0.
func (r Recipe) scheduled() float64 { return cmp.Or(max(0, r.length()), math.Round(r.Schedule.End())) }
