package engine

import (
	"fmt"
	"math/rand/v2"

	"github.com/fastresnet/fastresnet/data"
)

// drawOrder draws the order in which an epoch sees its n images, a permutation of them. The generator that it
// returns is for the epoch's other choices. Both depend on the seed, the epoch and n alone, so every backend
// trains on the same batches, and a resumed run draws what the uninterrupted one would have.
func drawOrder(seed uint64, epoch, n int) ([]int32, *rand.Rand) {
	rng := rand.New(rand.NewPCG(seed, uint64(epoch)))
	order := make([]int32, n)
	for i := range order {
		order[i] = int32(i)
	}
	rng.Shuffle(n, func(i, j int) { order[i], order[j] = order[j], order[i] })
	return order, rng
}

// Draws are the random choices of one epoch, all made before it starts.
type Draws struct {
	// Order is a permutation of the training set: the images in the order they are seen.
	Order []int32 // [n]
	// Choices holds one augmentation's choices each, by place in the order.
	Choices [][]int32 // [n, k]
	// Mixing are the mixing's, if there is one.
	Mixing []int32 // [n, k]
}

// DrawEpoch draws the choices of an epoch over n images; those of the mixing come last. The error wraps [data.ErrAugmentation], if one does
// not draw as many numbers for every image.
func DrawEpoch(seed uint64, epoch, n int, shape data.Shape, augmentations []data.Augmentation, mixing data.Mixing) (Draws, error) {
	order, rng := drawOrder(seed, epoch, n)
	d := Draws{Order: order}
	for i, a := range augmentations {
		choices := drawChoices(rng, seed, epoch, order, shape, i, a)
		if len(choices)%n != 0 {
			return Draws{}, fmt.Errorf("%w: %s, drew %d numbers for %d images", data.ErrAugmentation, nameOf(i, a), len(choices), n)
		}
		d.Choices = append(d.Choices, choices)
	}
	if mixing.Kind != data.NoMixing {
		d.Mixing = mixing.Draw(rng, n, shape)
	}
	return d, nil
}

// At are the draws of the images at those places of the order; of all of them for nil.
func (d Draws) At(places []int32) Draws {
	if places == nil {
		return d
	}
	part := Draws{Order: take(d.Order, 1, places)}
	for _, choices := range d.Choices {
		part.Choices = append(part.Choices, take(choices, len(choices)/len(d.Order), places))
	}
	if d.Mixing != nil {
		part.Mixing = take(d.Mixing, len(d.Mixing)/len(d.Order), places)
	}
	return part
}

// take are those rows of values, [n, k], that are at places.
func take(values []int32, k int, places []int32) []int32 {
	taken := make([]int32, 0, len(places)*k)
	for _, p := range places {
		taken = append(taken, values[int(p)*k:(int(p)+1)*k]...)
	}
	return taken
}

// choice is what augmentation number a does to the image at a place in the order.
func (d Draws) choice(a, place int) []int32 {
	k := len(d.Choices[a]) / len(d.Order)
	return d.Choices[a][place*k : (place+1)*k]
}
