package data

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/fastresnet/fastresnet/internal/reflection"
	"github.com/fastresnet/fastresnet/internal/resample"
)

// drawFine draws n choices of k numbers that stand for ones in a range, all equally likely.
func drawFine(rng *rand.Rand, n, k int) []int32 {
	choices := make([]int32, n*k)
	for i := range choices {
		choices[i] = rng.Int32N(resample.Levels)
	}
	return choices
}

// checkWindow reports settings of windows that make none.
func checkWindow(a fmt.Stringer, image Shape, least, most, aspect float64) error {
	if err := invalidShape(a, image); err != nil {
		return err
	}
	if !(least > 0 && least <= most && most <= 1) {
		return fmt.Errorf("%w: %v: shares of the image from %g to %g, need above 0 and up to 1", ErrAugmentation, a, least, most)
	}
	if !(aspect >= 1 && aspect <= 10) {
		return fmt.Errorf("%w: %v: an aspect of up to %g, need 1 to 10", ErrAugmentation, a, aspect)
	}
	return nil
}

// ResizedCrop takes a part of the image, of a random size and place, and scales it to the image's size: what is shown
// comes larger or smaller, a little higher or wider. Its values are interpolated linearly between the pixels' centres.
//
// A choice is (share, aspect, top, left), each from 0, for the least, to 100, for the most.
//
// Source: Szegedy et al., "Going Deeper with Convolutions", https://arxiv.org/abs/1409.4842. There the share is 0.08 to
// 1 and the aspect up to 4/3, for photographs in which a thing may be anywhere; for small images 0.5 is mild.
type ResizedCrop struct {
	// Least is the smallest share of the image's area that is taken, above 0 and up to 1.
	Least float64 `json:"least"`
	// Aspect is by how many times more than the image's its width may be to its height, or its height to its width: 1 for
	// the image's proportions, and up to 10.
	Aspect float64 `json:"aspect"`
}

// Validate implements [Augmentation].
func (r ResizedCrop) Validate(image Shape) error {
	return checkWindow(r, image, r.Least, 1, r.Aspect)
}

// Draw implements [Augmentation], with k = 4.
func (r ResizedCrop) Draw(rng *rand.Rand, n int, _ Shape) []int32 { return drawFine(rng, n, 4) }

// Apply implements [Augmentation].
func (r ResizedCrop) Apply(dst, src []float32, image Shape, choice []int32) {
	w := resample.Windows{Least: r.Least, Most: 1, Aspect: r.Aspect}.Of(image.Height, image.Width, choice)
	sample(dst, src, image, func(y, x float64) (float64, float64) {
		return w.Top + y*w.Height/float64(image.Height), w.Left + x*w.Width/float64(image.Width)
	})
}

// String returns the augmentation and its settings, such as "resized crop 0.5, aspect 1.33".
func (r ResizedCrop) String() string {
	return fmt.Sprintf("resized crop %g, aspect %g", r.Least, r.Aspect)
}

// Rotation turns the image around its centre, by up to Degrees either way. What comes in from outside is the reflection
// in the edges. Values are interpolated linearly between the pixels' centres.
//
// A choice is a number from 0 to 100: from Degrees to the left to Degrees to the right.
type Rotation struct {
	Degrees float64 `json:"degrees"` // from 0 to 180; for digits 10 is mild
}

// Validate implements [Augmentation].
func (r Rotation) Validate(image Shape) error {
	if err := invalidShape(r, image); err != nil {
		return err
	}
	if !(r.Degrees >= 0 && r.Degrees <= 180) {
		return fmt.Errorf("%w: %v: need 0 to 180 degrees", ErrAugmentation, r)
	}
	return nil
}

// Draw implements [Augmentation], with k = 1.
func (r Rotation) Draw(rng *rand.Rand, n int, _ Shape) []int32 { return drawFine(rng, n, 1) }

// Apply implements [Augmentation].
func (r Rotation) Apply(dst, src []float32, image Shape, choice []int32) {
	sin, cos := resample.Angle(choice[0], r.Degrees)
	centreY, centreX := float64(image.Height)/2, float64(image.Width)/2
	sample(dst, src, image, func(y, x float64) (float64, float64) {
		y, x = y-centreY, x-centreX
		return centreY + cos*y - sin*x, centreX + sin*y + cos*x
	})
}

