package data

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// Split divides the set at random into images to train on and images that are held out: the share of them, above 0 and below
// 1, in whole images, and at least one in each of both sets. It is [Dataset.SplitN] with that number, and has its errors; the
// error wraps [ErrFormat] if there is no such share, too.
func (d *Dataset) Split(share float64, seed uint64) (train, test *Dataset, err error) {
	if !(share > 0 && share < 1) {
		return nil, nil, fmt.Errorf("%w: a share of %g to be held out: need one above 0 and below 1; SplitN holds out a number of images",
			ErrFormat, share)
	}
	want := int(math.Round(share * float64(d.Len())))
	return d.SplitN(min(max(1, want), d.Len()-1), seed)
}

// SplitN divides the set at random into images to train on and n images that are held out, of every class in the same
// proportion. The images of both sets are copied, and in the order of this one: the same seed divides a set in the same way.
// Until the caller lets go of this one there is each image twice.
//
// Of a class with two images or more both sets have at least one, unless fewer images are held out than there are such
// classes; one with a single image is trained on. Where that leaves fewer than n images, these are held out. The error wraps
// [ErrFormat] if n is not in 1 to the number of images less one, or if no class has two images.
func (d *Dataset) SplitN(n int, seed uint64) (train, test *Dataset, err error) {
	switch all := d.Len(); {
	case all == 0:
		return nil, nil, errEmpty
	case all == 1:
		return nil, nil, fmt.Errorf("%w: a set of one image: to hold some out takes two or more", ErrFormat)
	case n < 1 || n >= all:
		return nil, nil, fmt.Errorf("%w: %d of %d images to be held out: need 1 to %d", ErrFormat, n, all, all-1)
	}
	byClass := d.shuffledByClass(rand.New(rand.NewPCG(seed, 0)))
	var trainOn, hold []int
	for class, count := range proportions(n, byClass) {
		hold = append(hold, byClass[class][:count]...)
		trainOn = append(trainOn, byClass[class][count:]...)
	}
	if len(hold) == 0 {
		return nil, nil, fmt.Errorf("%w: %d images of %d classes: no class has one to spare", ErrFormat, d.Len(), len(d.classes))
	}
	slices.Sort(trainOn)
	slices.Sort(hold)
	if train, err = d.Subset(trainOn); err == nil {
		test, err = d.Subset(hold)
	}
	return train, test, err
}

// proportions is how many images of each class are held out, want in all where that is possible: the share of each,
// rounded down, and one more of those that are the furthest from theirs; at least one of every class that has two, as
// far as want goes, and never all.
func proportions(want int, byClass [][]int) []int {
	n := 0
	for _, images := range byClass {
		n += len(images)
	}
	counts := make([]int, len(byClass))
	for left := want; left > 0; left-- {
		best, furthest := -1, 0.
		for class, images := range byClass {
			if counts[class]+1 >= len(images) {
				continue // the last one is trained on
			}
			lacks := float64(want)*float64(len(images))/float64(n) - float64(counts[class])
			if counts[class] == 0 {
				lacks += float64(n) // before any second one
			}
			if best < 0 || lacks > furthest {
				best, furthest = class, lacks
			}
		}
		if best < 0 {
			break
		}
		counts[best]++
	}
	return counts
}

// shuffledByClass are the indices of each class's images, in random order.
func (d *Dataset) shuffledByClass(rng *rand.Rand) [][]int {
	byClass := make([][]int, len(d.classes))
	for i, label := range d.labels {
		byClass[label] = append(byClass[label], i)
	}
	for _, images := range byClass {
		rng.Shuffle(len(images), func(i, j int) { images[i], images[j] = images[j], images[i] })
	}
	return byClass
}

// Fold is one of the ways of [Dataset.Folds] to divide a set.
type Fold struct {
	// Indices are those of the images to test with, in the set that is divided, in ascending order. They are not to be changed.
	Indices []int
	of      *Dataset
}

// Sets returns copies of the images to train on, and of those to test with, in the order of the set that is divided. Each call
// makes them anew. The error wraps [ErrFormat] if the fold is none of [Dataset.Folds].
func (f Fold) Sets() (train, test *Dataset, err error) {
	if test, err = f.of.Subset(f.Indices); err != nil {
		return nil, nil, err
	}
	var trainOn []int
	for i, next := 0, 0; i < f.of.Len(); i++ {
		if next < len(f.Indices) && f.Indices[next] == i {
			next++
			continue
		}
		trainOn = append(trainOn, i)
	}
	if train, err = f.of.Subset(trainOn); err != nil {
		return nil, nil, err
	}
	return train, test, nil
}

// Folds divides the set into k parts at random, of every class in the same proportion up to an image, and returns k ways
// to train on all but one of them and to test with that one. No image is copied before [Fold.Sets]. The error wraps
// [ErrFormat] if the set is empty, or k is not in 2 to the number of images.
func (d *Dataset) Folds(k int, seed uint64) ([]Fold, error) {
	n := d.Len()
	if n == 0 {
		return nil, errEmpty
	}
	if k < 2 || k > n {
		return nil, fmt.Errorf("%w: %d folds of %d images: need 2 to %d", ErrFormat, k, n, n)
	}
	part, next := make([]int, n), 0
	for _, images := range d.shuffledByClass(rand.New(rand.NewPCG(seed, 0))) {
		for _, i := range images {
			part[i] = next % k
			next++
		}
	}
	folds := make([]Fold, k)
	for i, p := range part {
		folds[p].of = d
		folds[p].Indices = append(folds[p].Indices, i)
	}
	return folds, nil
}
