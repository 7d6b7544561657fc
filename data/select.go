package data

import (
	"fmt"
	"slices"
)

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
