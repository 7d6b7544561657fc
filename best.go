package fastresnet

import "github.com/fastresnet/fastresnet/internal/engine"

// best is the epoch of a run whose test went best, with its weights. Its zero value is none.
type best struct {
	epoch         Epoch
	weights, last engine.Weights
}

// better says whether an epoch's test went better than another's.
func (e Epoch) better(other Epoch) bool {
	return e.TestAccuracy > other.TestAccuracy || e.TestAccuracy == other.TestAccuracy && e.TestLoss < other.TestLoss
}

func (b *best) close() {
	closeAll(b.weights, b.last)
	*b = best{}
}

// values are the kept weights on the host, nil for none.
func (b best) values() (values, last map[string][]float32, err error) {
	if b.weights == nil {
		return nil, nil, nil
	}
	if values, err = b.weights.Values(); err == nil && b.last != nil {
		last, err = b.last.Values()
	}
	return values, last, err
}
