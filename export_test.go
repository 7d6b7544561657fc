package fastresnet

import (
	"context"

	"github.com/fastresnet/fastresnet/internal/engine"
)

// Rates are the learning rates of an epoch's steps.
func (r Recipe) Moves(epoch, steps int) engine.Moves { return r.moves(epoch, steps) }

// HighestRate is the highest of the recipe's own rates up to a step of the run, counted from 1.
func (r Recipe) HighestRate(last, whole int) float64 { return r.rate(r.highest(last, whole), whole) }

// Kept is the share of the average that is kept when it moves after a number of steps, given that of a whole epoch.
func (r Recipe) Kept(taken, steps int) float64 { return r.engineAverage(steps).KeepAfter(taken) }

// Hold keeps the model busy until release is called.
func (m *Model) Hold() (release func()) {
	m.mu.Lock()
	return m.mu.Unlock
}

// Waiting is how many callers wait for the model.
func (m *Model) Waiting() int {
	m.batcher.mu.Lock()
	defer m.batcher.mu.Unlock()
	return len(m.batcher.waiting)
}

// Batches are the sizes of requests that are computed together, if requests of these sizes wait in this order.
func Batches(small, full int, sizes ...int) [][]int {
	var b batcher
	for _, size := range sizes {
		b.waiting = append(b.waiting, &request{waits: context.Background(), pixels: make([]uint8, size)})
	}
	var batches [][]int
	for {
		requests := b.take(small, full)
		if len(requests) == 0 {
			return batches
		}
		var batch []int
		for _, r := range requests {
			batch = append(batch, len(r.pixels))
		}
		batches = append(batches, batch)
	}
}

// BatchesOf are the places, in the order of waiting, of requests that are computed together, if requests of one image
// each, for logits or for features, wait in this order.
func BatchesOf(full int, features ...bool) [][]int {
	var b batcher
	place := map[*request]int{}
	for i, f := range features {
		r := &request{waits: context.Background(), pixels: make([]uint8, 1)}
		if f {
			r.output = engine.Features
		}
		place[r] = i
		b.waiting = append(b.waiting, r)
	}
	var batches [][]int
	for requests := b.take(full, full); len(requests) > 0; requests = b.take(full, full) {
		var batch []int
		for _, r := range requests {
			batch = append(batch, place[r])
		}
		batches = append(batches, batch)
	}
	return batches
}

// Variables are the network's, weights and running statistics, by name, and those of the last step where the model
// uses averages.
func (m *Model) Variables() (values, last map[string][]float32) {
	m.mu.Lock()
	defer m.mu.Unlock()
	values, last, err := m.values()
	if err != nil {
		panic(err)
	}
	return values, last
}

// NewEvaluation is one of predictions from elsewhere.
func NewEvaluation(classes []string, labels []int, probabilities [][]float64) Evaluation {
	return Evaluation{classes: classes, labels: labels, probabilities: probabilities}
}