// String returns the augmentation and its setting, such as "rotation 10".
func (r Rotation) String() string { return fmt.Sprintf("rotation %g", r.Degrees) }

// sample sets each pixel of dst to src at the place where from says that it was. Places are in pixels, the centre of the
// first being at (0.5, 0.5); beyond an edge is the reflection in it.
func sample(dst, src []float32, image Shape, from func(y, x float64) (float64, float64)) {
	channels := image.Channels
	for y := range image.Height {
		for x := range image.Width {
			fromY, fromX := from(float64(y)+0.5, float64(x)+0.5)
			y0, x0 := math.Floor(fromY-0.5), math.Floor(fromX-0.5)
			down, right := float32(fromY-0.5-y0), float32(fromX-0.5-x0)
			top, bottom := within(int(y0), image.Height)*image.Width, within(int(y0)+1, image.Height)*image.Width
			left, other := within(int(x0), image.Width), within(int(x0)+1, image.Width)
			for c := range channels {
				above := src[(top+left)*channels+c]*(1-right) + src[(top+other)*channels+c]*right
				below := src[(bottom+left)*channels+c]*(1-right) + src[(bottom+other)*channels+c]*right
				dst[(y*image.Width+x)*channels+c] = above*(1-down) + below*down
			}
		}
	}
}

// within is the pixel of n that is at i, or whose reflection is, once or more.
func within(i, n int) int {
	if n == 1 {
		return 0
	}
	if i %= 2 * (n - 1); i < 0 {
		i += 2 * (n - 1)
	}
	return reflection.Of(i, n)
}

// Erasing sets a rectangle of a random size at a random place to 0, which in a normalised image is the mean colour, in a
// share of the images.
//
// A choice is (whether, share, aspect, top, left): whether is 0 to 99, of which those below Percent erase, and the others
// are as in [ResizedCrop].
//
// Source: Zhong et al., "Random Erasing Data Augmentation", https://arxiv.org/abs/1708.04896.
type Erasing struct {
	// Percent is how many of a hundred images are changed, 0 to 100.
	Percent int `json:"percent"`
	// Least and Most are the shares of the image's area, above 0 and up to 1; in the source 0.02 and 0.4.
	Least float64 `json:"least"`
	Most  float64 `json:"most"`
	// Aspect is that of [ResizedCrop]; in the source 3.3.
	Aspect float64 `json:"aspect"`
}

// Validate implements [Augmentation].
func (e Erasing) Validate(image Shape) error {
	if err := checkWindow(e, image, e.Least, e.Most, e.Aspect); err != nil {
		return err
	}
	return checkPercent(e, e.Percent)
}

// Draw implements [Augmentation], with k = 5.
func (e Erasing) Draw(rng *rand.Rand, n int, _ Shape) []int32 {
	const k = 5
	choices := make([]int32, 0, k*n)
	for range n {
		choices = append(append(choices, rng.Int32N(100)), drawFine(rng, 1, k-1)...)
	}
	return choices
}

// Apply implements [Augmentation].
func (e Erasing) Apply(dst, src []float32, image Shape, choice []int32) {
	copy(dst[:image.Size()], src)
	if int(choice[0]) >= e.Percent {
		return
	}
	w := resample.Windows{Least: e.Least, Most: e.Most, Aspect: e.Aspect}.Of(image.Height, image.Width, choice[1:])
	top, bottom := int(math.Round(w.Top)), int(math.Round(w.Top+w.Height))
	left, right := int(math.Round(w.Left)), int(math.Round(w.Left+w.Width))
	for y := top; y < bottom; y++ {
		clear(dst[(y*image.Width+left)*image.Channels : (y*image.Width+right)*image.Channels])
	}
}

// String returns the augmentation and its settings, such as "erasing 50 %, 0.02 to 0.4, aspect 3.3".
func (e Erasing) String() string {
	return fmt.Sprintf("erasing %d %%, %g to %g, aspect %g", e.Percent, e.Least, e.Most, e.Aspect)
}

// checkPercent reports a number that is none of a hundred.
func checkPercent(a fmt.Stringer, percent int) error {
	if percent < 0 || percent > 100 {
		return fmt.Errorf("%w: %v: need 0 to 100 %%", ErrAugmentation, a)
	}
	return nil
}
