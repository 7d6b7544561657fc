package layers

import (
	"fmt"

	"github.com/fastresnet/fastresnet/data"
)

// MaxPool takes the maximum of each Size x Size window, without overlap: [batch, height/Size,
// width/Size, channels]. The gradient goes to a window's first maximum in row-major order; in pure Go, behind a norm, to the one
// that was the greatest before the norm, which is another where rounding or a scale of 0 has made them equal.
type MaxPool struct {
	// Size is the height and width of a window in pixels, at least 1.
	Size int `json:"size"`
	// Floor drops the last rows and columns that fill no window. Without it, height and width must be multiples
	// of Size. Both must be at least Size.
	Floor bool `json:"floor,omitempty"`
}

func (p MaxPool) String() string {
	text := fmt.Sprintf("MaxPool %dx%d", p.Size, p.Size)
	if p.Floor {
		text += ", floor"
	}
	return text
}

func (p MaxPool) resolve(in data.Shape) (resolved, error) {
	if p.Size < 1 {
		return resolved{}, fmt.Errorf("size %d, need at least 1", p.Size)
	}
	if in.Height < p.Size || in.Width < p.Size {
		return resolved{}, fmt.Errorf("its size is more than %dx%d", in.Height, in.Width)
	}
	if !p.Floor && (in.Height%p.Size != 0 || in.Width%p.Size != 0) {
		return resolved{}, fmt.Errorf("its size does not divide %dx%d: Floor drops the rest", in.Height, in.Width)
	}
	return resolved{out: data.Shape{Height: in.Height / p.Size, Width: in.Width / p.Size, Channels: in.Channels}}, nil
}

// GlobalMaxPool takes each channel's maximum over the whole image: [batch, 1, 1, channels]. The gradient
// goes to the first maximum in row-major order.
type GlobalMaxPool struct{}

func (GlobalMaxPool) String() string { return "GlobalMaxPool" }

func (GlobalMaxPool) resolve(in data.Shape) (resolved, error) {
	return resolved{out: data.Shape{Height: 1, Width: 1, Channels: in.Channels}}, nil
}

// GlobalMeanPool takes each channel's mean over the whole image: [batch, 1, 1, channels].
type GlobalMeanPool struct{}

func (GlobalMeanPool) String() string { return "GlobalMeanPool" }

func (GlobalMeanPool) resolve(in data.Shape) (resolved, error) {
	return resolved{out: data.Shape{Height: 1, Width: 1, Channels: in.Channels}}, nil
}

// GlobalMaxMeanPool concatenates each channel's maximum and its mean over the whole image: [batch, 1, 1,
// 2·channels], the maxima first.
type GlobalMaxMeanPool struct{}

func (GlobalMaxMeanPool) String() string { return "GlobalMaxMeanPool" }

func (GlobalMaxMeanPool) resolve(in data.Shape) (resolved, error) {
	return resolved{out: data.Shape{Height: 1, Width: 1, Channels: 2 * in.Channels}}, nil
}
