package engine

import (
	"fmt"
	"math/rand/v2"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/layers"
)

// draws are the random choices of one epoch, all made before it starts. They depend on the seed, the
// epoch and the data set's size alone, so every backend trains on the same batches, and a resumed run
// draws what the uninterrupted one would have.
type draws struct {
	// order is a permutation of the training set: the images in the order they are seen.
	order []int32 // [n]
	// choices holds one augmentation's choices each, by place in the order.
	choices [][]int32 // [n, k]
}

// drawEpoch draws the choices of an epoch over n images. The error wraps [data.ErrAugmentation], if one does
// not draw as many numbers for every image.
func drawEpoch(seed uint64, epoch, n int, shape data.Shape, augmentations []data.Augmentation) (draws, error) {
	rng := rand.New(rand.NewPCG(seed, uint64(epoch)))
	d := draws{order: make([]int32, n)}
	for i := range d.order {
		d.order[i] = int32(i)
	}
	rng.Shuffle(n, func(i, j int) { d.order[i], d.order[j] = d.order[j], d.order[i] })
	for _, a := range augmentations {
		choices := a.Draw(rng, n, shape)
		if len(choices)%n != 0 {
			return draws{}, fmt.Errorf("%w: %v drew %d numbers for %d images", data.ErrAugmentation, a, len(choices), n)
		}
		d.choices = append(d.choices, choices)
	}
	return d, nil
}

// InitialWeights draws the variables of a network before training, by name. Epochs count from 1, which
// leaves the generator of epoch 0 for them.
func InitialWeights(variables []layers.Variable, seed uint64) map[string][]float32 {
	rng := rand.New(rand.NewPCG(seed, 0))
	weights := make(map[string][]float32, len(variables))
	for _, v := range variables {
		values := make([]float32, v.Size())
		for i := range values {
			values[i] = float32(v.Mean)
			if v.Spread != 0 {
				values[i] = float32(v.Mean + v.Spread*(2*rng.Float64()-1))
			}
		}
		weights[v.Name] = values
	}
	return weights
}

// hostBatch prepares one batch on the host, by the augmentations' definitions.
type hostBatch struct {
	set           *data.Dataset
	normalization data.Normalization
	augmentations []data.Augmentation
	images        []float32 // [batch, height, width, channels], normalised
	labels        []int32   // [batch]
	scratch       []float32
}

func newHostBatch(cfg Config, set *data.Dataset, size int) *hostBatch {
	image := set.Shape().Size()
	return &hostBatch{
		set: set, normalization: cfg.Normalization, augmentations: cfg.Augmentations,
		images: make([]float32, size*image), labels: make([]int32, size), scratch: make([]float32, image),
	}
}

// fill puts the images at places [first, first+size) of the epoch's order into the batch.
func (b *hostBatch) fill(d draws, first int) {
	shape := b.set.Shape()
	size := shape.Size()
	for i := range b.labels {
		place := first + i
		row := int(d.order[place])
		b.labels[i] = int32(b.set.Label(row))
		image := b.images[i*size : (i+1)*size]
		b.normalization.Apply(image, b.set.Pixels()[row*size:(row+1)*size])
		for j, a := range b.augmentations {
			k := len(d.choices[j]) / len(d.order)
			a.Apply(b.scratch, image, shape, d.choices[j][place*k:(place+1)*k])
			copy(image, b.scratch)
		}
	}
}
