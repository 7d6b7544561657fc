package fastresnet

import (
	"fmt"
	"slices"

	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/fastresnet/fastresnet/schedule"
)

// Group is how a run moves the variables of a kind, where that is not how it moves the others.
type Group struct {
	// Variables are the kind of the group's variables. A network need not have any.
	Variables layers.Kind `json:"variables"`
	// Optimizer is what moves them.
	Optimizer Optimizer `json:"optimizer"`
	// Schedule is their learning rate by epoch; none stands for the recipe's. [WithEpochs] and [WithBatchSize]
	// adapt it as they adapt the recipe's, and [WithPeakRate] scales both by the same factor.
	Schedule schedule.Schedule `json:"schedule,omitempty"`
	// Momentum is the share of the velocity that is kept each step, from 0 to below 1.
	Momentum float64 `json:"momentum"`
	// WeightDecay is the coefficient of the variables in the gradient of the mean loss, from 0 to 1; 0 for
	// [OptimizerMuon].
	WeightDecay float64 `json:"weight_decay,omitempty"`
}

// Optimizer is a rule by which gradients move variables. g is the gradient of the mean loss, w the variable,
// v its velocity, which starts at 0.
type Optimizer string

// The optimisers of a [Group].
const (
	// OptimizerNesterov moves whatever is in no group, by stochastic gradient descent with momentum:
	//
	//	d = -rate·(g + decay·w);  v ← momentum·v + d;  w ← w + d + momentum·v
	OptimizerNesterov Optimizer = "nesterov"
	// OptimizerSGD is the same in the usual form of frameworks. They differ where the rate changes.
	//
	//	g' = g + decay·w;  v ← momentum·v + g';  w ← w - rate·(g' + momentum·v)
	OptimizerSGD Optimizer = "sgd"
	// OptimizerMuon moves matrices, a filter bank being one of a row an output, by their gradient with all
	// singular values brought near 1 (https://kellerjordan.github.io/posts/muon). How large the gradient is does
	// not matter to it. Before the step the matrix is scaled to the norm √rows.
	//
	//	v ← momentum·v + g;  w ← w·√rows/‖w‖ - rate·orthogonal(g + momentum·v)
	OptimizerMuon Optimizer = "muon"
)

// optimizer is the group's.
func (g Group) optimizer() engine.Optimizer {
	switch g.Optimizer {
	case OptimizerSGD:
		return engine.SGD{Momentum: g.Momentum, WeightDecay: g.WeightDecay}
	case OptimizerMuon:
		return engine.Muon{Momentum: g.Momentum}
	}
	return engine.Nesterov{Momentum: g.Momentum, WeightDecay: g.WeightDecay}
}

// groups are those of the engine.
func (r Recipe) groups() []engine.Group {
	var groups []engine.Group
	for _, g := range r.Groups {
		groups = append(groups, engine.Group{Kind: g.Variables, Optimizer: g.optimizer()})
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
		schedules = append(schedules, g.Schedule)
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
		check(slices.Contains([]Optimizer{OptimizerNesterov, OptimizerSGD, OptimizerMuon}, g.Optimizer),
			"optimizer %q, want %q, %q or %q", g.Optimizer, OptimizerNesterov, OptimizerSGD, OptimizerMuon)
		check(g.Momentum >= 0 && g.Momentum < 1, "momentum %g, need 0 to below 1", g.Momentum)
		check(g.WeightDecay >= 0 && g.WeightDecay <= 1, "weight decay %g, need 0 to 1", g.WeightDecay)
		if g.Optimizer == OptimizerMuon {
			check(g.WeightDecay == 0, "weight decay %g, which muon has none of", g.WeightDecay)
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
