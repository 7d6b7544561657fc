package picture_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"image"
	"io/fs"
	"runtime"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet/data/picture"
	"github.com/fastresnet/fastresnet/internal/testpicture"
	"github.com/google/go-cmp/cmp"
)

// read is all that programs do with a picture.
func read(encoded []byte) (picture.Header, image.Image, error) {
	h, err := picture.ReadHeader(encoded)
	if err != nil {
		return h, nil, err
	}
	img, err := picture.Decode(context.Background(), encoded)
	return h, img, err
}

func TestFormats(t *testing.T) {
	tests := map[string][]byte{"webp": testpicture.WebP(t)}
	for _, format := range []string{"png", "jpeg", "gif", "bmp", "tiff"} {
		tests[format] = testpicture.Encode(t, format, testpicture.Image(40, 30))
	}
	for format, encoded := range tests {
		t.Run(format, func(t *testing.T) {
			got, img, err := read(encoded)
			if err != nil {
				t.Fatal(err)
			}
			want := picture.Header{Format: format, Width: 40, Height: 30}
			if format == "webp" {
				want.Width, want.Height = 1, 1
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("header (-want +got):\n%s", diff)
			}
			if size := img.Bounds().Size(); size != image.Pt(want.Width, want.Height) {
				t.Errorf("decoded to %v", size)
			}
		})
	}
}

func TestBad(t *testing.T) {
	jpeg := testpicture.Encode(t, "jpeg", testpicture.Image(40, 30))
	png := testpicture.Encode(t, "png", testpicture.Image(40, 30))
	gif := testpicture.Encode(t, "gif", testpicture.Image(40, 30))
	damaged := bytes.Clone(png)
	damaged[len(damaged)/2] ^= 1
	for _, test := range []struct {
		name    string
		encoded []byte
		want    error
	}{
		{"nothing", nil, picture.ErrEmpty},
		{"text", []byte("<svg xmlns='http://www.w3.org/2000/svg'/>"), picture.ErrFormat},
		{"a signature alone", png[:8], picture.ErrBroken},
		{"PNG cut off in its header", png[:20], picture.ErrBroken},
		{"PNG cut off", png[:len(png)/2], picture.ErrBroken},
		{"PNG with a wrong bit", damaged, picture.ErrBroken},
		{"JPEG cut off", jpeg[:len(jpeg)*3/4], picture.ErrBroken},
		{"TIFF cut off", testpicture.Encode(t, "tiff", testpicture.Image(40, 30))[:60], picture.ErrBroken},
		{"GIF cut off", gif[:len(gif)/2], picture.ErrBroken},
		{"PNG of no pixels", testpicture.PNGClaiming(0, 10), picture.ErrBroken},
		{"GIF of no pixels", testpicture.GIFClaiming(0, 0), picture.ErrBroken},
		{"PNG of too many", testpicture.PNGClaiming(5001, 5000), picture.ErrTooLarge},
		{"PNG of more than can be counted", testpicture.PNGClaiming(1<<31-1, 1<<31-1), picture.ErrTooLarge},
		{"GIF of too many", testpicture.GIFClaiming(65535, 65535), picture.ErrTooLarge},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, _, err := read(test.encoded); !errors.Is(err, test.want) {
				t.Errorf("error %v, want %v", err, test.want)
			}
		})
	}
}

// Decode needs a context, and a picture is not broken for want of one.
func TestDecodeNeedsAContext(t *testing.T) {
	var none context.Context
	_, err := picture.Decode(none, testpicture.Encode(t, "png", testpicture.Image(4, 4)))
	if err == nil || errors.Is(err, picture.ErrBroken) || !strings.Contains(err.Error(), "context is nil") {
		t.Errorf("error %v", err)
	}
}

// TestTooLargeCostsNothing would take half a terabyte.
func TestTooLargeCostsNothing(t *testing.T) {
	bombs := [][]byte{testpicture.PNGClaiming(60_000, 60_000), testpicture.GIFClaiming(65535, 65535)}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for i := range 100 {
		if _, _, err := read(bombs[i%2]); !errors.Is(err, picture.ErrTooLarge) {
			t.Fatalf("error %v", err)
		}
	}
	runtime.ReadMemStats(&after)
	if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 10<<20 {
		t.Errorf("allocated %d bytes", allocated)
	}
}

