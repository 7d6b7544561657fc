package fastresnet

import (
	"cmp"
	"math"
	"slices"

	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/schedule"
)

// rates are the learning rates of an epoch's steps.
func (r Recipe) rates(epoch, steps int) engine.Rates {
	schedules := []schedule.Schedule{r.Schedule}
	for _, g := range r.Groups {
		if len(g.Schedule) == 0 {
			g.Schedule = r.Schedule
		}
		schedules = append(schedules, g.Schedule.Scale(cmp.Or(g.RateFactor, 1)))
	}
	rates := make(engine.Rates, steps)
	for step := range rates {
		taken := step + 1
		if r.RateBeforeStep {
			taken = step
		}
		at := float64(epoch-1) + float64(taken)/float64(steps)
		for _, s := range schedules {
			rates[step] = append(rates[step], float32(s.At(at)))
		}
	}
	return rates
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
func factor(before, after int) float64 {
	if min(before, after) < 1 {
		return 1
	}
	return float64(after) / float64(before)
}

// scheduled is the number of epochs that the schedule was made for: the recipe's, or up to its last knot where they are 0.
func (r Recipe) scheduled() int { return cmp.Or(r.Epochs, int(math.Round(r.Schedule.End()))) }
