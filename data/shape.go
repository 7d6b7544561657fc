package data

import (
	"errors"
	"fmt"
	"math"
)

// Shape is the size of one image. Arrays of this shape are row-major with the channels innermost:
// the element of row y, column x and channel c is at (y*Width+x)*Channels + c.
type Shape struct {
	Height   int `json:"height"`   // rows, in pixels
	Width    int `json:"width"`    // columns, in pixels
	Channels int `json:"channels"` // values a pixel: 1 for grey, 3 for RGB
}

// Size returns the number of values in one image: Height*Width*Channels.
func (s Shape) Size() int { return s.Height * s.Width * s.Channels }

// String returns the shape as height x width x channels, such as "32x32x3".
func (s Shape) String() string { return fmt.Sprintf("%dx%dx%d", s.Height, s.Width, s.Channels) }

// check reports a dimension that is not positive, or a size that does not fit an int.
func (s Shape) check() error {
	if s.Height <= 0 || s.Width <= 0 || s.Channels <= 0 {
		return fmt.Errorf("image shape %v: every dimension must be positive", s)
	}
	if s.Width > math.MaxInt/s.Height || s.Channels > math.MaxInt/(s.Height*s.Width) {
		return errors.New("image shape " + s.String() + ": too large")
	}
	return nil
}
