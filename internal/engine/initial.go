package engine

import (
	"math/rand/v2"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/layers"
)

// InitialWeights makes the variables of a network before training, by name, drawn by the seed or computed
// from the training set. Epochs count from 1, which leaves the generator of epoch 0 for them.
func InitialWeights(variables []layers.Variable, seed uint64, train *data.Dataset, n data.Normalization) map[string][]float32 {
	rng := rand.New(rand.NewPCG(seed, 0))
	weights := make(map[string][]float32, len(variables))
	for _, v := range variables {
		if w := v.Whitening; w != nil {
			weights[v.Name] = train.PatchWhitening(n, w.Kernel, w.Epsilon, w.Images)
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
		weights[v.Name] = values
	}
	return weights
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
