// Package optim holds the optimisers that GoMLX lacks, as graph builders.
package optim

import "github.com/gomlx/gomlx/core/graph"

// Optimizer moves a variable, of which it keeps one velocity. A run starts with a velocity of 0.
type Optimizer interface {
	// Step returns the weight and the velocity after one step. weight, velocity and gradient have one shape
	// and are float32; rate is a float32 scalar.
	Step(weight, velocity, gradient, rate *graph.Node) (newWeight, newVelocity *graph.Node)
}

var _, _, _ Optimizer = Nesterov{}, SGD{}, Muon{}
