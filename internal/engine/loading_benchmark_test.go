package engine

import (
	"errors"
	"testing"

	"github.com/fastresnet/fastresnet/data"
)

// BenchmarkLoading prepares the batches of an epoch on the host as the first rungs of the source series do:
// batches of 128, crop by 4, flip, on images of CIFAR-10 or, without that, synthetic ones. The metric
// s/epoch is for CIFAR-10's 50,000 images.
//
// Rungs 1 and 2 differ in the network alone. rung3-once is what rung 3 does before the first epoch.
func BenchmarkLoading(b *testing.B) {
	const images, batch, epochImages = 10_000, 128, 50_000
	set := benchmarkImages(b, images)
	cfg := Config{Normalization: set.Normalization(), Augmentations: []data.Augmentation{data.Crop{Pad: 4}, data.FlipLR{}}, Seed: 1}
	perEpoch := func(b *testing.B) {
		b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)*epochImages/images, "s/epoch")
	}
	epochs := func(b *testing.B, l Loader) {
		whole, rest := NewBatch(batch, set.Shape(), data.Mixing{}), NewBatch(images%batch, set.Shape(), data.Mixing{})
		epoch := 0
		for b.Loop() {
			epoch++
			if err := l.StartEpoch(epoch, nil, 0); err != nil {
				b.Fatal(err)
			}
			for range images / batch {
				l.Next(whole)
			}
			l.Next(rest)
		}
		perEpoch(b)
	}
	b.Run("rung1-2", func(b *testing.B) { epochs(b, loadEveryEpoch(cfg, set)) })
	b.Run("rung3-once", func(b *testing.B) {
		for b.Loop() {
			if err := loadPerImage(cfg, set).Prepare(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
		perEpoch(b)
	})
	b.Run("rung3", func(b *testing.B) { epochs(b, loadPerImage(cfg, set)) })
	b.Run("rung4", func(b *testing.B) { epochs(b, loadInBulk(cfg, set)) })
}

// benchmarkImages are n images of CIFAR-10, or synthetic ones where that is not to be found.
func benchmarkImages(b *testing.B, n int) *data.Dataset {
	set, _, err := data.CIFAR10("")
	if errors.Is(err, data.ErrNotFound) {
		b.Log("CIFAR-10 is not to be found: synthetic images")
		return synthetic(b, n)
	}
	if err != nil {
		b.Fatal(err)
	}
	if set, err = set.Slice(0, n); err != nil {
		b.Fatal(err)
	}
	return set
}
