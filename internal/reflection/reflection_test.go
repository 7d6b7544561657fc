package reflection_test

import (
	"testing"

	"github.com/fastresnet/fastresnet/internal/reflection"
	"github.com/google/go-cmp/cmp"
)

func TestOf(t *testing.T) {
	var got []int
	for i := -3; i < 7; i++ {
		got = append(got, reflection.Of(i, 4))
	}
	if diff := cmp.Diff([]int{3, 2, 1, 0, 1, 2, 3, 2, 1, 0}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := reflection.Of(0, 1); got != 0 {
		t.Errorf("of one pixel: %d", got)
	}
}
