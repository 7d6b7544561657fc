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
	schedules, rescaled := r.schedules(), [][]bool{r.rescaled(r.Optimizer, epoch, steps)}
	for _, g := range r.Groups {
		rescaled = append(rescaled, r.rescaled(g.Optimizer, epoch, steps))
	}
	moves := make(engine.Moves, r.stepsOf(epoch, steps))
	for step := range moves {
		at := r.moment((epoch-1)*steps+step+1, steps)
		for i, s := range schedules {
			moves[step] = append(moves[step], engine.Move{Rate: float32(s.At(at)), Rescale: rescaled[i] == nil || rescaled[i][step]})
		}
	}
	return moves
}

// schedules are the recipe's own, and then those of its groups.
func (r Recipe) schedules() []schedule.Schedule {
	all := []schedule.Schedule{r.Schedule}
	for _, g := range r.Groups {
		if len(g.Schedule) == 0 {
			g.Schedule = r.Schedule
		}
		all = append(all, g.Schedule.Scale(cmp.Or(g.RateFactor, 1)))
	}
	return all
}

// moment is where a step of the run, counted from 1, is on the schedule, in epochs, given the number of steps in a whole one.
func (r Recipe) moment(step, whole int) float64 {
	epoch, taken := (step-1)/whole, (step-1)%whole+1
	if r.RateBeforeStep {
		taken--
	}
	return float64(epoch) + float64(taken)/float64(whole)
}

// rate is the recipe's own at a step of the run, counted from 1.
func (r Recipe) rate(step, whole int) float64 {
	return float64(float32(r.Schedule.At(r.moment(step, whole))))
}

// highest is the step, of those up to a last one, whose rate is the highest: one beside a knot, as the schedule is straight
// between them.
func (r Recipe) highest(last, whole int) int {
	best := 1
	for _, k := range append(r.Schedule[:len(r.Schedule):len(r.Schedule)], schedule.Knot{Epoch: float64(last) / float64(whole)}) {
		at := int(min(k.Epoch*float64(whole), float64(last)))
		for step := max(1, at-1); step <= min(at+2, last); step++ {
			if r.rate(step, whole) > r.rate(best, whole) {
				best = step
			}
		}
	}
	return best
}

// steps is the number of steps in the run, given that of a whole epoch.
func (r Recipe) steps(whole int) int {
	const rounding = 1e-9
	return max(int(math.Ceil((r.length()-rounding)*float64(whole))), (r.Epochs-1)*whole+1, 0)
}

// stepsOf is the number of steps in an epoch, counted from 1, given that of a whole one.
func (r Recipe) stepsOf(epoch, whole int) int { return min(whole, r.steps(whole)-(epoch-1)*whole) }

// length is the run's in epochs.
func (r Recipe) length() float64 {
	if r.LastEpochShare == 0 {
		return float64(r.Epochs)
	}
	return float64(r.Epochs-1) + r.LastEpochShare
}

// rescaled says in which steps of an epoch an optimizer rescales, given the number of steps in a whole one; nil for all.
func (r Recipe) rescaled(o Optimizer, epoch, whole int) []bool {
	muon, _ := o.(Muon)
	every, last := muon.Rescaling, 0
	if every == (Rescaling{}) {
		return nil
	}
	total, first := r.steps(whole), (epoch-1)*whole+1
	steps := make([]bool, r.stepsOf(epoch, whole))
	for step := 1; step < first+len(steps); step++ {
		between := every.First + int(math.Floor(float64((every.Last-every.First)*step)/float64(total)))
		if step-last < between {
			continue
		}
		last = step
		if step >= first {
			steps[step-first] = true
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

// scheduled is the number of epochs that the schedule was made for: the run's, or up to its last knot where they are 0.
func (r Recipe) scheduled() float64 { return cmp.Or(max(0, r.length()), math.Round(r.Schedule.End())) }
