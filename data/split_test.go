package data_test

import (
	"errors"
	"fmt"
	"math"
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

// splitting divides a set, by the seed 1.
type splitting func(*data.Dataset) (train, test *data.Dataset, err error)

func share(s float64) splitting {
	return func(d *data.Dataset) (train, test *data.Dataset, err error) { return d.Split(s, 1) }
}

func number(n int) splitting {
	return func(d *data.Dataset) (train, test *data.Dataset, err error) { return d.SplitN(n, 1) }
}

func TestSplit(t *testing.T) {
	for _, tt := range []struct {
		name   string
		counts []int
		split  splitting
		want   []int // held out of each class
	}{
		{"a fifth", []int{50, 50}, share(0.2), []int{10, 10}},
		{"a fifth, unequal", []int{100, 50, 10}, share(0.2), []int{20, 10, 2}},
		{"a number", []int{50, 50}, number(7), []int{4, 3}},
		{"one image", []int{50, 50}, number(1), []int{1, 0}},
		{"every class has one", []int{96, 2, 2}, share(0.05), []int{3, 1, 1}},
		{"the last one is trained on", []int{3, 1}, share(0.75), []int{2, 0}},
		{"fewer than classes", []int{10, 10, 10}, number(2), []int{1, 1, 0}},
		{"a tiny share is one image", []int{10, 10}, share(0.001), []int{1, 0}},
		{"a large share leaves one image", []int{5}, share(0.95), []int{4}},
		{"a large share leaves one of every class", []int{3, 3}, share(0.99), []int{2, 2}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			set := counted(t, tt.counts...)
			train, test, err := tt.split(set)
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

func TestSplitRefuses(t *testing.T) {
	const noShare = "a share of %v to be held out: need one above 0 and below 1; SplitN holds out a number of images"
	set := counted(t, 3, 3)
	for _, tt := range []struct {
		name  string
		set   *data.Dataset
		split splitting
		says  string
	}{
		{"a share of 0", set, share(0), fmt.Sprintf(noShare, 0)},
		{"a negative share", set, share(-0.5), fmt.Sprintf(noShare, -0.5)},
		{"all", set, share(1), fmt.Sprintf(noShare, 1)},
		{"a number for a share", set, share(2), fmt.Sprintf(noShare, 2)},
		{"a share that is no number", set, share(math.NaN()), fmt.Sprintf(noShare, "NaN")},
		{"an infinite share", set, share(math.Inf(1)), fmt.Sprintf(noShare, "+Inf")},
		{"no image", set, number(0), "0 of 6 images to be held out: need 1 to 5"},
		{"fewer than none", set, number(-1), "-1 of 6 images to be held out: need 1 to 5"},
		{"all images", set, number(6), "6 of 6 images to be held out: need 1 to 5"},
		{"more than there are", set, number(math.MaxInt), fmt.Sprintf("%d of 6 images to be held out: need 1 to 5", math.MaxInt)},
		{"a share of one image", counted(t, 1), share(0.5), "a set of one image: to hold some out takes two or more"},
		{"one of one image", counted(t, 1), number(1), "a set of one image: to hold some out takes two or more"},
		{"one image a class", counted(t, 1, 1), number(1), "2 images of 2 classes: no class has one to spare"},
		{"a share of no set", nil, share(0.5), "the set is empty"},
		{"one of no set", nil, number(1), "the set is empty"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			train, test, err := tt.split(tt.set)
			if train != nil || test != nil || !errors.Is(err, data.ErrFormat) || fmt.Sprint(err) != "invalid data: "+tt.says {
				t.Errorf("%v, %v, error %v; want ErrFormat that says %q", train, test, err, tt.says)
			}
		})
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
