package data_test

import (
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/google/go-cmp/cmp"
)

func TestDuplicates(t *testing.T) {
	set, other := counted(t, 3, 3), counted(t, 2)
	twice, err := set.Subset([]int{0, 4, 5, 4})
	if err != nil {
		t.Fatal(err)
	}
	want := [][]data.Place{{{0, 0}, {1, 0}}, {{0, 1}, {0, 3}}}
	if diff := cmp.Diff(want, data.Duplicates(twice, other, nil)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := data.Duplicates(set); got != nil {
		t.Errorf("of different images: %v", got)
	}
}
