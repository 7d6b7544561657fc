package data

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// Augmented returns a copy of which every image has been changed once by the augmentations, as in an epoch of training,
// to be looked at. Values that a byte cannot hold are cut off. The error wraps [ErrAugmentation] or, of an empty set,
// [ErrFormat].
func (d *Dataset) Augmented(seed uint64, augmentations ...Augmentation) (*Dataset, error) {
	if d.Len() == 0 {
		return nil, errEmpty
	}
	for i, a := range augmentations {
		if a == nil {
			return nil, fmt.Errorf("%w: augmentation %d is nil", ErrAugmentation, i)
		}
		if err := a.Validate(d.shape); err != nil {
			return nil, err
		}
	}
	normalization, size := d.Normalization(), d.shape.Size()
	rng := rand.New(rand.NewPCG(seed, 1))
	changed := *d
	changed.pixels = make([]uint8, len(d.pixels))
	image, other := make([]float32, size), make([]float32, size)
	for i := range d.Len() {
		normalization.Apply(image, d.at(i))
		for _, a := range augmentations {
			a.Apply(other, image, d.shape, a.Draw(rng, 1, d.shape))
			image, other = other, image
		}
		for p, v := range image {
			c := p % d.shape.Channels
			pixel := math.Round(float64(v*normalization.Std[c] + normalization.Mean[c]))
			changed.pixels[i*size+p] = uint8(min(max(pixel, 0), 255))
		}
	}
	return &changed, nil
}
