package data

import (
	"fmt"
	"math/rand/v2"

	"github.com/fastresnet/fastresnet/internal/reflection"
)

// Crop moves the image by up to Pad pixels each way: it pads the image by Pad on all four sides and
// takes a window of the original size at random. What is beyond an edge is the reflection in it,
// without repeating the pixels of the edge itself, so that a row "abcd" padded by 2 is "cbabcdcb"
// (what NumPy calls "reflect").
//
// A choice is (y, x), the window's corner in the padded image, each in [0, 2*Pad]; (Pad, Pad) leaves
// the image as it is.
type Crop struct {
	Pad int `json:"pad"` // in pixels; from 0 (no change) to less than the image's smaller side; CIFAR-10: 4
}

// Validate implements [Augmentation]: Pad must be in its range.
func (c Crop) Validate(image Shape) error {
	if err := invalidShape(c, image); err != nil {
		return err
	}
	if side := min(image.Height, image.Width); c.Pad < 0 || c.Pad >= side {
		return fmt.Errorf("%w: %v: padding of images of %v must be in 0 to %d",
			ErrAugmentation, c, image, side-1)
	}
	return nil
}

// Draw implements [Augmentation], with k = 2. Every window is equally likely.
func (c Crop) Draw(rng *rand.Rand, n int, _ Shape) []int32 {
	return drawCorners(rng, n, 2*c.Pad+1, 2*c.Pad+1)
}

// Apply implements [Augmentation].
func (c Crop) Apply(dst, src []float32, image Shape, choice []int32) {
	dy, dx := int(choice[0])-c.Pad, int(choice[1])-c.Pad
	row := image.Width * image.Channels
	for y := range image.Height {
		from := reflection.Of(y+dy, image.Height) * row
		shiftRow(dst[y*row:(y+1)*row], src[from:from+row], dx, image.Channels)
	}
}

// String returns the augmentation and its setting, such as "crop 4".
func (c Crop) String() string { return fmt.Sprintf("crop %d", c.Pad) }

// shiftRow writes one row of pixels to dst, pixel x being that at x+dx in src, or its reflection.
func shiftRow(dst, src []float32, dx, channels int) {
	width := len(src) / channels
	first, last := max(0, -dx), width-max(0, dx) // of dst, those inside src
	copy(dst[first*channels:last*channels], src[(first+dx)*channels:])
	for x := 0; x < first; x++ {
		copy(dst[x*channels:(x+1)*channels], src[reflection.Of(x+dx, width)*channels:])
	}
	for x := last; x < width; x++ {
		copy(dst[x*channels:(x+1)*channels], src[reflection.Of(x+dx, width)*channels:])
	}
}
