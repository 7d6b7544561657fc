package data

import (
	"fmt"
	"math/rand/v2"
)

// Cutout sets a rectangle at a random place, wholly inside the image, to 0, which in a normalised
// image is the mean colour.
//
// A choice is (y, x), the rectangle's upper left corner, in [0, image height - Height] and
// [0, image width - Width].
//
// Source: DeVries and Taylor, "Improved Regularization of Convolutional Neural Networks with
// Cutout", https://arxiv.org/abs/1708.04552, where the rectangle may reach over the edge; here,
// as in the series that this library follows, it does not.
type Cutout struct {
	// In pixels; from 1 to the image's own, but not both the image's; CIFAR-10: 8 and 8.
	Height int `json:"height"`
	Width  int `json:"width"`
}

// Validate implements [Augmentation]: the rectangle must not be empty, and must fit the image without being all of it.
func (c Cutout) Validate(image Shape) error {
	if err := invalidShape(c, image); err != nil {
		return err
	}
	if c.Height < 1 || c.Width < 1 || c.Height > image.Height || c.Width > image.Width {
		return fmt.Errorf("%w: %v: rectangle in images of %v must be from 1x1 to %dx%d",
			ErrAugmentation, c, image, image.Height, image.Width)
	}
	if c.Height == image.Height && c.Width == image.Width {
		return fmt.Errorf("%w: %v: it blanks every image of %v: take a smaller one, or none", ErrAugmentation, c, image)
	}
	return nil
}

// Draw implements [Augmentation], with k = 2. Every place is equally likely.
func (c Cutout) Draw(rng *rand.Rand, n int, image Shape) []int32 {
	return drawCorners(rng, n, image.Height-c.Height+1, image.Width-c.Width+1)
}

// Apply implements [Augmentation].
func (c Cutout) Apply(dst, src []float32, image Shape, choice []int32) {
	copy(dst[:image.Size()], src)
	top, left := int(choice[0]), int(choice[1])
	for y := top; y < top+c.Height; y++ {
		start := (y*image.Width + left) * image.Channels
		clear(dst[start : start+c.Width*image.Channels])
	}
}

// String returns the augmentation and its size, height first, such as "cutout 8x8".
func (c Cutout) String() string { return fmt.Sprintf("cutout %dx%d", c.Height, c.Width) }
