package fastresnet

// CalibrationBin is a range of probabilities, and the images whose predicted classes have one in it.
type CalibrationBin struct {
	// From and To are the ends of the range, 0 to 1. A bin includes From and excludes To; the last one includes both.
	From, To float64
	// Images is how many there are, of which Right are classified right.
	Images, Right int
	// Probability is the mean of the predicted classes' probabilities; 0 without images.
	Probability float64
}

// Accuracy is the share of the bin's images that are classified right; 0 without images. A well calibrated model has one
// that is close to the bin's Probability.
func (b CalibrationBin) Accuracy() float64 { return share(float64(b.Right), b.Images) }

// Calibration puts the images into so many bins of equal width, by the probability of the predicted class: what a
// reliability diagram shows. It is nil for fewer than one bin.
func (e Evaluation) Calibration(bins int) []CalibrationBin {
	if bins < 1 {
		return nil
	}
	all := make([]CalibrationBin, bins)
	for i, label := range e.labels {
		class := e.predicted(i)
		p := e.probabilities[i][class]
		b := &all[min(max(0, int(p*float64(bins))), bins-1)]
		b.Images++
		b.Probability += p
		if class == label {
			b.Right++
		}
	}
	for i := range all {
		b := &all[i]
		b.From, b.To = float64(i)/float64(bins), float64(i+1)/float64(bins)
		b.Probability = share(b.Probability, b.Images)
	}
	return all
}

// CalibrationError is by how much the probabilities of the predicted classes are off: the differences between the mean
// probability of a bin of [Evaluation.Calibration] and the share of its images that are right, averaged over the images (Guo
// et al. 2017, https://arxiv.org/abs/1706.04599, with 15 bins there). It is 0 without a bin.
func (e Evaluation) CalibrationError(bins int) float64 {
	sum := 0.
	for _, b := range e.Calibration(bins) {
		off := float64(b.Images)*b.Probability - float64(b.Right)
		sum += max(off, -off)
	}
	return share(sum, len(e.labels))
}
