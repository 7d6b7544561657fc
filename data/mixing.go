package data

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// Mixing combines each image of a batch with the next one, after their augmentations, and asks for both labels in
// proportion. It keeps large networks from learning small sets by heart. The zero value mixes nothing.
//
// A choice is (share, y, x): the share of the image that stays, in thousandths, and, for [CutMix], the centre of the
// rectangle that does not.
type Mixing struct {
	Kind MixingKind `json:"kind"`
	// Alpha is the parameter of the share's distribution, Beta(Alpha, Alpha), above 0 and up to 1: with 1 all shares
	// are equally likely, and near 0 nearly all of a mixture is of one image or of the other.
	Alpha float64 `json:"alpha"`
}

// MixingKind is how two images are combined.
type MixingKind string

// The kinds of a [Mixing].
const (
	// NoMixing leaves images as they are.
	NoMixing MixingKind = ""
	// Mixup adds them up, weighted: Zhang et al., https://arxiv.org/abs/1710.09412, where Alpha is 1 for CIFAR-10 and 0.2
	// for photographs.
	Mixup MixingKind = "mixup"
	// CutMix puts a rectangle of one into the other: Yun et al., https://arxiv.org/abs/1905.04899, where Alpha is 1. Its
	// sides are in the image's proportions, and an even number of pixels; what is outside of the image is cut off, and does
	// not count. Images of fewer than three rows or columns would hardly ever change: a run with them is refused.
	CutMix MixingKind = "cutmix"
)

// Validate reports settings that mix nothing or cannot be. The error wraps [ErrAugmentation].
func (m Mixing) Validate() error {
	switch {
	case m == Mixing{}:
		return nil
	case m.Kind != Mixup && m.Kind != CutMix:
		return fmt.Errorf("%w: mixing %q, want %q or %q", ErrAugmentation, m.Kind, Mixup, CutMix)
	case !(m.Alpha > 0 && m.Alpha <= 1):
		return fmt.Errorf("%w: %v: need an alpha above 0 and up to 1", ErrAugmentation, m)
	}
	return nil
}

// mixingScale is how many steps a share has.
const mixingScale = 1000

// Draw draws one choice for each of n images, as [n, 3] row-major.
func (m Mixing) Draw(rng *rand.Rand, n int, image Shape) []int32 {
	choices := make([]int32, 0, 3*n)
	for range n {
		own := 1.0
		if m.Kind != NoMixing {
			own = beta(rng, m.Alpha)
		}
		choices = append(choices, int32(math.Round(mixingScale*own)), rng.Int32N(int32(image.Height)), rng.Int32N(int32(image.Width)))
	}
	return choices
}

// beta draws from Beta(a, a), a up to 1, by Jöhnk's method. Where powers are too small for a float64, as almost all are for
// an a near 0, their ratio is computed by logarithms.
func beta(rng *rand.Rand, a float64) float64 {
	for {
		u, v := rng.Float64(), rng.Float64()
		x, y := math.Pow(u, 1/a), math.Pow(v, 1/a)
		switch sum := x + y; {
		case sum > 0 && sum <= 1:
			return x / sum
		case sum == 0 && u != v:
			return 1 / (1 + math.Exp((math.Log(v)-math.Log(u))/a))
		}
	}
}

// Apply mixes another image into image, by one choice of Draw, and returns the share of the image's own label, 0 to 1.
// Both are normalised, [height, width, channels].
func (m Mixing) Apply(image, other []float32, shape Shape, choice []int32) (own float32) {
	own = float32(choice[0]) / mixingScale
	switch m.Kind {
	case NoMixing:
		return 1
	case Mixup:
		for i, v := range other[:shape.Size()] {
			image[i] = own*image[i] + (1-own)*v
		}
		return own
	}
	side := math.Sqrt(1 - float64(own))
	edges := func(centre int32, length int) (from, to int) {
		half := int(side*float64(length)) / 2
		return max(0, int(centre)-half), min(length, int(centre)+half)
	}
	top, bottom := edges(choice[1], shape.Height)
	left, right := edges(choice[2], shape.Width)
	for y := top; y < bottom; y++ {
		row := image[(y*shape.Width+left)*shape.Channels : (y*shape.Width+right)*shape.Channels]
		copy(row, other[(y*shape.Width+left)*shape.Channels:])
	}
	return 1 - float32((bottom-top)*(right-left))/float32(shape.Height*shape.Width)
}

// String returns the kind and its setting, such as "mixup 0.2".
func (m Mixing) String() string {
	if m.Kind == NoMixing {
		return "no mixing"
	}
	return fmt.Sprintf("%s %g", m.Kind, m.Alpha)
}
