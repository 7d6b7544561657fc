// Package picture opens the pictures that people have, one by one or as data sets: PNG, JPEG, GIF, WebP, BMP and TIFF
// files, some of them broken, and some of them made to break what reads them. Package image and its like decode the same formats, but leave a
// photograph on its side, a GIF's first frame without its canvas, and the colours of lossy WebP pictures too pale, so
// that a model would see something else than a person does.
//
//	img, err := picture.Open(ctx, "cat.jpg")
//	predictions, err := model.Predict(ctx, img)
//
// A folder that has a folder of pictures for each class becomes a data set:
//
//	set, report, err := picture.Reader{}.Folder(ctx, "train")
package picture

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"os"

	"github.com/fastresnet/fastresnet/internal/argument"
	"github.com/fastresnet/fastresnet/internal/upright"
	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
	"golang.org/x/image/webp"
)

// Formats are those that can be read.
const Formats = "PNG, JPEG, GIF, WebP, BMP or TIFF"

const (
	// MaxPixels is how many pixels a picture may have. While it is decoded a pixel takes 3 or 4 bytes of memory, and
	// up to 24 in rare formats.
	MaxPixels = 25_000_000
	// MaxBytes is how many bytes the file that [Open] reads may have.
	MaxBytes = 100 << 20
)

// What can be wrong with a picture. Every error of [Decode] wraps one of these, or is its context's, or
// says that this is nil.
var (
	// ErrEmpty is returned for no bytes at all.
	ErrEmpty = errors.New("it is empty")
	// ErrFormat is wrapped for what is no picture, or one of another format or kind, however sound.
	ErrFormat = errors.New("it is no picture that can be read")
	// ErrTooLarge is wrapped when a picture has more than [MaxPixels], or would take too long to decode, or its file
	// has too many bytes.
	ErrTooLarge = errors.New("it is too large")
	// ErrBroken is wrapped when the format is known, but the file is cut off or damaged.
	ErrBroken = errors.New("the picture is damaged")
)

// Header is what the beginning of a file says. Width and height are as stored, before any turn.
type Header struct {
	Format        string // "png", "jpeg", "gif", "webp", "bmp" or "tiff"
	Width, Height int
}

// Pixels is their number.
func (h Header) Pixels() int64 { return int64(h.Width) * int64(h.Height) }

// Open reads a file of at most [MaxBytes] and decodes it. Errors are those of [Decode] and of package os.
func Open(ctx context.Context, path string) (image.Image, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err // names it
	}
	if err := checkFile(info, nil); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	img, err := read(ctx, file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return img, nil
}

// ReadHeader reads no more than the size of a picture, so that one too large costs no memory. Its errors are those of
// [Decode].
func ReadHeader(encoded []byte) (h Header, err error) {
	defer guard(&err)
	if len(encoded) == 0 {
		return Header{}, ErrEmpty
	}
	format, err := formatOf(encoded)
	if err != nil {
		return Header{}, err
	}
	config, err := format.decodeConfig(bytes.NewReader(encoded))
	h = Header{Format: format.name, Width: config.Width, Height: config.Height}
	switch {
	case err != nil:
		return h, problem(err)
	case h.Width < 1 || h.Height < 1:
		return h, problem(fmt.Errorf("it has %dx%d pixels", h.Width, h.Height))
	case h.Pixels() > MaxPixels:
		return h, fmt.Errorf("%w: %dx%d pixels, need no more than %d million in all", ErrTooLarge, h.Width, h.Height, MaxPixels/1_000_000)
	}
	return h, nil
}

// Decode decodes a picture, of several frames the first, on its canvas. One whose Exif data say that it is stored on
// its side, as those of cameras and phones do, is turned upright. It ends soon after ctx does, with its error.
func Decode(ctx context.Context, encoded []byte) (img image.Image, err error) {
	if err := argument.Context(ctx); err != nil {
		return nil, err
	}
	defer guard(&err)
	h, err := ReadHeader(encoded)
	if err != nil {
		return nil, err
	}
	format, err := formatOf(encoded)
	if err != nil {
		return nil, err
	}
	orientation := 1
	switch format.name {
	case "jpeg":
		s := readSegments(encoded)
		if int64(s.scans) > maxScans || s.scans > 1 && int64(s.scans)*h.Pixels() > maxScanned {
			return nil, fmt.Errorf("%w: %d scans of %dx%d pixels would take too long", ErrTooLarge, s.scans, h.Width, h.Height)
		}
		orientation = orientationOf(s.exif)
	case "png":
		orientation = orientationOf(bytes.TrimPrefix(chunk(encoded, pngChunks, "eXIf"), []byte(exifHeader)))
	case "tiff":
		if err := checkBlocks(encoded, h); err != nil {
			return nil, err
		}
		orientation = orientationOf(encoded)
	case "webp":
		orientation = orientationOf(bytes.TrimPrefix(chunk(encoded, webpChunks, "EXIF"), []byte(exifHeader)))
	}
	img, err = format.decode(newCancellable(ctx, encoded))
	if ended := ctx.Err(); ended != nil {
		return nil, ended
	}
	if err != nil {
		return nil, problem(err)
	}
	if img.Bounds().Empty() {
		return nil, problem(errors.New("it has no pixels"))
	}
	switch format.name {
	case "gif":
		img = onCanvas(img, image.Rect(0, 0, h.Width, h.Height))
	case "webp":
		img = colours(img)
	}
	return upright.New(img, orientation), nil
}

