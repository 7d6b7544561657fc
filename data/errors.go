package data

import "errors"

var (
	// ErrNotFound is wrapped by errors about data that is not where it was looked for: a path
	// without a data set, or a data set without one of its files. The message names the place.
	ErrNotFound = errors.New("data not found")

	// ErrFormat is wrapped by errors about data that is there but cannot be used: files cut
	// short, too long or corrupt, labels out of range, pixels that do not fill the shape, an
	// empty set, bounds outside a set, sets that do not go together. The message names the file
	// and record, or the index.
	ErrFormat = errors.New("invalid data")

	// ErrAugmentation is wrapped by errors about an [Augmentation] whose settings are invalid, or
	// do not suit the shape of the images.
	ErrAugmentation = errors.New("invalid augmentation")
)
