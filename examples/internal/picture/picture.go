// Package picture reads the pictures that people give to programs: files of several formats, some of them
// broken, and some of them made to break what reads them.
package picture

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	_ "image/gif" // the formats register themselves
	_ "image/jpeg"
	_ "image/png"
	"io"

	"github.com/fastresnet/fastresnet/examples/internal/terminal"
	_ "golang.org/x/image/bmp"
	_ "golang.org/x/image/webp"
)

// Formats are those that can be read.
const Formats = "PNG, JPEG, GIF, WebP or BMP"

// MaxPixels is how many pixels a picture may have. While it is decoded a pixel takes 3 or 4 bytes of memory, and up
// to 24 in rare formats.
const MaxPixels = 25_000_000

// What can be wrong with a picture.
var (
	// ErrEmpty is returned for no bytes at all.
	ErrEmpty = errors.New("it is empty")
	// ErrFormat is returned for what is no picture, or one of another format.
	ErrFormat = errors.New("it is no picture that can be read: need " + Formats)
	// ErrTooLarge is wrapped when a picture has more than [MaxPixels], or its file too many bytes.
	ErrTooLarge = errors.New("it is too large")
	// ErrBroken is wrapped when the format is known, but the file is cut off or damaged.
	ErrBroken = errors.New("the picture is damaged")
)

// Header is what the beginning of a file says. Width and height are as stored, before any turn.
type Header struct {
	Format        string // "png", "jpeg", "gif", "webp" or "bmp"
	Width, Height int
}

// Pixels is their number.
func (h Header) Pixels() int64 { return int64(h.Width) * int64(h.Height) }

// ReadHeader reads no more than the size of a picture, so that one too large costs no memory.
func ReadHeader(encoded []byte) (Header, error) {
	if len(encoded) == 0 {
		return Header{}, ErrEmpty
	}
	config, format, err := image.DecodeConfig(bytes.NewReader(encoded))
	h := Header{Format: format, Width: config.Width, Height: config.Height}
	switch {
	case errors.Is(err, image.ErrFormat):
		return h, ErrFormat
	case err != nil:
		return h, broken(err)
	case h.Width < 1 || h.Height < 1:
		return h, broken(fmt.Errorf("it has %dx%d pixels", h.Width, h.Height))
	case h.Pixels() > MaxPixels:
		return h, fmt.Errorf("%w: %dx%d pixels, need no more than %s in all", ErrTooLarge, h.Width, h.Height, terminal.Count(MaxPixels))
	}
	return h, nil
}

// Decode reads a picture whose header has been read; of several frames the first. One that a camera stored on its
// side is turned upright.
func Decode(encoded []byte) (image.Image, error) {
	img, format, err := image.Decode(bytes.NewReader(encoded))
	if err != nil {
		return nil, broken(err)
	}
	if img.Bounds().Empty() {
		return nil, broken(errors.New("it has no pixels"))
	}
	if format == "jpeg" {
		return upright(img, orientation(encoded)), nil
	}
	return img, nil
}

// broken wraps a decoder's error.
func broken(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: its end is missing", ErrBroken)
	}
	return fmt.Errorf("%w: %w", ErrBroken, err)
}
