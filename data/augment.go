package data

import (
	"fmt"
	"math/rand/v2"
)

// Augmentation is a random change to one training image that keeps its shape and its label.
//
// Choosing and changing are apart. Draw makes the choices for many images at once; Apply makes the
// change that one of them stands for, and has no randomness of its own. A choice is a row of k
// numbers, k being the same for every choice of an augmentation.
//
// An augmentation of your own is any type with these methods: the example of fastresnet.WithAugmentations has one. It should have
// a String method that names its settings, as those of this package do: a run that is resumed is compared with its checkpoint by
// that text, and without it by the type alone, so that other settings go unnoticed.
type Augmentation interface {
	// Validate reports whether it can be applied to images of this shape. The error wraps
	// [ErrAugmentation]. The other two methods may count on it having returned nil.
	Validate(image Shape) error

	// Draw draws one choice for each of n images, and returns them as [n, k] row-major. The
	// choices depend on nothing but rng, n and the shape, so that the same seed draws the same.
	Draw(rng *rand.Rand, n int, image Shape) []int32

	// Apply writes src, as changed by one choice of Draw, k numbers, to dst. Both hold one
	// normalised image, [height, width, channels], and do not overlap. Every element of dst is
	// written; src is left as it is.
	Apply(dst, src []float32, image Shape, choice []int32)
}

// EpochAugmentation is an augmentation whose choices depend on which image it is, and on the epoch. Training
// calls DrawEpoch in place of Draw.
type EpochAugmentation interface {
	Augmentation

	// DrawEpoch returns one choice for each image of an epoch, or of a part of it, as [len(images), k] row-major.
	// images are their numbers in the training set, epochs count from 1. The choices depend on nothing but the
	// arguments, and that of an image not on the others.
	DrawEpoch(seed uint64, epoch int, images []int32, shape Shape) []int32
}

var _ EpochAugmentation = AlternatingFlip{}

// invalidShape is the error of an augmentation for images of this shape, or nil.
func invalidShape(augmentation fmt.Stringer, image Shape) error {
	if err := image.check(); err != nil {
		return fmt.Errorf("%w: %v: %w", ErrAugmentation, augmentation, err)
	}
	return nil
}

// drawCorners draws n pairs (y, x), y in [0, ys) and x in [0, xs), all equally likely, y first.
func drawCorners(rng *rand.Rand, n, ys, xs int) []int32 {
	choices := make([]int32, 2*n)
	for i := 0; i < len(choices); i += 2 {
		choices[i], choices[i+1] = rng.Int32N(int32(ys)), rng.Int32N(int32(xs))
	}
	return choices
}
