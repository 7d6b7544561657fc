package plot

import (
	"errors"
	"fmt"
	"image/png"
	"io"

	"github.com/fastresnet/fastresnet"
)

// Figure is a drawing that can be written in several forms, any number of times. The functions of this package make
// them; one of something that cannot be drawn, and the zero value, have an error in place of the drawing.
type Figure struct {
	err  error
	draw func(*canvas) // sets the canvas's height and alternative text too
}

// Style is how a figure looks; its zero value is light and 600 pixels wide. The height follows from the figure.
type Style struct {
	// Dark is for light text on a dark ground.
	Dark bool
	// Transparent leaves the ground out: what is behind the figure should be light, or dark if the style is.
	Transparent bool
	// Width is in CSS pixels, of 1/96 inch: 320 to 4096, or 0 for 600. Text has a size of 11 to 14 of them at any width.
	Width int
	// Scale is how many pixels of a PNG there are to a CSS pixel, in each direction: 1 to 4, or 0 for 2, which is sharp on
	// most screens. It does not change an SVG.
	Scale int
}

const (
	defaultWidth, leastWidth, mostWidth = 600, 320, 4096
	defaultScale, mostScale             = 2, 4
	mostHeight                          = 8192
	mostPixels                          = 1 << 26 // of a PNG
)

// Err is nil for a figure that can be drawn, or else what PNG and SVG return: an error that wraps
// [fastresnet.ErrArgument].
func (f Figure) Err() error {
	if f.err == nil && f.draw == nil {
		return fmt.Errorf("%w: the figure is zero: Curves and other functions make figures", fastresnet.ErrArgument)
	}
	return f.err
}

// PNG writes the figure as a PNG image. The same figure and style give the same bytes. The error is the figure's, or the
// writer's, or wraps [fastresnet.ErrArgument] for a style that is out of range, or where the figure would be more than
// 8192 CSS pixels high, or the image have more than 2²⁶ pixels, which take 256 MiB until they are written.
func (f Figure) PNG(w io.Writer, s Style) error {
	c, err := f.on(s)
	if err != nil {
		return err
	}
	if s.Scale == 0 {
		s.Scale = defaultScale
	}
	if n := c.width * c.height * float64(s.Scale*s.Scale); n > mostPixels {
		return fmt.Errorf("%w: the image would have %.0f pixels, more than %d: take a smaller width or scale, or draw less", fastresnet.ErrArgument, n, mostPixels)
	}
	return png.Encode(w, raster(c, s.Scale))
}

// SVG writes the figure as an SVG document that needs nothing else, no font either: its text is text, in the browser's
// Arial, Helvetica or their like. It has no identifiers, so that several can be put into one HTML page as they are. The
// same figure and style give the same bytes. The error is as that of [Figure.PNG], but for its bound on pixels.
func (f Figure) SVG(w io.Writer, s Style) error {
	c, err := f.on(s)
	if err != nil {
		return err
	}
	_, err = w.Write(vector(c))
	return err
}

// on draws the figure.
func (f Figure) on(s Style) (*canvas, error) {
	if err := errors.Join(f.Err(), s.validate()); err != nil {
		return nil, err
	}
	c := &canvas{theme: light, width: defaultWidth, opaque: !s.Transparent}
	if s.Dark {
		c.theme = dark
	}
	if s.Width != 0 {
		c.width = float64(s.Width)
	}
	f.draw(c)
	if c.height > mostHeight {
		return nil, fmt.Errorf("%w: the figure would be %.0f pixels high, more than %d: draw less of it", fastresnet.ErrArgument, c.height, mostHeight)
	}
	return c, nil
}

// validate reports what is out of range.
func (s Style) validate() error {
	var errs []error
	if s.Width != 0 && (s.Width < leastWidth || s.Width > mostWidth) {
		errs = append(errs, fmt.Errorf("%w: a style's width of %d, need %d to %d", fastresnet.ErrArgument, s.Width, leastWidth, mostWidth))
	}
	if s.Scale < 0 || s.Scale > mostScale {
		errs = append(errs, fmt.Errorf("%w: a style's scale of %d, need 1 to %d", fastresnet.ErrArgument, s.Scale, mostScale))
	}
	return errors.Join(errs...)
}

// nothing is a figure of what cannot be drawn.
func nothing(format string, args ...any) Figure {
	return Figure{err: fmt.Errorf("%w: "+format, append([]any{fastresnet.ErrArgument}, args...)...)}
}
