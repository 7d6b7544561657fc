package results

import "math"

// MeanStd are the mean of numbers, NaN of none, and their standard deviation over n-1, NaN of fewer
// than two.
func MeanStd(numbers []float64) (mean, std float64) {
	n := float64(len(numbers))
	for _, x := range numbers {
		mean += x / n
	}
	if len(numbers) == 0 {
		mean = math.NaN()
	}
	var squares float64
	for _, x := range numbers {
		squares += (x - mean) * (x - mean)
	}
	if len(numbers) < 2 {
		return mean, math.NaN()
	}
	return mean, math.Sqrt(squares / (n - 1))
}
