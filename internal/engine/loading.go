package engine

import (
	"context"

	"github.com/fastresnet/fastresnet/data"
)

// loader prepares batches of training images on the host. It draws the random choices itself: they depend on
// the seed, the epoch and the way of loading alone.
type loader interface {
	// prepare does what is done once, before the first epoch. It returns ctx's error when that ends.
	prepare(ctx context.Context) error
	// startEpoch begins an epoch, counted from 1, with the image at place first in its order. Its error wraps
	// [data.ErrAugmentation].
	startEpoch(epoch, first int) error
	// next fills a batch with the images that come next in the epoch's order.
	next(b hostBatch)
}

func newLoader(cfg Config, train *data.Dataset) loader {
	switch cfg.Loading {
	case data.LoadEveryEpoch:
		return loadEveryEpoch(cfg, train)
	case data.LoadPerImage:
		return loadPerImage(cfg, train)
	}
	return loadInBulk(cfg, train)
}

// hostBatch is a batch in the host's memory.
type hostBatch struct {
	images []float32 // [batch, height, width, channels], normalised and augmented
	labels []int32   // [batch]
}

func newHostBatch(size int, image data.Shape) hostBatch {
	return hostBatch{images: make([]float32, size*image.Size()), labels: make([]int32, size)}
}

// leadingCrop is the first augmentation if that is a crop. Its padding is the same in every epoch.
func leadingCrop(augmentations []data.Augmentation) *data.Crop {
	if len(augmentations) > 0 {
		if crop, ok := augmentations[0].(data.Crop); ok {
			return &crop
		}
	}
	return nil
}

// reflected is the index in [0, n) that i, less than n outside it, is the reflection of: see [data.Crop].
func reflected(i, n int) int {
	if i < 0 {
		return -i
	}
	if i >= n {
		return 2*(n-1) - i
	}
	return i
}
