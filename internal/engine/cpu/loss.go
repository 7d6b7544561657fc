package cpu

import (
	"math"

	"github.com/fastresnet/fastresnet/internal/engine"
)

// loss is the loss of a batch.
type loss struct {
	sum  float64 // of the images' losses
	hits int     // images that are classified right
}

func (l loss) finite() bool { return l.sum-l.sum == 0 }

// objective is what the loss of an image asks for.
type objective struct {
	// smoothing is the share of each target that is spread evenly over all classes
	// (https://arxiv.org/abs/1512.00567).
	smoothing float64
	// weights are by how much each class counts, its part of the smoothing too; nil for 1 each.
	weights []float32
}

// target is what is asked for of a class, of so many, for image i of a batch.
func (o objective) target(b engine.Batch, i, class, classes int) float64 {
	own := 1.
	if b.Shares != nil {
		own = float64(b.Shares[i])
	}
	t := o.smoothing / float64(classes)
	if class == int(b.Labels[i]) {
		t += own * (1 - o.smoothing)
	}
	if b.Shares != nil && class == int(b.Others[i]) {
		t += (1 - own) * (1 - o.smoothing)
	}
	if o.weights != nil {
		t *= float64(o.weights[class])
	}
	return t
}

// crossEntropy is the softmax cross-entropy of logits [n, classes] with the labels of a batch. It writes the gradient of the sum
// divided by batch to dLogits [n, classes]. Logits that are not all finite are no hit, whatever their class would be.
func crossEntropy(dLogits, logits []float32, b engine.Batch, o objective, batch int) (l loss) {
	classes := len(logits) / len(b.Labels)
	for i, label := range b.Labels {
		row, gradient := logits[i*classes:(i+1)*classes], dLogits[i*classes:(i+1)*classes]
		best, finite := 0, true
		for class, v := range row {
			if v > row[best] {
				best = class
			}
			finite = finite && v-v == 0
		}
		if finite && best == int(label) {
			l.hits++
		}
		top, sum := float64(row[best]), 0.0
		for _, v := range row {
			sum += math.Exp(float64(v) - top)
		}
		logSum, total := top+math.Log(sum), 0.0 // of the targets
		for class, v := range row {
			target := o.target(b, i, class, classes)
			total += target
			l.sum += target * (logSum - float64(v))
		}
		for class, v := range row {
			target := o.target(b, i, class, classes)
			gradient[class] = float32((total*math.Exp(float64(v)-logSum) - target) / float64(batch))
		}
	}
	return l
}
