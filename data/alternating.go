package data

import "math/rand/v2"

// AlternatingFlip mirrors every image in every other epoch, left to right. In the first epoch half of the images
// are mirrored, at random by the seed; after that, each image is mirrored if it was not in the epoch before.
// Any two epochs in a row therefore show every image both ways, which random flips do not
// (https://arxiv.org/abs/2404.00498).
//
// A choice is one number: 1 mirrors the image and 0 leaves it as it is.
type AlternatingFlip struct{}

// Validate implements [Augmentation]: it suits every image.
func (f AlternatingFlip) Validate(image Shape) error { return invalidShape(f, image) }

// Draw implements [Augmentation], with k = 1: the choices of [FlipLR], for images and epochs unknown.
func (AlternatingFlip) Draw(rng *rand.Rand, n int, image Shape) []int32 {
	return FlipLR{}.Draw(rng, n, image)
}

// DrawEpoch implements [EpochAugmentation].
func (AlternatingFlip) DrawEpoch(seed uint64, epoch int, images []int32, _ Shape) []int32 {
	choices := make([]int32, len(images))
	for i, image := range images {
		first := mixed(mixed(seed)+uint64(image)) >> 63
		choices[i] = int32((first + uint64(epoch-1)) % 2)
	}
	return choices
}

// Apply implements [Augmentation].
func (AlternatingFlip) Apply(dst, src []float32, image Shape, choice []int32) {
	FlipLR{}.Apply(dst, src, image, choice)
}

// String returns "alternating flip".
func (AlternatingFlip) String() string { return "alternating flip" }

// mixed is a random-looking function of its argument, one to one: the step of SplitMix64
// (https://doi.org/10.1145/2714064.2660195).
func mixed(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
