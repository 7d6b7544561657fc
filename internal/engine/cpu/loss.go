package cpu

import (
	"cmp"
	"math"
	"slices"

	"github.com/fastresnet/fastresnet/internal/engine"
)

// loss is the loss of a batch.
type loss struct {
	sum  float64 // of the images' losses
	hits int     // images that are classified right
	// hardest are the images that count, in order, where not all do.
	hardest []int32
}

func (l loss) finite() bool { return l.sum-l.sum == 0 }

// objective is what the loss of an image asks for.
type objective struct {
	// smoothing is the share of each target that is spread evenly over all classes
	// (https://arxiv.org/abs/1512.00567).
	smoothing float64
	// weights are by how much each class counts, its part of the smoothing too; nil for 1 each.
	weights []float32
	// hardest is how many images count, those that have the highest losses; 0 for all.
	hardest int
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

// crossEntropy is the softmax cross-entropy of logits [n, classes] with the labels of a batch. It writes the gradient of
// the sum, divided by batch, to dLogits [n, classes], which is 0 for images that do not count. Logits that are not all
// finite are no hit, whatever their class would be.
func crossEntropy(dLogits, logits []float32, b engine.Batch, o objective, batch int) (l loss) {
	classes := len(logits) / len(b.Labels)
	var losses []float64 // of the images, where not all count
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
		top, sum, own := float64(row[best]), 0.0, 0.0
		for _, v := range row {
			sum += math.Exp(float64(v) - top)
		}
		logSum, total := top+math.Log(sum), 0.0 // of the targets
		for class, v := range row {
			target := o.target(b, i, class, classes)
			total += target
			own += target * (logSum - float64(v))
		}
		l.sum += own
		if o.hardest > 0 {
			losses = append(losses, own)
		}
		for class, v := range row {
			target := o.target(b, i, class, classes)
			gradient[class] = float32((total*math.Exp(float64(v)-logSum) - target) / float64(batch))
		}
	}
	if o.hardest > 0 {
		l.hardest = hardest(losses, o.hardest)
		for i := range losses {
			if _, counts := slices.BinarySearch(l.hardest, int32(i)); !counts {
				clear(dLogits[i*classes : (i+1)*classes])
			}
		}
	}
	return l
}

// hardest are the n images that have the highest losses, in order; of equal ones those that come first.
func hardest(losses []float64, n int) []int32 {
	images := make([]int32, len(losses))
	for i := range images {
		images[i] = int32(i)
	}
	slices.SortStableFunc(images, func(a, b int32) int { return cmp.Compare(losses[b], losses[a]) })
	images = images[:n]
	slices.Sort(images)
	return images
}
