package engine

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/google/go-cmp/cmp"
)

func TestEpochsDrawAnew(t *testing.T) {
	set := synthetic(t, 30)
	augmentations := config(set, 10).Augmentations
	epoch := func(seed uint64, number int) Draws {
		d, err := DrawEpoch(seed, number, set.Len(), set.Shape(), augmentations, data.Mixing{})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	first, again := epoch(1, 1), epoch(1, 1)
	if diff := cmp.Diff(first, again); diff != "" {
		t.Errorf("the same epoch (-first +second):\n%s", diff)
	}
	for label, other := range map[string]Draws{"the next epoch": epoch(1, 2), "another seed": epoch(2, 1)} {
		if cmp.Equal(first.Order, other.Order) {
			t.Errorf("%s sees the images in the same order", label)
		}
		for i := range first.Choices {
			if cmp.Equal(first.Choices[i], other.Choices[i]) {
				t.Errorf("%s makes the same choices for %v", label, augmentations[i])
			}
		}
	}
}

// tooFew Draws a number too few.
type tooFew struct{ data.FlipLR }

func (tooFew) Draw(_ *rand.Rand, n int, _ data.Shape) []int32 { return make([]int32, 2*n-1) }

func TestAugmentationThatDrawsTooFew(t *testing.T) {
	set := synthetic(t, 20)
	cfg := config(set, 10)
	cfg.Augmentations = []data.Augmentation{tooFew{}}
	if err := NewLoader(cfg, set).StartEpoch(1, nil, 0); !errors.Is(err, data.ErrAugmentation) {
		t.Errorf("error %v, want ErrAugmentation", err)
	}
}

// An alternating flip shows every image both ways in any two epochs in a row, whatever the order, and leaves the
// choices of the others as they would be without it.
func TestAlternatingFlipsByEpoch(t *testing.T) {
	const n = 50
	shape := data.Shape{Height: 4, Width: 4, Channels: 1}
	crop, flip := data.Crop{Pad: 2}, data.AlternatingFlip{}
	var before []int32 // of the images, in the epoch before
	for epoch := 1; epoch <= 4; epoch++ {
		d, err := DrawEpoch(7, epoch, n, shape, []data.Augmentation{flip, crop}, data.Mixing{})
		if err != nil {
			t.Fatal(err)
		}
		now := make([]int32, n)
		for place, image := range d.Order {
			now[image] = d.choice(0, place)[0]
			if before != nil && now[image]+before[image] != 1 {
				t.Errorf("epoch %d: image %d has choice %d after %d", epoch, image, now[image], before[image])
			}
		}
		before = now
		alone, err := DrawEpoch(7, epoch, n, shape, []data.Augmentation{crop}, data.Mixing{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(alone.Choices[0], d.Choices[1]); diff != "" {
			t.Errorf("epoch %d: the crop's choices (-alone +behind the flip):\n%s", epoch, diff)
		}
	}
}
