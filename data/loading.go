package data

import "fmt"

// Loading is a way of preparing batches of training images. All ways make the same kind of batches: in a
// random order, normalised, augmented by random choices, each image anew in every epoch. They differ in what
// that costs. The two slow ones are where the series that this library follows started from, to compare with.
//
// The seed draws the same order of images in every way, and the same choices in the two slow ones; in bulk
// they are others.
type Loading string

// The ways of loading.
const (
	// LoadInBulk draws the random choices of an epoch all at once, before it starts, and does what is the
	// same in every epoch no more than once, on the device if it has memory of its own. On the host it
	// writes images straight into the batch, on all cores unless an augmentation is not this package's.
	LoadInBulk Loading = ""

	// LoadPerImage works image by image on the host, each with random choices, and memory, of its own. The
	// images are normalised once, before training, and padded if a [Crop] is the first augmentation. That
	// takes 4 bytes a value: 960 MB for 50,000 images of 32x32x3 padded by 4, and a process of 2.3 GB, as
	// Go's garbage collector by default lets it grow to twice what it needs.
	LoadPerImage Loading = "per image"

	// LoadEveryEpoch is LoadPerImage, but for the normalisation and the padding: they are done again
	// for every image in every epoch.
	LoadEveryEpoch Loading = "every epoch"
)

// Validate reports a way that there is not. The error wraps [ErrFormat].
func (l Loading) Validate() error {
	switch l {
	case LoadInBulk, LoadPerImage, LoadEveryEpoch:
		return nil
	}
	return fmt.Errorf("%w: loading %q, want %q, %q or %q", ErrFormat, string(l), LoadInBulk, LoadPerImage, LoadEveryEpoch)
}
