package fastresnet

import (
	"fmt"
	"math"
	"sync/atomic"
)

// threshold is the probability below which a prediction is unknown. It may be set while others predict.
type threshold struct{ bits atomic.Uint64 } // of a float64

func (t *threshold) set(probability float64) error {
	if !(probability >= 0 && probability <= 1) {
		return fmt.Errorf("%w: a threshold of %g, need 0 to 1", ErrArgument, probability)
	}
	t.bits.Store(math.Float64bits(probability))
	return nil
}

func (t *threshold) value() float64 { return math.Float64frombits(t.bits.Load()) }
