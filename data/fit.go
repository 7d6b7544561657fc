package data

import "fmt"

// Fit is how a picture of any size becomes an image of a set, and what happens to those of other proportions. A data set
// knows how its images were made, a model that is trained on it remembers that, and does the same to what it predicts.
type Fit string

// The ways to fit a picture.
const (
	// FitCrop takes the largest centred part that has the proportions of the images.
	FitCrop Fit = ""
	// FitStretch takes the whole picture, and changes its proportions.
	FitStretch Fit = "stretch"
	// FitPad takes the whole picture with its proportions, centred on black.
	FitPad Fit = "pad"
)

// Validate reports a way that there is not. The error wraps [ErrFormat].
func (f Fit) Validate() error {
	switch f {
	case FitCrop, FitStretch, FitPad:
		return nil
	}
	return fmt.Errorf("%w: fit %q, want %q (crop), %q or %q", ErrFormat, string(f), string(FitCrop), FitStretch, FitPad)
}

// String returns "crop", "stretch" or "pad".
func (f Fit) String() string {
	if f == FitCrop {
		return "crop"
	}
	return string(f)
}
