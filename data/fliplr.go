package data

import "math/rand/v2"

// FlipLR mirrors half of the images, left to right.
//
// A choice is one number: 1 mirrors the image and 0 leaves it as it is.
type FlipLR struct{}

// Validate implements [Augmentation]: it suits every image.
func (f FlipLR) Validate(image Shape) error { return invalidShape(f, image) }

// Draw implements [Augmentation], with k = 1. Both choices are equally likely.
func (FlipLR) Draw(rng *rand.Rand, n int, _ Shape) []int32 {
	choices := make([]int32, n)
	for i := range choices {
		choices[i] = rng.Int32N(2)
	}
	return choices
}

// Apply implements [Augmentation].
func (FlipLR) Apply(dst, src []float32, image Shape, choice []int32) {
	size := image.Size()
	if choice[0] == 0 {
		copy(dst[:size], src)
		return
	}
	row, channels := image.Width*image.Channels, image.Channels
	for start := 0; start < size; start += row {
		to, from := dst[start:start+row], src[start:start+row]
		for x := 0; x < row; x += channels {
			mirrored := row - channels - x
			for c := range channels {
				to[x+c] = from[mirrored+c]
			}
		}
	}
}

// String returns "flip left-right".
func (FlipLR) String() string { return "flip left-right" }
