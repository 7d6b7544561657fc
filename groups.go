package fastresnet

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/internal/strictjson"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/fastresnet/fastresnet/schedule"
)

// Group is how a run moves the variables of a kind, where that is not how it moves the others.
type Group struct {
	// Variables are the kind of the group's variables. A network need not have any.
	Variables layers.Kind
	// Optimizer is what moves them.
	Optimizer Optimizer
	// RateFactor multiplies their learning rate; 0 stands for 1.
	RateFactor float64
	// Schedule is their learning rate by epoch; none stands for the recipe's. [WithEpochs] and [WithBatchSize]
	// adapt it as they adapt the recipe's, and [WithPeakRate] scales both by the same factor.
	Schedule schedule.Schedule
}

// groupJSON is a group in JSON.
type groupJSON struct {
	Variables  layers.Kind       `json:"variables"`
	Optimizer  optimizerJSON     `json:"optimizer"`
	RateFactor float64           `json:"rate_factor,omitempty"`
	Schedule   schedule.Schedule `json:"schedule,omitempty"`
}

// MarshalJSON writes the optimizer by its name.
func (g Group) MarshalJSON() ([]byte, error) {
	return json.Marshal(groupJSON{g.Variables, optimizerJSON{g.Optimizer}, g.RateFactor, g.Schedule})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (g *Group) UnmarshalJSON(text []byte) error {
	var read groupJSON
	if err := strictjson.Unmarshal(text, &read); err != nil {
		return err
	}
	*g = Group{read.Variables, read.Optimizer.Optimizer, read.RateFactor, read.Schedule}
	return nil
}

// groups are those of the engine.
func (r Recipe) groups() []engine.Group {
	var groups []engine.Group
	for _, g := range r.Groups {
		groups = append(groups, engine.Group{Kind: g.Variables, Optimizer: g.Optimizer.onEngine()})
	}
	return groups
}

// rates are the learning rates of an epoch's steps: [steps, 1 + groups], the recipe's own before those of its
// groups.
func (r Recipe) rates(epoch, steps int) []float32 {
	schedules := []schedule.Schedule{r.Schedule}
	for _, g := range r.Groups {
		if len(g.Schedule) == 0 {
			g.Schedule = r.Schedule
		}
		schedules = append(schedules, g.Schedule.Scale(cmp.Or(g.RateFactor, 1)))
	}
	var rates []float32
	for step := range steps {
		taken := step + 1
		if r.RateBeforeStep {
			taken = step
		}
		at := float64(epoch-1) + float64(taken)/float64(steps)
		for _, s := range schedules {
			rates = append(rates, float32(s.At(at)))
		}
	}
	return rates
}

// groupProblems lists everything that is wrong with the groups.
func (r Recipe) groupProblems() []error {
	var errs []error
	seen := map[layers.Kind]bool{}
	for i, g := range r.Groups {
		check := func(ok bool, format string, args ...any) {
			if !ok {
				errs = append(errs, fmt.Errorf("%w: group %d: "+format, append([]any{ErrOption, i}, args...)...))
			}
		}
		check(slices.Contains(layers.Kinds(), g.Variables), "variables %q, want one of %q", g.Variables, layers.Kinds())
		check(!seen[g.Variables], "a second one of %s", g.Variables)
		seen[g.Variables] = true
		check(g.RateFactor >= 0 && g.RateFactor <= math.MaxFloat32, "rate factor %g, need 0 or more", g.RateFactor)
		if err := optimizerProblem(g.Optimizer); err != nil {
			check(false, "%w", err)
		}
		if _, muon := g.Optimizer.(Muon); muon {
			check(g.Variables == layers.KindFilters || g.Variables == layers.KindLinearWeights, "muon for %s, which are no matrices", g.Variables)
		}
		if len(g.Schedule) > 0 {
			if err := r.follows(g.Schedule); err != nil {
				errs = append(errs, fmt.Errorf("group %d: %w", i, err))
			}
		}
	}
	return errs
}

// follows reports whether the run can follow a schedule.
func (r Recipe) follows(s schedule.Schedule) error {
	if err := s.Validate(); err != nil {
		return fmt.Errorf("%w: %w", ErrOption, err)
	}
	const rounding = 1e-9
	if r.Epochs >= 1 && s.End() > float64(r.Epochs)+rounding {
		return fmt.Errorf("%w: the schedule's last knot is at epoch %g of a run of %d epochs; WithEpochs stretches it", ErrOption, s.End(), r.Epochs)
	}
	return nil
}

// stretch adapts the groups' schedules, in a copy: epochs are multiplied by one factor, rates by another.
func stretch(groups []Group, epochs, rates float64) []Group {
	groups = slices.Clone(groups)
	for i := range groups {
		groups[i].Schedule = groups[i].Schedule.Stretch(epochs).Scale(rates)
	}
	return groups
}
