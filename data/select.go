package data

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// errEmpty is the error of methods that make another set.
var errEmpty = fmt.Errorf("%w: the set is empty", ErrFormat)

// Slice returns the images from index from up to but without index to, in the set's own memory: no
// pixel is copied. Of a set that is sorted by class these are images of few classes: [Dataset.Shuffle] the set first. The
// error wraps [ErrFormat]: bounds outside the set, or no image between them.
func (d *Dataset) Slice(from, to int) (*Dataset, error) {
	if from < 0 || to > d.Len() || from >= to {
		return nil, fmt.Errorf("%w: slice [%d:%d] of a set of %d images: want 0 <= from < to <= %d",
			ErrFormat, from, to, d.Len(), d.Len())
	}
	size := d.shape.Size()
	part := *d
	part.pixels = slices.Clip(d.pixels[from*size : to*size])
	part.labels = slices.Clip(d.labels[from:to])
	if d.names != nil {
		part.names = slices.Clip(d.names[from:to])
	}
	return &part, nil
}

// Subset returns a copy of the images at these indices, in this order; an index may come more than
// once. The error wraps [ErrFormat]: no indices, or one that is not in [0, Len).
func (d *Dataset) Subset(indices []int) (*Dataset, error) {
	if len(indices) == 0 {
		return nil, fmt.Errorf("%w: subset without an index: at least one is needed", ErrFormat)
	}
	n := d.Len()
	for position, i := range indices {
		if i < 0 || i >= n {
			return nil, fmt.Errorf("%w: subset index %d (at position %d) is outside a set of %d images",
				ErrFormat, i, position, n)
		}
	}
	part := *d
	part.pixels = make([]uint8, 0, len(indices)*d.shape.Size())
	part.labels = make([]int, 0, len(indices))
	part.names = nil
	for _, i := range indices {
		part.pixels = append(part.pixels, d.at(i)...)
		part.labels = append(part.labels, d.labels[i])
		if d.names != nil {
			part.names = append(part.names, d.names[i])
		}
	}
	return &part, nil
}

// Shuffle returns a copy in random order, which the seed decides.
func (d *Dataset) Shuffle(seed uint64) (*Dataset, error) {
	return d.Subset(rand.New(rand.NewPCG(seed, 0)).Perm(d.Len()))
}

// Concat returns a copy of the images of all sets, in the order given. The error wraps [ErrFormat]:
// no sets, an empty one, or one whose shape, classes or resizing are not those of the first.
func Concat(sets ...*Dataset) (*Dataset, error) {
	if len(sets) == 0 {
		return nil, fmt.Errorf("%w: no sets to concatenate", ErrFormat)
	}
	for i, set := range sets {
		if set.Len() == 0 {
			return nil, fmt.Errorf("%w: set %d of those to concatenate is empty", ErrFormat, i)
		}
		first := sets[0]
		if set.shape != first.shape {
			return nil, fmt.Errorf("%w: images of set %d are %v, those of set 0 are %v",
				ErrFormat, i, set.shape, first.shape)
		}
		if set.resizing != first.resizing {
			return nil, fmt.Errorf("%w: the resizing of set %d is %q, that of set 0 is %q", ErrFormat, i, set.resizing, first.resizing)
		}
		if !slices.Equal(set.classes, first.classes) {
			return nil, fmt.Errorf("%w: classes of set %d are %q, those of set 0 are %q",
				ErrFormat, i, set.classes, first.classes)
		}
	}
	whole := *sets[0]
	pixels, labels := make([][]uint8, len(sets)), make([][]int, len(sets))
	var names []string
	named := slices.ContainsFunc(sets, func(set *Dataset) bool { return set.names != nil })
	for i, set := range sets {
		pixels[i], labels[i] = set.pixels, set.labels
		for image := 0; named && image < set.Len(); image++ {
			names = append(names, set.Name(image))
		}
	}
	whole.pixels, whole.labels, whole.names = slices.Concat(pixels...), slices.Concat(labels...), names
	return &whole, nil
}

// Only returns a copy of the images of some classes, which are the classes of the new set, in the order given. The error
// wraps [ErrFormat] if one is not a class of this set, or is named twice, or if there are no images of any.
func (d *Dataset) Only(classes ...string) (*Dataset, error) {
	if d.Len() == 0 {
		return nil, errEmpty
	}
	label := make([]int, len(d.classes)) // by old label; -1 for those left out
	for i := range label {
		label[i] = -1
	}
	for i, name := range classes {
		old := slices.Index(d.classes, name)
		if old < 0 {
			return nil, fmt.Errorf("%w: class %q is not one of the set's: want some of %q", ErrFormat, name, d.classes)
		}
		if label[old] >= 0 {
			return nil, fmt.Errorf("%w: class %q is asked for twice", ErrFormat, name)
		}
		label[old] = i
	}
	var kept []int
	for i, old := range d.labels {
		if label[old] >= 0 {
			kept = append(kept, i)
		}
	}
	part, err := d.Subset(kept)
	if err != nil {
		return nil, err
	}
	for i, old := range part.labels {
		part.labels[i] = label[old]
	}
	part.classes = slices.Clone(classes)
	return part, nil
}

// Balance returns a copy in which every class has as many images as the largest: those of a smaller class are repeated in
// turn, so that none comes more than once more often than another. Classes without images stay so. Repeated images stand
// behind the others: training shuffles them. The error wraps [ErrFormat] if the set is empty.
//
// Split first, so that no image is both trained on and tested with. [Dataset.ClassWeights] is another way.
func (d *Dataset) Balance() (*Dataset, error) {
	if d.Len() == 0 {
		return nil, errEmpty
	}
	most := slices.Max(d.ClassCounts())
	indices := make([]int, d.Len())
	for i := range indices {
		indices[i] = i
	}
	byClass := make([][]int, len(d.classes))
	for i, label := range d.labels {
		byClass[label] = append(byClass[label], i)
	}
	for _, images := range byClass {
		for extra := len(images); len(images) > 0 && extra < most; extra++ {
			indices = append(indices, images[extra%len(images)])
		}
	}
	return d.Subset(indices)
}

// ClassWeights returns a weight for each class with which all count alike in the loss, however many images they have:
// n / (classes with images · images of the class), and 0 for a class without images. The mean over the images is 1.
func (d *Dataset) ClassWeights() []float64 {
	counts := d.ClassCounts()
	present := 0
	for _, n := range counts {
		if n > 0 {
			present++
		}
	}
	weights := make([]float64, len(counts))
	for class, n := range counts {
		if n > 0 {
			weights[class] = float64(d.Len()) / float64(present*n)
		}
	}
	return weights
}
