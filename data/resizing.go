package data

import "fmt"

// Resizing is how a picture of any size becomes an image of a set, and what happens to one of other proportions. A data
// set knows how its pictures were resized; a model that is trained on it remembers that, and does the same to what it
// predicts.
type Resizing string

// The ways to resize a picture.
const (
	// ResizeCrop takes the largest centred part that has the proportions of the images. (Parts at random are an
	// augmentation, [ResizedCrop].)
	ResizeCrop Resizing = ""
	// ResizeStretch takes the whole picture, and changes its proportions.
	ResizeStretch Resizing = "stretch"
	// ResizePad takes the whole picture with its proportions, centred on black.
	ResizePad Resizing = "pad"
)

// Validate reports a way that there is not. The error wraps [ErrFormat].
func (r Resizing) Validate() error {
	switch r {
	case ResizeCrop, ResizeStretch, ResizePad:
		return nil
	}
	return fmt.Errorf("%w: resizing %q, want %q (crop), %q or %q", ErrFormat, string(r), string(ResizeCrop), ResizeStretch, ResizePad)
}

// String returns "crop", "stretch" or "pad".
func (r Resizing) String() string {
	if r == ResizeCrop {
		return "crop"
	}
	return string(r)
}
