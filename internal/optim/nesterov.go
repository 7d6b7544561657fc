package optim

import "github.com/gomlx/gomlx/core/graph"

// Nesterov is stochastic gradient descent with Nesterov momentum and weight decay, in the form of the
// framework that the source series used:
//
//	d = -rate·(g + decay·w);  v ← momentum·v + d;  w ← w + d + momentum·v
type Nesterov struct {
	// Momentum is the share of the velocity that is kept each step.
	Momentum float64
	// WeightDecay is the coefficient of the weights in the gradient.
	WeightDecay float64
	// RateFactor multiplies the learning rate; 0 stands for 1.
	RateFactor float64
}

// Step implements [Optimizer].
func (o Nesterov) Step(weight, velocity, gradient, rate *graph.Node) (newWeight, newVelocity *graph.Node) {
	if o.RateFactor != 0 {
		rate = graph.MulScalar(rate, o.RateFactor)
	}
	d := graph.Neg(graph.Mul(rate, graph.Add(gradient, graph.MulScalar(weight, o.WeightDecay))))
	newVelocity = graph.Add(graph.MulScalar(velocity, o.Momentum), d)
	newWeight = graph.Add(weight, graph.Add(d, graph.MulScalar(newVelocity, o.Momentum)))
	return newWeight, newVelocity
}
