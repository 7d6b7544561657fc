package cpu

import "math"

// loss is the loss of a batch.
type loss struct {
	sum  float64 // of the images' losses
	hits int     // images that are classified right
}

func (l loss) finite() bool { return l.sum-l.sum == 0 }

// crossEntropy is the softmax cross-entropy of logits [n, classes] with labels [n]. The share smoothing of each target
// is spread evenly over all classes (https://arxiv.org/abs/1512.00567). It writes the gradient of the sum divided by
// batch to dLogits [n, classes]. Logits that are not all finite are no hit, whatever their class would be.
func crossEntropy(dLogits, logits []float32, labels []int32, smoothing float64, batch int) (l loss) {
	classes := len(logits) / len(labels)
	every := smoothing / float64(classes) // the target of each class
	own := 1 - smoothing                  // and what the image's own has beside it
	for i, label := range labels {
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
		top, sum, mean := float64(row[best]), 0.0, 0.0
		for _, v := range row {
			sum += math.Exp(float64(v) - top)
			mean += float64(v) / float64(classes)
		}
		logSum := top + math.Log(sum)
		l.sum += logSum - own*float64(row[label]) - smoothing*mean
		for class, v := range row {
			target := every
			if class == int(label) {
				target += own
			}
			gradient[class] = float32((math.Exp(float64(v)-logSum) - target) / float64(batch))
		}
	}
	return l
}
