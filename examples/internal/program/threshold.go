package program

import (
	"errors"
	"flag"
	"strconv"

	"github.com/fastresnet/fastresnet"
)

// Threshold is the flag -threshold: the probability below which a model's answer is unknown.
type Threshold struct {
	probability float64
	given       bool
}

// Flag adds the flag.
func (t *Threshold) Flag(f *flag.FlagSet, usage string) {
	f.Func("threshold", usage, func(text string) error {
		p, err := strconv.ParseFloat(text, 64)
		if err != nil || !(p >= 0 && p <= 1) {
			return errors.New("need a probability, 0 to 1")
		}
		t.probability, t.given = p, true
		return nil
	})
}

// Set gives a model the threshold. Without the flag the model keeps its own.
func (t *Threshold) Set(model *fastresnet.Model) error {
	if !t.given {
		return nil
	}
	return model.SetThreshold(t.probability)
}
