package engine

import (
	"math/rand/v2"
	"testing"

	"github.com/fastresnet/fastresnet/data"
)

func synthetic(t testing.TB, n int) *data.Dataset {
	t.Helper()
	set, err := data.Synthetic(n, 1)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// config is how the images of a run are loaded and augmented.
func config(set *data.Dataset, batch int) Config {
	return Config{
		Normalization: set.Normalization(),
		Augmentations: []data.Augmentation{data.Crop{Pad: 4}, data.FlipLR{}, data.Cutout{Height: 8, Width: 8}},
		Batch:         batch,
		Seed:          1,
	}
}

// ownAugmentation is one of a user's own, which flips every image.
type ownAugmentation struct{ data.FlipLR }

func (ownAugmentation) Draw(_ *rand.Rand, n int, _ data.Shape) []int32 {
	ones := make([]int32, n)
	for i := range ones {
		ones[i] = 1
	}
	return ones
}
