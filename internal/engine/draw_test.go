package engine

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/google/go-cmp/cmp"
)

func TestEpochsDrawAnew(t *testing.T) {
	set := synthetic(t, 30)
	augmentations := config(t, set, 10).Augmentations
	epoch := func(seed uint64, number int) draws {
		d, err := drawEpoch(seed, number, set.Len(), set.Shape(), augmentations)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	first, again := epoch(1, 1), epoch(1, 1)
	if diff := cmp.Diff(first, again, cmp.AllowUnexported(draws{})); diff != "" {
		t.Errorf("the same epoch (-first +second):\n%s", diff)
	}
	for label, other := range map[string]draws{"the next epoch": epoch(1, 2), "another seed": epoch(2, 1)} {
		if cmp.Equal(first.order, other.order) {
			t.Errorf("%s sees the images in the same order", label)
		}
		for i := range first.choices {
			if cmp.Equal(first.choices[i], other.choices[i]) {
				t.Errorf("%s makes the same choices for %v", label, augmentations[i])
			}
		}
	}
}

// tooFew draws a number too few.
type tooFew struct{ data.FlipLR }

func (tooFew) Draw(_ *rand.Rand, n int, _ data.Shape) []int32 { return make([]int32, 2*n-1) }

func TestAugmentationThatDrawsTooFew(t *testing.T) {
	set := synthetic(t, 20)
	cfg := config(t, set, 10)
	cfg.Augmentations = []data.Augmentation{tooFew{}}
	trainer := newTrainer(t, openFor(t, "go"), cfg, set)
	if _, err := trainer.Epoch(context.Background(), 1, constant(0.1, 2), noStep); !errors.Is(err, data.ErrAugmentation) {
		t.Errorf("error %v, want ErrAugmentation", err)
	}
}