// guard makes an error of a panic: some decoders were not made for files that are meant to break them.
func guard(err *error) {
	if p := recover(); p != nil {
		*err = problem(fmt.Errorf("reading it panics: %v", p))
	}
}

// cancellable reads a little at a time, until its context ends: what decodes it then ends too.
type cancellable struct {
	ctx context.Context
	r   *bytes.Reader
	// left is how much may still be read by ReadAt. Of sound files, whose parts do not overlap, that is at most all once; a little
	// more is for those in which parts that are the same are one.
	left int64
}

func newCancellable(ctx context.Context, encoded []byte) *cancellable {
	return &cancellable{ctx: ctx, r: bytes.NewReader(encoded), left: 2*int64(len(encoded)) + 1<<20}
}

func (c *cancellable) Read(p []byte) (int, error) {
	const most = 16 << 10
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p[:min(len(p), most)])
}

// ReadAt is what the decoder of TIFF files takes, which goes back and forth.
func (c *cancellable) ReadAt(p []byte, off int64) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := c.r.ReadAt(p, off)
	if c.left -= int64(n); c.left < 0 {
		return 0, fmt.Errorf("%w: it has the same parts again and again, which would take too long", ErrTooLarge)
	}
	return n, err
}

// problem wraps a decoder's error.
func problem(err error) error {
	var noJPEG jpeg.UnsupportedError
	var noPNG png.UnsupportedError
	var noTIFF tiff.UnsupportedError
	switch {
	case errors.Is(err, ErrTooLarge):
		return err
	case errors.As(err, &noPNG) && noPNG == "dimension overflow":
		return fmt.Errorf("%w: more pixels than can be counted", ErrTooLarge)
	case errors.As(err, &noPNG):
		return unsupported("PNG", err)
	case errors.As(err, &noJPEG):
		return unsupported("JPEG", err)
	case errors.As(err, &noTIFF):
		return unsupported("TIFF", err)
	case errors.Is(err, bmp.ErrUnsupported):
		return unsupported("BMP", err)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return fmt.Errorf("%w: its end is missing", ErrBroken)
	}
	return fmt.Errorf("%w: %w", ErrBroken, err)
}

// unsupported is a decoder's error about a sound picture.
func unsupported(format string, err error) error {
	return fmt.Errorf("%w: it is a %s picture of a kind that is not supported: %w", ErrFormat, format, err)
}

// format is one that can be read.
type format struct {
	name, magic  string
	decodeConfig func(io.Reader) (image.Config, error)
	decode       func(io.Reader) (image.Image, error)
}

// formats are told by how their files begin; a ? is any byte.
var formats = []format{
	{"png", "\x89PNG\r\n\x1a\n", png.DecodeConfig, png.Decode},
	{"jpeg", "\xff\xd8\xff", jpeg.DecodeConfig, jpeg.Decode},
	{"gif", "GIF8?a", gif.DecodeConfig, gif.Decode},
	{"webp", "RIFF????WEBP", webp.DecodeConfig, webp.Decode},
	{"tiff", "II*\x00", tiff.DecodeConfig, tiff.Decode},
	{"tiff", "MM\x00*", tiff.DecodeConfig, tiff.Decode},
	{"bmp", "BM????\x00\x00\x00\x00", bmp.DecodeConfig, bmp.Decode},
}

// others are pictures that cannot be read, named for those who have one.
var others = []struct{ magic, name string }{
	{"????ftypavif", "an AVIF picture"}, {"????ftypavis", "an AVIF picture"},
	{"????ftyphei", "a HEIC picture"}, {"????ftyphev", "a HEIC picture"}, {"????ftypmif1", "a HEIC picture"},
	{"????ftyp", "a video"}, {"\xff\x0a", "a JPEG XL picture"}, {"\x00\x00\x00\x0cJXL ", "a JPEG XL picture"},
	{"\x00\x00\x00\x0cjP  ", "a JPEG 2000 picture"}, {"\x00\x00\x01\x00", "an icon"}, {"8BPS", "a Photoshop file"},
	{"%PDF", "a PDF file"}, {"<svg", "an SVG drawing"}, {"<?xml", "an XML file"}, {"<!DOCTYPE", "a web page"}, {"<html", "a web page"},
	{"P?\n", "a Netpbm picture"}, {"qoif", "a QOI picture"},
}

func begins(encoded []byte, magic string) bool {
	if len(encoded) < len(magic) {
		return false
	}
	for i := range len(magic) {
		if magic[i] != '?' && magic[i] != encoded[i] {
			return false
		}
	}
	return true
}

// formatOf tells by its first bytes what a file is.
func formatOf(encoded []byte) (format, error) {
	for _, f := range formats {
		if begins(encoded, f.magic) {
			if f.name == "webp" && animated(encoded) {
				return f, fmt.Errorf("%w: it is an animated WebP picture, need a still one", ErrFormat)
			}
			return f, nil
		}
	}
	for _, o := range others {
		if begins(encoded, o.magic) {
			return format{}, fmt.Errorf("%w: it is %s, need %s", ErrFormat, o.name, Formats)
		}
	}
	return format{}, fmt.Errorf("%w: need %s", ErrFormat, Formats)
}
