package data

import (
	"fmt"
	"math/rand/v2"

	"github.com/fastresnet/fastresnet/internal/resample"
)

// ColourJitter changes how bright an image is, its contrast and its saturation, in this order, each by a random amount.
// Images are normalised, so that 1 is a standard deviation of the training set, and nothing is cut off.
//
// A choice is (brightness, contrast, saturation), each from 0, the full change downwards, to 100, the full change upwards.
type ColourJitter struct {
	// Brightness is by how much all values may rise or fall, 0 to 10.
	Brightness float64 `json:"brightness"`
	// Contrast is by which share the differences from the image's mean may grow or shrink, 0 to 1.
	Contrast float64 `json:"contrast"`
	// AboutZero has Contrast change the differences from 0, the training set's mean, in place of the image's own.
	AboutZero bool `json:"about_zero,omitempty"`
	// Saturation is the same for the differences of a pixel's channels from their mean. Images of one channel have none.
	Saturation float64 `json:"saturation"`
}

// Validate implements [Augmentation].
func (j ColourJitter) Validate(image Shape) error {
	if err := invalidShape(j, image); err != nil {
		return err
	}
	const most = 10
	if !(j.Brightness >= 0 && j.Brightness <= most) || !(j.Contrast >= 0 && j.Contrast <= 1) || !(j.Saturation >= 0 && j.Saturation <= 1) {
		return fmt.Errorf("%w: %v: need a brightness of 0 to %d, contrast and saturation of 0 to 1", ErrAugmentation, j, most)
	}
	return nil
}

// Draw implements [Augmentation], with k = 3.
func (j ColourJitter) Draw(rng *rand.Rand, n int, _ Shape) []int32 { return drawFine(rng, n, 3) }

// Apply implements [Augmentation].
func (j ColourJitter) Apply(dst, src []float32, image Shape, choice []int32) {
	size, channels := image.Size(), image.Channels
	brightness := float32(resample.Between(choice[0], -j.Brightness, j.Brightness))
	contrast := float32(resample.Between(choice[1], 1-j.Contrast, 1+j.Contrast))
	saturation := float32(resample.Between(choice[2], 1-j.Saturation, 1+j.Saturation))
	centre := float32(0)
	if !j.AboutZero {
		centre = mean(src[:size]) + brightness
	}
	for p := 0; p < size; p += channels {
		to, from := dst[p:p+channels], src[p:p+channels]
		for c, v := range from {
			to[c] = centre + contrast*(v+brightness-centre)
		}
		saturate(to, saturation)
	}
}

// String returns the augmentation and its settings, such as "colour jitter 0.2, 0.2, 0.2" or "colour jitter 0.2, 0.2, 0
// about zero".
func (j ColourJitter) String() string {
	about := ""
	if j.AboutZero {
		about = " about zero"
	}
	return fmt.Sprintf("colour jitter %g, %g, %g%s", j.Brightness, j.Contrast, j.Saturation, about)
}

// Greyscale makes some images grey: each channel of a pixel the mean of all.
//
// A choice is a number from 0 to 99; those below Percent make the image grey.
type Greyscale struct {
	Percent int `json:"percent"` // of the images, 0 to 100
}

// Validate implements [Augmentation].
func (g Greyscale) Validate(image Shape) error {
	if err := invalidShape(g, image); err != nil {
		return err
	}
	return checkPercent(g, g.Percent)
}

// Draw implements [Augmentation], with k = 1.
func (g Greyscale) Draw(rng *rand.Rand, n int, _ Shape) []int32 {
	choices := make([]int32, n)
	for i := range choices {
		choices[i] = rng.Int32N(100)
	}
	return choices
}

// Apply implements [Augmentation].
func (g Greyscale) Apply(dst, src []float32, image Shape, choice []int32) {
	copy(dst[:image.Size()], src)
	if int(choice[0]) >= g.Percent {
		return
	}
	for p := 0; p < image.Size(); p += image.Channels {
		saturate(dst[p:p+image.Channels], 0)
	}
}

// String returns the augmentation and its setting, such as "greyscale 10 %".
func (g Greyscale) String() string { return fmt.Sprintf("greyscale %d %%", g.Percent) }

// saturate multiplies the differences of a pixel's channels from their mean.
func saturate(pixel []float32, by float32) {
	mean := mean(pixel)
	for c, v := range pixel {
		pixel[c] = mean + by*(v-mean)
	}
}

func mean(values []float32) float32 {
	var sum float64
	for _, v := range values {
		sum += float64(v)
	}
	return float32(sum / float64(len(values)))
}
