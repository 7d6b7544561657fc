package fastresnet

import (
	"fmt"
	"math"
	"slices"
	"sync/atomic"
)

// meanProbabilities are the classes' probabilities for each image, the mean of those that models find: logits has
// [n, classes] of each model. Of one model they are its own.
func meanProbabilities(classes int, logits [][]float32) [][]float64 {
	all := make([][]float64, len(logits[0])/classes)
	for image := range all {
		mean := softmax(row(logits[0], image, classes))
		for _, others := range logits[1:] {
			for class, p := range softmax(row(others, image, classes)) {
				mean[class] += p
			}
		}
		for class := range mean {
			mean[class] /= float64(len(logits))
		}
		all[image] = mean
	}
	return all
}

// row is an image's of [n, classes].
func row(logits []float32, image, classes int) []float32 {
	return logits[image*classes : (image+1)*classes]
}

func softmax(row []float32) []float64 {
	p, sum := exponentials(row)
	for i := range p {
		p[i] /= sum
	}
	return p
}

// exponentials are exp(logit - highest logit) of all logits, and their sum: however large the logits are, the
// differences between them count.
func exponentials(row []float32) (all []float64, sum float64) {
	top := float64(slices.Max(row))
	all = make([]float64, len(row))
	for i, v := range row {
		all[i] = math.Exp(float64(v) - top)
		sum += all[i]
	}
	return all, sum
}

// crossEntropy is -log of the probability of a class.
func crossEntropy(row []float32, class int) float64 {
	_, sum := exponentials(row)
	return math.Log(sum) + (float64(slices.Max(row)) - float64(row[class]))
}

// lossOfMean is -log of the mean of the probabilities whose cross-entropies are given. It is finite where these are,
// even if the probabilities are too small for a number; of one it is that one.
func lossOfMean(losses []float64) float64 {
	least, sum := slices.Min(losses), 0.
	for _, l := range losses {
		sum += math.Exp(least - l)
	}
	return least - math.Log(sum/float64(len(losses)))
}

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
