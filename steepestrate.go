package fastresnet

// SteepestRate is the learning rate of a curve of [FindRate] at which the loss falls the fastest, by the logarithm of the
// rate and with a tenth of the curve averaged against its noise. The steps of the curve must rise by the same factor
// each, as FindRate's do. A usual peak of a schedule is somewhat below that rate: see [WithPeakRate]. ok is false for
// a curve of less than ten steps, and where the loss falls nowhere.
func SteepestRate(curve []RatePoint) (rate float64, ok bool) {
	half := len(curve) / 20 // of what is averaged
	if len(curve) < 10 {
		return 0, false
	}
	smooth := make([]float64, len(curve))
	for i := range curve {
		near := curve[max(0, i-half):min(len(curve), i+half+1)]
		for _, p := range near {
			smooth[i] += p.Loss / float64(len(near))
		}
	}
	apart := half + 1
	steepest := 0.
	for i := apart; i+apart < len(curve); i++ {
		if fall := smooth[i-apart] - smooth[i+apart]; fall > steepest { // false for what is not a number
			steepest, rate, ok = fall, curve[i].Rate, true
		}
	}
	return rate, ok
}
