package data_test

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/google/go-cmp/cmp"
)

// counted is a set with a number of images of each class. Each image has one pixel, its number, and its number as a name.
func counted(t *testing.T, counts ...int) *data.Dataset {
	t.Helper()
	var pixels []uint8
	var labels []int
	var classes, names []string
	for class, n := range counts {
		classes = append(classes, string(rune('a'+class)))
		for range n {
			names = append(names, fmt.Sprint(len(pixels)))
			pixels = append(pixels, uint8(len(pixels)))
			labels = append(labels, class)
		}
	}
	set, err := data.New(pixels, data.Shape{Height: 1, Width: 1, Channels: 1}, labels, classes)
	if err == nil {
		set, err = set.WithNames(names)
	}
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestSplit(t *testing.T) {
	for _, tt := range []struct {
		name    string
		counts  []int
		heldOut float64
		want    []int // held out of each class
	}{
		{"a fifth", []int{50, 50}, 0.2, []int{10, 10}},
		{"a fifth, unequal", []int{100, 50, 10}, 0.2, []int{20, 10, 2}},
		{"a number", []int{50, 50}, 7, []int{4, 3}},
		{"one image", []int{50, 50}, 1, []int{1, 0}},
		{"every class has one", []int{96, 2, 2}, 0.05, []int{3, 1, 1}},
		{"the last one is trained on", []int{3, 1}, 0.75, []int{2, 0}},
		{"fewer than classes", []int{10, 10, 10}, 2, []int{1, 1, 0}},
		{"a tiny share is one image", []int{10, 10}, 0.001, []int{1, 0}},
		{"a large share leaves one image", []int{5}, 0.95, []int{4}},
		{"a large share leaves one of every class", []int{3, 3}, 0.99, []int{2, 2}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			set := counted(t, tt.counts...)
			train, test, err := set.Split(tt.heldOut, 1)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, test.ClassCounts()); diff != "" {
				t.Errorf("held out of each class (-want +got):\n%s", diff)
			}
			// Together they are the set, and each is in its order.
			whole := slices.Concat(train.Pixels(), test.Pixels())
			slices.Sort(whole)
			if diff := cmp.Diff(set.Pixels(), whole); diff != "" {
				t.Errorf("images (-of the set +of both parts):\n%s", diff)
			}
			for _, part := range []*data.Dataset{train, test} {
				if !slices.IsSorted(part.Pixels()) {
					t.Errorf("images %v are not in the set's order", part.Pixels())
				}
				for i := range part.Len() {
					if name := fmt.Sprint(part.Pixels()[i]); part.Name(i) != name {
						t.Errorf("image %s is called %s", name, part.Name(i))
					}
				}
			}
		})
	}
}

func TestSplitIsDecidedByItsSeed(t *testing.T) {
	set := counted(t, 40, 40)
	held := map[string]bool{}
	for _, seed := range []uint64{1, 2, 1} {
		_, test, err := set.Split(0.25, seed)
		if err != nil {
			t.Fatal(err)
		}
		held[fmt.Sprint(test.Pixels())] = true
	}
	if len(held) != 2 {
		t.Errorf("seeds 1, 2 and 1 make %d different splits, want 2", len(held))
	}
}

func TestFolds(t *testing.T) {
	set := counted(t, 7, 5, 1)
	folds, err := set.Folds(3, 1)
	if err != nil {
		t.Fatal(err)
	}
	var tested []uint8
	for _, f := range folds {
		train, test, err := f.Sets()
		if err != nil {
			t.Fatal(err)
		}
		tested = append(tested, test.Pixels()...)
		whole := slices.Concat(train.Pixels(), test.Pixels())
		slices.Sort(whole)
		if diff := cmp.Diff(set.Pixels(), whole); diff != "" {
			t.Errorf("images of a fold (-want +got):\n%s", diff)
		}
		if part, err := set.Subset(f.Indices); err != nil || !slices.Equal(part.Pixels(), test.Pixels()) || !slices.IsSorted(f.Indices) {
			t.Errorf("the images %v (%v) are not those that a fold tests with", f.Indices, err)
		}
		for class, n := range test.ClassCounts() {
			if most := (set.ClassCounts()[class] + 2) / 3; n > most || n < most-1 {
				t.Errorf("%d images of class %d in a fold", n, class)
			}
		}
	}
	slices.Sort(tested)
	if diff := cmp.Diff(set.Pixels(), tested); diff != "" {
		t.Errorf("images tested with (-want +got):\n%s", diff)
	}
}

// Folds take no memory for images before they are asked for: there may be as many folds as images.
func TestFoldsCopyNothing(t *testing.T) {
	set, err := data.Synthetic(1000, 1)
	if err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	folds, err := set.Folds(set.Len(), 1)
	runtime.ReadMemStats(&after)
	if taken, most := after.TotalAlloc-before.TotalAlloc, uint64(len(set.Pixels())); err != nil || len(folds) != set.Len() || taken > most {
		t.Errorf("%d folds (%v) take %d bytes, want less than the set's %d", len(folds), err, taken, most)
	}
	if _, _, err := (data.Fold{Indices: []int{3}}).Sets(); !errors.Is(err, data.ErrFormat) {
		t.Errorf("a fold of no set: %v, want ErrFormat", err)
	}
}
