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
	// StartEpoch begins an epoch, counted from 1, with the image at place first in its order. Its error wraps
	// [data.ErrAugmentation].
	StartEpoch(epoch, first int) error
	// Next fills a batch with the images that come next in the epoch's order.
	Next(b Batch)
}

func NewLoader(cfg Config, train *data.Dataset) Loader {
	switch cfg.Loading {
	case data.LoadEveryEpoch:
		return loadEveryEpoch(cfg, train)
	case data.LoadPerImage:
		return loadPerImage(cfg, train)
	}
	return loadInBulk(cfg, train)
}

// Batch is a batch in the host's memory.
type Batch struct {
	Images []float32 // [batch, height, width, channels], normalised and augmented
	Labels []int32   // [batch]
}

func NewBatch(size int, image data.Shape) Batch {
	return Batch{Images: make([]float32, size*image.Size()), Labels: make([]int32, size)}
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
