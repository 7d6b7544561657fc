package optim

import "github.com/gomlx/gomlx/core/graph"

// Average is an exponential moving average of a variable over the steps of a run.
type Average struct {
	// Keep is the share of the average that is kept each time it moves.
	Keep float64
}

// Step returns the average after it has moved towards value; both have one shape and are float32.
func (a Average) Step(average, value *graph.Node) *graph.Node {
	return graph.Add(graph.MulScalar(average, a.Keep), graph.MulScalar(value, 1-a.Keep))
}
