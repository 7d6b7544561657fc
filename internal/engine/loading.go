package engine

import (
	"context"

	"github.com/fastresnet/fastresnet/data"
)

// Loader prepares batches of training images on the host. It draws the random choices itself: they depend on
// the seed, the epoch and the way of loading alone.
type Loader interface {
	// Prepare does what is done once, before the first epoch. It returns ctx's error when that ends.
	Prepare(ctx context.Context) error
	// StartEpoch begins an epoch, counted from 1, of the images at the selected places of its order, or of all if that is
	// nil, after the first of them. Its error wraps [data.ErrAugmentation].
	StartEpoch(epoch int, selected []int32, first int) error
	// Next fills a batch with the images that come next in the epoch's order.
	Next(b Batch)
}

// NewLoader is the loader of a training set for the configuration's way of loading ([Config.Loading]).
func NewLoader(cfg Config, train *data.Dataset) Loader {
	switch cfg.Loading {
	case data.LoadEveryEpoch:
		return loadEveryEpoch(cfg, train)
	case data.LoadPerImage:
		return loadPerImage(cfg, train)
	}
	return loadInBulk(cfg, train)
}

// LoaderMemory is about how many bytes a [Loader] takes for a training set of so many images, beside the set itself: its images
// where it prepares them all once.
func LoaderMemory(cfg Config, images int) int64 {
	if cfg.Loading != data.LoadPerImage {
		return 0
	}
	return valueSize * int64(images) * int64(PreparedShape(cfg.Network.Input, cfg.Augmentations).Size())
}

// Batch is a batch in the host's memory.
type Batch struct {
	Images []float32 // [batch, height, width, channels], normalised and augmented
	Labels []int32   // [batch]
	// Others are the labels of the images that are mixed in, and Shares how much the images' own count; nil where nothing
	// is mixed.
	Others []int32   // [batch]
	Shares []float32 // [batch]
}

// NewBatch is one for a number of images, which may be mixed.
func NewBatch(size int, image data.Shape, mixing data.Mixing) Batch {
	b := Batch{Images: make([]float32, size*image.Size()), Labels: make([]int32, size)}
	if mixing.Kind != data.NoMixing {
		b.Others, b.Shares = make([]int32, size), make([]float32, size)
	}
	return b
}

// mix mixes each image with the next one, and the last with the first as it was, by one choice of the mixing each. spare
// has room for an image.
func (b Batch) mix(m data.Mixing, image data.Shape, choices []int32, spare []float32) {
	n, size := len(b.Labels), image.Size()
	if n == 0 {
		return
	}
	k := len(choices) / n
	copy(spare, b.Images[:size])
	for i := range n {
		other := spare
		if i+1 < n {
			other = b.Images[(i+1)*size : (i+2)*size]
		}
		b.Shares[i] = m.Apply(b.Images[i*size:(i+1)*size], other, image, choices[i*k:(i+1)*k])
		b.Others[i] = b.Labels[(i+1)%n]
	}
}

// LeadingCrop is the first augmentation if that is a crop. Its padding is the same in every epoch.
func LeadingCrop(augmentations []data.Augmentation) *data.Crop {
	if len(augmentations) > 0 {
		if crop, ok := augmentations[0].(data.Crop); ok {
			return &crop
		}
	}
	return nil
}

// PreparedShape is that of a training image after all that is not random: padded for a leading crop.
func PreparedShape(image data.Shape, augmentations []data.Augmentation) data.Shape {
	if crop := LeadingCrop(augmentations); crop != nil {
		image.Height += 2 * crop.Pad
		image.Width += 2 * crop.Pad
	}
	return image
}
