package data

import "fmt"

// Resizing is how a picture of any size becomes an image of a set, and what happens to one of other proportions. A data
// set knows how its pictures were resized; a model that is trained on it remembers that, and does the same to what it
// predicts.
type Resizing string

// The ways to resize a picture.
const (
	// ResizeByCropping takes the largest centred part that has the proportions of the images. (Parts at random are an
	// augmentation, [ResizedCrop].)
	ResizeByCropping Resizing = ""
	// ResizeByStretching takes the whole picture, and changes its proportions.
	ResizeByStretching Resizing = "stretch"
	// ResizeByPadding takes the whole picture with its proportions, centred on black.
	ResizeByPadding Resizing = "pad"
)

// Validate reports a way that there is not. The error wraps [ErrFormat].
func (r Resizing) Validate() error {
	switch r {
	case ResizeByCropping, ResizeByStretching, ResizeByPadding:
		return nil
	}
	return fmt.Errorf("%w: resizing %q, want %q (crop), %q or %q", ErrFormat, string(r), string(ResizeByCropping), ResizeByStretching, ResizeByPadding)
}

// String returns "crop", "stretch" or "pad".
func (r Resizing) String() string {
	if r == ResizeByCropping {
		return "crop"
	}
	return string(r)
}