// TestUpright has the blue corner where each orientation puts it.
func TestUpright(t *testing.T) {
	jpeg := testpicture.Encode(t, "jpeg", testpicture.Image(64, 32)) // the corner is stored at the top on the left
	type corner struct{ right, bottom bool }
	for _, test := range []struct {
		name    string
		encoded []byte
		blue    corner
		wide    bool
	}{
		{name: "no note", encoded: jpeg, wide: true},
		{name: "1", encoded: testpicture.WithOrientation(jpeg, binary.BigEndian, 1), wide: true},
		{name: "2, mirrored", encoded: testpicture.WithOrientation(jpeg, binary.LittleEndian, 2), blue: corner{right: true}, wide: true},
		{name: "3, upside down", encoded: testpicture.WithOrientation(jpeg, binary.BigEndian, 3), blue: corner{true, true}, wide: true},
		{name: "4", encoded: testpicture.WithOrientation(jpeg, binary.BigEndian, 4), blue: corner{bottom: true}, wide: true},
		{name: "5", encoded: testpicture.WithOrientation(jpeg, binary.BigEndian, 5)},
		{name: "6, as phones held upright", encoded: testpicture.WithOrientation(jpeg, binary.LittleEndian, 6), blue: corner{right: true}},
		{name: "7", encoded: testpicture.WithOrientation(jpeg, binary.BigEndian, 7), blue: corner{true, true}},
		{name: "8", encoded: testpicture.WithOrientation(jpeg, binary.BigEndian, 8), blue: corner{bottom: true}},
		{name: "9, which there is not", encoded: testpicture.WithOrientation(jpeg, binary.BigEndian, 9), wide: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, img, err := read(test.encoded)
			if err != nil {
				t.Fatal(err)
			}
			size := img.Bounds().Size()
			if want := map[bool]image.Point{true: {64, 32}, false: {32, 64}}[test.wide]; size != want {
				t.Fatalf("size %v, want %v", size, want)
			}
			for _, c := range []corner{{}, {right: true}, {bottom: true}, {true, true}} {
				x, y := size.X/4, size.Y/4
				if c.right {
					x += size.X / 2
				}
				if c.bottom {
					y += size.Y / 2
				}
				r, _, b, _ := img.At(x, y).RGBA()
				if blue := b > r; blue != (c == test.blue) {
					t.Errorf("at %d,%d: blue is %t", x, y, blue)
				}
			}
		})
	}
}

// FuzzDecode looks for panics, of the notes of cameras above all.
func FuzzDecode(f *testing.F) {
	jpeg := testpicture.Encode(f, "jpeg", testpicture.Image(8, 8))
	f.Add(testpicture.WithOrientation(jpeg, binary.BigEndian, 6))
	f.Add(testpicture.WithOrientation(jpeg, binary.LittleEndian, 3)[:30])
	f.Add(testpicture.Encode(f, "gif", testpicture.Image(8, 8)))
	f.Add(testpicture.Encode(f, "bmp", testpicture.Image(8, 8)))
	f.Add(testpicture.Encode(f, "tiff", testpicture.Image(8, 8)))
	f.Add(testpicture.WebP(f))
	archive, err := zip.OpenReader("testdata/pillow.zip")
	if err != nil {
		f.Fatal(err)
	}
	defer archive.Close()
	for _, kind := range []string{"lossless", "lossless-alpha", "lossy-50", "lossy-alpha-50"} {
		webp, err := fs.ReadFile(archive, kind+"-7x5.webp")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(webp)
	}
	f.Fuzz(func(t *testing.T, encoded []byte) {
		h, err := picture.ReadHeader(encoded)
		if err != nil || h.Pixels() > 1<<16 {
			return
		}
		img, err := picture.Decode(context.Background(), encoded)
		if (img == nil) == (err == nil) {
			t.Errorf("image %v, error %v", img != nil, err)
		}
	})
}
