package optim

import "github.com/gomlx/gomlx/core/graph"

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

// Step implements [Optimizer].
func (o SGD) Step(weight, velocity, gradient, rate *graph.Node) (newWeight, newVelocity *graph.Node) {
	gradient = graph.Add(gradient, graph.MulScalar(weight, o.WeightDecay))
	newVelocity = graph.Add(graph.MulScalar(velocity, o.Momentum), gradient)
	update := graph.Add(gradient, graph.MulScalar(newVelocity, o.Momentum))
	return graph.Sub(weight, graph.Mul(rate, update)), newVelocity
}
