package data_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/google/go-cmp/cmp"
)

// TestAlternatingFlip follows images through epochs, in which they come in other orders.
func TestAlternatingFlip(t *testing.T) {
	const n = 20_000
	var flip data.EpochAugmentation = data.AlternatingFlip{}
	image := data.Shape{Height: 2, Width: 3, Channels: 1}
	inOrder := make([]int32, n)
	for i := range inOrder {
		inOrder[i] = int32(i)
	}
	for _, seed := range []uint64{0, 1, math.MaxUint64} {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			first := flip.DrawEpoch(seed, 1, inOrder, image)
			flipped, same := 0, 0
			for i, c := range first {
				if c != 0 && c != 1 {
					t.Fatalf("image %d: choice %d, want 0 or 1", i, c)
				}
				flipped += int(c)
				if i > 0 && c == first[i-1] {
					same++
				}
			}
			// Within 5 standard deviations of half of them, and neighbours know nothing of each other.
			bound := 5 * math.Sqrt(n) / 2
			if math.Abs(float64(flipped)-n/2) > bound || math.Abs(float64(same)-n/2) > bound {
				t.Errorf("%d of %d flipped, %d like the image before, want %d +- %.0f of each", flipped, n, same, n/2, bound)
			}
			for epoch := 1; epoch <= 5; epoch++ {
				order := slices.Clone(inOrder)
				newRand(uint64(epoch)).Shuffle(n, func(i, j int) { order[i], order[j] = order[j], order[i] })
				for place, c := range flip.DrawEpoch(seed, epoch, order, image) {
					if want := (first[order[place]] + int32(epoch-1)) % 2; c != want {
						t.Fatalf("epoch %d, image %d: choice %d, want %d after %d in the first", epoch, order[place], c, want, first[order[place]])
					}
				}
			}
			one := flip.DrawEpoch(seed, 3, []int32{77}, image)
			if diff := cmp.Diff(first[77:78], one); diff != "" {
				t.Errorf("an image alone in the third epoch (-first epoch +third):\n%s", diff)
			}
			if cmp.Equal(first, flip.DrawEpoch(seed+1, 1, inOrder, image)) {
				t.Error("another seed makes the same choices")
			}
		})
	}
}

func TestAlternatingFlipApply(t *testing.T) {
	src, shape := []float32{1, 2, 3, 4, 5, 6}, data.Shape{Height: 1, Width: 3, Channels: 2}
	for choice, want := range map[int32][]float32{0: src, 1: {5, 6, 3, 4, 1, 2}} {
		if diff := cmp.Diff(want, apply(t, data.AlternatingFlip{}, src, shape, []int32{choice})); diff != "" {
			t.Errorf("choice %d (-want +got):\n%s", choice, diff)
		}
	}
}
