package engine_test

import (
	"testing"

	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/google/go-cmp/cmp"
)

func TestSlots(t *testing.T) {
	type take struct {
		size int64
		want int
		give []int // after it
	}
	for _, test := range []struct {
		name  string
		takes []take
		sizes []int64
	}{
		{"none", nil, nil},
		{"all at once", []take{{3, 0, nil}, {2, 1, nil}, {4, 2, nil}}, []int64{3, 2, 4}},
		{"one after the other", []take{{3, 0, []int{0}}, {2, 0, []int{0}}, {3, 0, nil}}, []int64{3}},
		{"the smallest that suffices", []take{{2, 0, nil}, {5, 1, nil}, {3, 2, []int{1, 0, 2}}, {3, 2, nil}, {3, 1, nil}, {2, 0, nil}}, []int64{2, 5, 3}},
		{"the largest grows", []take{{2, 0, nil}, {3, 1, []int{1, 0}}, {4, 1, []int{1}}, {4, 1, nil}, {1, 0, nil}}, []int64{2, 4}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var s engine.Slots
			for i, take := range test.takes {
				if got := s.Take(take.size); got != take.want {
					t.Errorf("number %d is in slot %d, want %d", i, got, take.want)
				}
				for _, slot := range take.give {
					s.Give(slot)
				}
			}
			if diff := cmp.Diff(test.sizes, s.Sizes); diff != "" {
				t.Errorf("sizes (-want +got):\n%s", diff)
			}
		})
	}
}
