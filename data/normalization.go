package data

import (
	"errors"
	"fmt"
	"math"
)

// Normalization is how pixels become numbers around 0: each has its channel's mean subtracted and
// is divided by its channel's standard deviation.
type Normalization struct {
	Mean []float32 `json:"mean"` // one for each channel, in pixel units, 0 to 255
	Std  []float32 `json:"std"`  // one for each channel, in pixel units, more than 0
}

// Normalization returns the mean and the standard deviation (that of the whole population, divided
// by n) of each channel over all images of the set. The deviation of a channel that never changes
// is given as 1, so that it normalises to 0.
//
// Sums are exact, so the result does not depend on the order of the images.
func (d *Dataset) Normalization() Normalization {
	channels := d.shape.Channels
	n := Normalization{Mean: make([]float32, channels), Std: make([]float32, channels)}
	sums, squares := make([]uint64, channels), make([]uint64, channels)
	for i := range d.Len() {
		pixels := d.at(i)
		for c := range channels {
			var sum, square uint64
			for p := c; p < len(pixels); p += channels {
				v := uint64(pixels[p])
				sum += v
				square += v * v
			}
			sums[c] += sum
			squares[c] += square
		}
	}
	count := float64(d.Len() * d.shape.Height * d.shape.Width)
	for c := range channels {
		mean := float64(sums[c]) / count
		std := math.Sqrt(max(0, float64(squares[c])/count-mean*mean))
		if std == 0 {
			std = 1
		}
		n.Mean[c], n.Std[c] = float32(mean), float32(std)
	}
	return n
}

// Validate reports whether images of a number of channels can be normalised. The error wraps
// [ErrFormat] and reports every problem together: lengths other than channels, a mean that is not
// finite, a deviation that is not finite and positive, or so small that its reciprocal is not finite.
func (n Normalization) Validate(channels int) error {
	var problems []error
	if len(n.Mean) != channels || len(n.Std) != channels {
		problems = append(problems, fmt.Errorf("%d means and %d deviations for %d channels",
			len(n.Mean), len(n.Std), channels))
	}
	for c, mean := range n.Mean {
		if m := float64(mean); math.IsNaN(m) || math.IsInf(m, 0) {
			problems = append(problems, fmt.Errorf("mean %v of channel %d is not finite", mean, c))
		}
	}
	for c, std := range n.Std {
		if s := float64(std); !(s > 0) || math.IsInf(s, 0) || math.IsInf(float64(1/std), 0) {
			problems = append(problems, fmt.Errorf("deviation %v of channel %d is not finite and positive, with a finite reciprocal", std, c))
		}
	}
	if len(problems) == 0 {
		return nil
	}
	return fmt.Errorf("%w: normalization: %w", ErrFormat, errors.Join(problems...))
}

// tableFrom is the number of pixels a channel from which a table of the 256 values pays.
const tableFrom = 1024

// Apply writes (src-Mean) * (1/Std), in single precision, to dst. It is a product, not a quotient,
// because compilers for accelerators turn a division by a constant into one, and results are to be the
// same everywhere. src holds pixels with the channels innermost, one or many images; dst is as long.
// Apply panics if dst is shorter, or if there are no channels: see [Normalization.Validate].
func (n Normalization) Apply(dst []float32, src []uint8) {
	channels := len(n.Mean)
	dst = dst[:len(src)]
	if len(src)/channels < tableFrom {
		for i, c := 0, 0; i < len(src); i++ {
			dst[i] = (float32(src[i]) - n.Mean[c]) * (1 / n.Std[c])
			if c++; c == channels {
				c = 0
			}
		}
		return
	}
	for c := range channels {
		var table [256]float32
		for v := range table {
			table[v] = (float32(v) - n.Mean[c]) * (1 / n.Std[c])
		}
		for i := c; i < len(src); i += channels {
			dst[i] = table[src[i]]
		}
	}
}
