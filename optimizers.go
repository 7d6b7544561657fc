package fastresnet

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"

	"github.com/fastresnet/fastresnet/internal/strictjson"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/fastresnet/fastresnet/schedule"
)

// Optimizer is a rule by which gradients move variables: [Nesterov], [SGD] or [Muon]. Below, g is the gradient of the
// mean loss, w the variable, and v its velocity, which starts at 0.
type Optimizer interface {
	// problem says what is wrong with the settings.
	problem() error
}

// Nesterov is stochastic gradient descent with Nesterov momentum and weight decay, in the form of the source series:
//
//	d = -rate·(g + decay·w);  v ← momentum·v + d;  w ← w + d + momentum·v
type Nesterov struct {
	// Momentum is the share of the velocity that is kept each step, from 0 to below 1.
	Momentum float64 `json:"momentum"`
	// WeightDecay is the coefficient of the variables in the gradient of the mean loss, from 0 to 1.
	WeightDecay float64 `json:"weight_decay"`
}

// SGD is stochastic gradient descent with Nesterov momentum and weight decay, in the form that PyTorch uses. It differs
// from [Nesterov] where the rate changes: the velocity does not have the rate in it.
//
//	g' = g + decay·w;  v ← momentum·v + g';  w ← w - rate·(g' + momentum·v)
type SGD struct {
	// Momentum is the share of the velocity that is kept each step, from 0 to below 1.
	Momentum float64 `json:"momentum"`
	// WeightDecay is the coefficient of the variables in the gradient of the mean loss, from 0 to 1.
	WeightDecay float64 `json:"weight_decay"`
}

// Muon moves matrices by their gradient with all singular values brought near 1
// (https://kellerjordan.github.io/posts/muon). The filters of a convolution are a matrix with a row for each output channel.
// How large the gradient is does not matter to Muon. Before the step the matrix is scaled to the norm √rows.
//
//	v ← momentum·v + g;  w ← (w·√rows/‖w‖ - rate·orthogonal(g + momentum·v))·(1 - rate·decay)
type Muon struct {
	// Momentum is the share of the velocity that is kept each step, from 0 to below 1.
	Momentum float64 `json:"momentum"`
	// WeightDecay is the decay, from 0 to 1.
	WeightDecay float64 `json:"weight_decay,omitempty"`
	// Polynomial is a, b and c of the polynomial a·s + b·s³ + c·s⁵ that brings a singular value s of the matrix, divided by
	// its norm, near 1 in three rounds. All 0 stand for 3.4445, -4.7750 and 2.0315, which bring those from 0.02 upwards to
	// between 0.68 and 1.21.
	Polynomial [3]float64 `json:"polynomial,omitzero"`
	// Rescaling says how often the matrix is scaled; the zero value before every step.
	Rescaling Rescaling `json:"rescaling,omitzero"`
}

// Rescaling is how many steps lie between two scalings of [Muon]: First at the run's beginning, and from there linearly,
// rounded down, to Last at its end. The first scaling is that of the First-th step.
type Rescaling struct {
	First int `json:"first"` // at least 1, or 0 for a zero Rescaling
	Last  int `json:"last"`  // at least 1, or 0 for a zero Rescaling
}

func (o Nesterov) problem() error { return shares(o.Momentum, o.WeightDecay) }

func (o SGD) problem() error { return shares(o.Momentum, o.WeightDecay) }

func (o Muon) problem() error {
	for _, c := range o.Polynomial {
		if !(math.Abs(c) <= math.MaxFloat32) {
			return fmt.Errorf("polynomial %v, need finite numbers", o.Polynomial)
		}
	}
	if r := o.Rescaling; r != (Rescaling{}) && min(r.First, r.Last) < 1 {
		return fmt.Errorf("rescaling every %d to %d steps, need at least 1", r.First, r.Last)
	}
	return shares(o.Momentum, o.WeightDecay)
}

// shares reports a momentum or a weight decay that cannot be.
func shares(momentum, decay float64) error {
	if !(momentum >= 0 && momentum < 1) {
		return fmt.Errorf("momentum %g, need 0 to below 1", momentum)
	}
	if !(decay >= 0 && decay <= 1) {
		return fmt.Errorf("weight decay %g, need 0 to 1", decay)
	}
	return nil
}

// optimizerProblem says what is wrong with an optimizer.
func optimizerProblem(o Optimizer) error {
	switch o.(type) {
	case Nesterov, SGD, Muon:
		return o.problem()
	case nil:
		return errors.New("no optimizer: need a Nesterov, SGD or Muon")
	}
	return fmt.Errorf("an optimizer that is a %T: need a Nesterov, SGD or Muon", o)
}

// optimizers are all of them, by their names in JSON.
var optimizers = map[string]Optimizer{"nesterov": Nesterov{}, "sgd": SGD{}, "muon": Muon{}}

// optimizerJSON is an optimizer in JSON: an object with one field, its name, that holds its settings.
type optimizerJSON struct{ Optimizer }

func (o optimizerJSON) MarshalJSON() ([]byte, error) {
	for name, zero := range optimizers {
		if reflect.TypeOf(zero) == reflect.TypeOf(o.Optimizer) {
			return json.Marshal(map[string]Optimizer{name: o.Optimizer})
		}
	}
	return nil, fmt.Errorf("%w: %w", ErrOption, optimizerProblem(o.Optimizer))
}

func (o *optimizerJSON) UnmarshalJSON(text []byte) error {
	var named map[string]json.RawMessage
	if err := strictjson.Unmarshal(text, &named); err != nil {
		return err
	}
	if len(named) != 1 {
		return fmt.Errorf("an optimizer of the kinds %q, want one of: %s", slices.Sorted(maps.Keys(named)), strings.Join(slices.Sorted(maps.Keys(optimizers)), ", "))
	}
	for name, settings := range named {
		zero, known := optimizers[name]
		if !known {
			return fmt.Errorf("optimizer %q, want one of: %s", name, strings.Join(slices.Sorted(maps.Keys(optimizers)), ", "))
		}
		read := reflect.New(reflect.TypeOf(zero))
		if err := strictjson.Unmarshal(settings, read.Interface()); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		o.Optimizer = read.Elem().Interface().(Optimizer)
	}
	return nil
}

// VariableGroup gives one kind of variables, such as biases, an optimizer and a learning rate of its own.
type VariableGroup struct {
	// Variables are the kind of the group's variables. A network need not have any.
	Variables layers.VariableKind
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
	Variables  layers.VariableKind `json:"variables"`
	Optimizer  optimizerJSON       `json:"optimizer"`
	RateFactor float64             `json:"rate_factor,omitempty"`
	Schedule   schedule.Schedule   `json:"schedule,omitempty"`
}

// MarshalJSON writes the optimizer by its name.
func (g VariableGroup) MarshalJSON() ([]byte, error) {
	return json.Marshal(groupJSON{g.Variables, optimizerJSON{g.Optimizer}, g.RateFactor, g.Schedule})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (g *VariableGroup) UnmarshalJSON(text []byte) error {
	var read groupJSON
	if err := strictjson.Unmarshal(text, &read); err != nil {
		return err
	}
	*g = VariableGroup{read.Variables, read.Optimizer.Optimizer, read.RateFactor, read.Schedule}
	return nil
}
