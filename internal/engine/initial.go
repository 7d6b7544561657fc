package engine

import (
	"context"
	"math"
	"math/rand/v2"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/whitening"
	"github.com/fastresnet/fastresnet/layers"
)

// InitialWeights makes the variables of a network before training, by name: given by the configuration, drawn by its
// seed or computed from the training set. What is drawn does not depend on what is given. Epochs count from 1, which
// leaves the generator of epoch 0 for it. When ctx ends, its error is returned.
func InitialWeights(ctx context.Context, variables []layers.Variable, cfg Config, train *data.Dataset) (map[string][]float32, error) {
	rng := rand.New(rand.NewPCG(cfg.Seed, 0))
	weights := make(map[string][]float32, len(variables))
	for _, v := range variables {
		given, isGiven := cfg.Initial[v.Name]
		if w := v.Whitening; w != nil && !isGiven {
			filters, err := whiteningFilters(ctx, *w, train, cfg.Normalization)
			if err != nil {
				return nil, err
			}
			weights[v.Name] = filters
			continue
		}
		values := make([]float32, v.Size())
		for i := range values {
			values[i] = float32(v.Mean)
			if v.Spread != 0 {
				values[i] = float32(v.Mean + v.Spread*(2*rng.Float64()-1))
			}
		}
		if v.Identity {
			startAsIdentity(values, v.Dims)
		}
		if v.UnitDeviation {
			divideByDeviation(values)
		}
		weights[v.Name] = values
		if isGiven {
			weights[v.Name] = given
		}
	}
	return weights, nil
}

// whiteningFilters computes the filters of a patch whitening, and their negatives if there are to be any.
func whiteningFilters(ctx context.Context, w layers.PatchWhitening, train *data.Dataset, n data.Normalization) ([]float32, error) {
	filters, err := whitening.Filters(ctx, train, n, w.Kernel, w.Epsilon, w.Images)
	if err != nil {
		return nil, err
	}
	if w.Negatives {
		for _, v := range filters[:len(filters):len(filters)] {
			filters = append(filters, -v)
		}
	}
	return filters, nil
}

// divideByDeviation divides values by their standard deviation, that of a sample; a deviation of 0 leaves them.
func divideByDeviation(values []float32) {
	n := float64(len(values))
	var mean, squares float64
	for _, v := range values {
		mean += float64(v) / n
	}
	for _, v := range values {
		squares += (float64(v) - mean) * (float64(v) - mean)
	}
	if squares == 0 {
		return
	}
	deviation := math.Sqrt(squares / (n - 1))
	for i, v := range values {
		values[i] = float32(float64(v) / deviation)
	}
}

// startAsIdentity makes the filters [out, kernel, kernel, in] of the first outputs pass through the input
// channel of the same number.
func startAsIdentity(filters []float32, dims []int) {
	kernel, in := dims[1], dims[3]
	size := kernel * kernel * in
	for channel := range min(dims[0], in) {
		filter := filters[channel*size : (channel+1)*size]
		clear(filter)
		filter[(kernel/2*kernel+kernel/2)*in+channel] = 1
	}
}
