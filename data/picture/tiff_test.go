package picture_test

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"errors"
	"image/color"
	"testing"
	"time"

	"github.com/fastresnet/fastresnet/data/picture"
)

// Tags of TIFF files, kinds of compression, and types of numbers.
const (
	imageWidth, imageLength, bitsPerSample, compression, photometric = 256, 257, 258, 259, 262
	stripOffsets, rowsPerStrip, stripByteCounts                      = 273, 278, 279
	tileWidth, tileLength, tileOffsets, tileByteCounts               = 322, 323, 324, 325

	none, deflate, packBits = 1, 8, 32773

	typeByte, typeShort, typeLong = 1, 3, 4
)

// field is an entry of a TIFF file's directory: values of a type.
type field struct {
	tag, kind uint16
	values    []uint32
}

// one is a field of a single LONG.
func one(tag uint16, value uint32) field { return field{tag, typeLong, []uint32{value}} }

// same is a field of one value, over and over.
func same(tag, kind uint16, value uint32, n int) field {
	f := field{tag, kind, make([]uint32, n)}
	for i := range f.values {
		f.values[i] = value
	}
	return f
}

// tiffAt is where the data of a file that tiffOf makes begin.
const tiffAt = 8

// tiffOf is a file of data and the fields of a grey picture of 8 bits a pixel, in the order of their tags.
func tiffOf(width, height uint32, data []byte, compressed uint32, fields ...field) []byte {
	all := append([]field{one(imageWidth, width), one(imageLength, height), one(bitsPerSample, 8), one(compression, compressed), one(photometric, 1)}, fields...)
	order := binary.LittleEndian
	b := append([]byte("II*\x00\x00\x00\x00\x00"), data...)
	directory := order.AppendUint16(nil, uint16(len(all)))
	for _, f := range all {
		var values []byte
		for _, v := range f.values {
			switch f.kind {
			case typeByte:
				values = append(values, byte(v))
			case typeShort:
				values = order.AppendUint16(values, uint16(v))
			default:
				values = order.AppendUint32(values, v)
			}
		}
		directory = order.AppendUint16(directory, f.tag)
		directory = order.AppendUint16(directory, f.kind)
		directory = order.AppendUint32(directory, uint32(len(f.values)))
		if len(values) > 4 {
			directory = order.AppendUint32(directory, uint32(len(b)))
			b = append(b, values...)
		} else {
			directory = append(directory, append(values, 0, 0, 0, 0)[:4]...)
		}
	}
	order.PutUint32(b[4:], uint32(len(b)))
	return append(b, directory...)
}

// deflated are bytes that are compressed.
func deflated(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Small TIFF files whose tiles or strips would take minutes, or gigabytes, are refused at once.
func TestTIFFTimeIsBounded(t *testing.T) {
	zeros := deflated(t, make([]byte, 8<<20))
	empty := deflated(t, []byte{0})
	noOps := append(bytes.Repeat([]byte{0x80}, 1<<20), 0, 7) // and a pixel at last
	const long = picture.MaxPixels                           // the height of a picture that is a pixel wide
	for _, tt := range []struct {
		label   string
		encoded []byte
	}{
		{"tiles far beyond the picture's edge", tiffOf(1, long, zeros, deflate,
			one(tileWidth, 1024), one(tileLength, 1024),
			same(tileOffsets, typeByte, tiffAt, 24_415), same(tileByteCounts, typeShort, uint32(len(zeros)), 24_415))},
		{"a tile's width where a second one follows", tiffOf(1, long, zeros, deflate,
			field{tileWidth, typeLong, []uint32{1024, 1}}, field{tileLength, typeShort, []uint32{1024, 1, 1}},
			same(tileOffsets, typeByte, tiffAt, 24_415), same(tileByteCounts, typeShort, uint32(len(zeros)), 24_415))},
		{"no tile's width, and a strip a row", tiffOf(1, 200_000, empty, deflate,
			one(rowsPerStrip, 1), field{tileWidth, typeLong, nil}, one(tileLength, 1024))},
		{"a strip a row", tiffOf(1, 200_000, empty, deflate,
			same(stripOffsets, typeByte, tiffAt, 200_000), one(rowsPerStrip, 1), same(stripByteCounts, typeByte, uint32(len(empty)), 200_000))},
		{"one tile of gigabytes", tiffOf(1, long, zeros, deflate,
			one(tileWidth, 17), one(tileLength, long), one(tileOffsets, tiffAt), one(tileByteCounts, uint32(len(zeros))))},
		{"strips that all read the same and say nothing", tiffOf(1, 50_000, noOps, packBits,
			same(stripOffsets, typeByte, tiffAt, 50_000), one(rowsPerStrip, 1), same(stripByteCounts, typeLong, uint32(len(noOps)), 50_000))},
	} {
		t.Run(tt.label, func(t *testing.T) {
			start := time.Now()
			if _, err := picture.Decode(context.Background(), tt.encoded); !errors.Is(err, picture.ErrTooLarge) {
				t.Errorf("a file of %d bytes: error %v, want ErrTooLarge", len(tt.encoded), err)
			}
			if took := time.Since(start); took > 10*time.Second { // on a machine that has other things to do
				t.Errorf("refused after %v", took)
			}
		})
	}
}

// Tiles may go beyond the edge, and be stored once if they are the same.
func TestTIFFTiles(t *testing.T) {
	tile := bytes.Repeat([]byte{7}, 16*16)
	for _, tt := range []struct {
		label string
		as    uint32
		data  []byte
	}{
		{"as they are", none, tile},
		{"compressed", deflate, deflated(t, tile)},
	} {
		t.Run(tt.label, func(t *testing.T) {
			img, err := picture.Decode(context.Background(), tiffOf(500, 500, tt.data, tt.as, one(tileWidth, 16), one(tileLength, 16),
				same(tileOffsets, typeLong, tiffAt, 1024), same(tileByteCounts, typeLong, uint32(len(tt.data)), 1024)))
			if err != nil {
				t.Fatal(err)
			}
			if got := color.GrayModel.Convert(img.At(499, 499)); got != (color.Gray{Y: 7}) {
				t.Errorf("the last pixel is %v", got)
			}
		})
	}
}

// Decoding a TIFF file ends with its context.
func TestTIFFEndsWithItsContext(t *testing.T) {
	const side, tiles = 1024, 95
	tile := deflated(t, make([]byte, 8*side*side)) // the decoder takes up to 8 bytes a pixel
	encoded := tiffOf(1, side*tiles, tile, deflate, one(tileWidth, side), one(tileLength, side),
		same(tileOffsets, typeByte, tiffAt, tiles), same(tileByteCounts, typeShort, uint32(len(tile)), tiles))
	ctx := &countdown{Context: context.Background(), left: 10}
	if _, err := picture.Decode(ctx, encoded); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
	if ctx.left < -10 {
		t.Errorf("looked at its context %d times after that had ended", -ctx.left)
	}
}

// countdown is a context that ends when it has been looked at so many times.
type countdown struct {
	context.Context
	left int
}

func (c *countdown) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}
