package engine

import "math"

// Optimizer moves a variable w by the gradient g of the mean loss at a learning rate. It keeps one velocity v of the
// variable, which is 0 before the first step: [Nesterov], [SGD] or [Muon].
type Optimizer interface{ optimizer() }

// Nesterov is stochastic gradient descent with Nesterov momentum and weight decay, in the form of the
// framework that the source series used:
//
//	d = -rate·(g + decay·w);  v ← momentum·v + d;  w ← w + d + momentum·v
type Nesterov struct {
	// Momentum is the share of the velocity that is kept each step.
	Momentum float64
	// WeightDecay is the coefficient of the weights in the gradient.
	WeightDecay float64
}

// SGD is stochastic gradient descent with Nesterov momentum and weight decay, in the usual form of frameworks:
//
//	g' = g + decay·w;  v ← momentum·v + g';  w ← w - rate·(g' + momentum·v)
//
// It differs from [Nesterov] where the rate changes: the velocity holds gradients, which the rate of the moment
// multiplies, and not steps.
type SGD struct {
	// Momentum is the share of the velocity that is kept each step.
	Momentum float64
	// WeightDecay is the coefficient of the weights in the gradient.
	WeightDecay float64
}

// Muon moves a filter bank by its gradient with all singular values brought near 1
// (https://kellerjordan.github.io/posts/muon), so that every direction of the weights learns at the same pace:
//
//	v ← momentum·v + g;  w ← (w·√out/‖w‖ - rate·orthogonal(g + momentum·v))·(1 - rate·decay)
//
// The bank, [out, ...], is a matrix of out rows; ‖·‖ is the Frobenius norm. Where a step's [Move] does not rescale, w stands
// for w·√out/‖w‖. The sum is divided by its norm, and then its singular values s become p(s) = A·s + B·s³ + C·s⁵,
// [NewtonSchulzSteps] times, by matrix products alone.
type Muon struct {
	// Momentum is the share of the velocity that is kept each step, in Nesterov's form.
	Momentum float64
	// WeightDecay shrinks the weights behind the step, in proportion to the rate.
	WeightDecay float64
	// Polynomial is A, B and C.
	Polynomial [3]float64
}

// The constants of [Muon].
const (
	NewtonSchulzSteps = 3
	NormFloor         = 1e-7 // is added to the gradient's norm
)

func (Nesterov) optimizer() {}
func (SGD) optimizer()      {}
func (Muon) optimizer()     {}

// Average is an exponential moving average of the variables over the steps of a run; the zero value is none.
type Average struct {
	// Every is the number of steps after which it moves; 0 for no average.
	Every int
	// Keep is the share of the average that is kept each time it moves, at the end of the run.
	Keep float64
	// Power has the share grow to that with this power of the part of the run's Steps that have been taken; 0 for one
	// share throughout.
	Power float64
	Steps int
	// Lookahead makes the average the variables, each time it has moved.
	Lookahead bool
}

// KeepAfter is the share of the average that is kept when it moves after a number of steps.
func (a Average) KeepAfter(steps int) float64 {
	return a.Keep * math.Pow(min(1, float64(steps)/float64(a.Steps)), a.Power)
}
