package scaling_test

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/scaling"
	"github.com/fastresnet/fastresnet/internal/upright"
	"github.com/google/go-cmp/cmp"
)

var (
	colour4 = data.Shape{Height: 4, Width: 4, Channels: 3}
	grey4   = data.Shape{Height: 4, Width: 4, Channels: 1}
	grey2x4 = data.Shape{Height: 2, Width: 4, Channels: 1}
)

// drawn is an image that holds nothing: its pixels are computed.
type drawn struct {
	bounds image.Rectangle
	at     func(x, y int) color.Color
}

func (d drawn) ColorModel() color.Model { return color.NRGBAModel }
func (d drawn) Bounds() image.Rectangle { return d.bounds }
func (d drawn) At(x, y int) color.Color { return d.at(x, y) }
func constant(c color.Color) func(x, y int) color.Color {
	return func(int, int) color.Color { return c }
}

// column is grey with a shade for each column.
func column(x, _ int) color.Color { return color.Gray{Y: uint8(x)} }

// row is the same for rows.
func row(_, y int) color.Color { return color.Gray{Y: uint8(y)} }

func pixels(t *testing.T, img image.Image, shape data.Shape) []uint8 {
	t.Helper()
	got, err := scaling.Append(nil, img, shape, data.ResizeByCropping)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != shape.Size() {
		t.Fatalf("%d bytes, want %d", len(got), shape.Size())
	}
	return got
}

// noise fills an image's bytes; those of colours that are blended with their alpha cannot be over it.
func noise(img image.Image) image.Image {
	rng := rand.New(rand.NewPCG(1, 2))
	fill := func(pix []uint8) {
		for i := range pix {
			pix[i] = uint8(rng.UintN(256))
		}
	}
	switch img := img.(type) {
	case *image.Gray:
		fill(img.Pix)
	case *image.Gray16:
		fill(img.Pix)
	case *image.NRGBA:
		fill(img.Pix)
	case *image.NRGBA64:
		fill(img.Pix)
	case *image.RGBA:
		fill(img.Pix)
		for p := 0; p < len(img.Pix); p += 4 {
			slices.Sort(img.Pix[p : p+4])
		}
	case *image.CMYK:
		fill(img.Pix)
	case *image.Paletted:
		fill(img.Pix)
		for p := range img.Pix {
			img.Pix[p] %= uint8(len(img.Palette))
		}
	case *image.YCbCr:
		fill(img.Y)
		fill(img.Cb)
		fill(img.Cr)
	}
	return img
}

// An image of the size wanted keeps its pixels to the bit, whatever it is and wherever its corner is.
func TestPixelsOfTheRightSizeAreUntouched(t *testing.T) {
	const w, h = 40, 24
	bounds := image.Rect(-7, 5, w+3, h+20)
	for _, img := range []interface {
		image.Image
		SubImage(image.Rectangle) image.Image
	}{
		image.NewGray(bounds), image.NewGray16(bounds), image.NewNRGBA(bounds), image.NewNRGBA64(bounds), image.NewRGBA(bounds),
		image.NewCMYK(bounds), image.NewPaletted(bounds, color.Palette{color.Black, color.NRGBA{R: 250, G: 100, B: 3, A: 77}}),
		image.NewYCbCr(bounds, image.YCbCrSubsampleRatio420), image.NewYCbCr(bounds, image.YCbCrSubsampleRatio410),
	} {
		kind := fmt.Sprintf("%T", noise(img))
		part := image.Rect(-3, 9, w-3, h+9)
		for what, img := range map[string]image.Image{"": img.SubImage(part), ", drawn": drawn{part, img.At}} {
			t.Run(kind+what, func(t *testing.T) {
				var colours, greys []uint8
				for y := part.Min.Y; y < part.Max.Y; y++ {
					for x := part.Min.X; x < part.Max.X; x++ {
						r, g, b, _ := img.At(x, y).RGBA()
						colours = append(colours, uint8(r>>8), uint8(g>>8), uint8(b>>8))
						greys = append(greys, color.GrayModel.Convert(img.At(x, y)).(color.Gray).Y)
					}
				}
				if diff := cmp.Diff(colours, pixels(t, img, data.Shape{Height: h, Width: w, Channels: 3})); diff != "" {
					t.Errorf("3 channels (-At +got):\n%s", diff)
				}
				if diff := cmp.Diff(greys, pixels(t, img, data.Shape{Height: h, Width: w, Channels: 1})); diff != "" {
					t.Errorf("1 channel (-At +got):\n%s", diff)
				}
			})
		}
	}
}

func TestPixelsOfOtherSizes(t *testing.T) {
	halves := func(x, _ int) color.Color {
		if x < 8 {
			return color.Gray{Y: 10}
		}
		return color.Gray{Y: 200}
	}
	for _, tt := range []struct {
		name  string
		img   image.Image
		shape data.Shape
		want  []uint8
	}{
		// Cropping alone.
		{"wide", drawn{image.Rect(0, 0, 8, 4), column}, grey4, slices.Repeat([]uint8{2, 3, 4, 5}, 4)},
		{"wide by an odd number", drawn{image.Rect(0, 0, 7, 4), column}, grey4, slices.Repeat([]uint8{1, 2, 3, 4}, 4)},
		{"high", drawn{image.Rect(0, 0, 4, 8), row}, grey4, []uint8{2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5}},
		{"corner elsewhere", drawn{image.Rect(20, -3, 30, 1), column}, grey4, slices.Repeat([]uint8{23, 24, 25, 26}, 4)},
		{"square for a wide model", drawn{image.Rect(0, 0, 4, 4), row}, grey2x4, []uint8{1, 1, 1, 1, 2, 2, 2, 2}},
		{"wide for a wide model", drawn{image.Rect(0, 0, 8, 2), column}, grey2x4, slices.Repeat([]uint8{2, 3, 4, 5}, 2)},
		// What is cropped away does not show: only the edge in the middle does.
		{"halves", drawn{image.Rect(0, 0, 16, 4), halves}, grey4, slices.Repeat([]uint8{10, 10, 200, 200}, 4)},
		{"right half", drawn{image.Rect(8, 0, 16, 8), halves}, grey4, slices.Repeat([]uint8{200}, 16)},
		// Scaling: of a constant, it is that.
		{"one pixel", drawn{image.Rect(3, 3, 4, 4), constant(color.Gray{Y: 123})}, grey4, slices.Repeat([]uint8{123}, 16)},
		{"1 wide", drawn{image.Rect(0, 0, 1, 500), row}, grey4, slices.Repeat([]uint8{uint8(499 / 2)}, 16)},
		{"1 high", drawn{image.Rect(0, 0, 500, 1), column}, grey4, slices.Repeat([]uint8{uint8(499 / 2)}, 16)},
		{"1 wide for a wide model", drawn{image.Rect(0, 0, 1, 3), constant(color.White)}, grey2x4, slices.Repeat([]uint8{255}, 8)},
		{"larger", drawn{image.Rect(0, 0, 50, 30), constant(color.NRGBA{R: 1, G: 128, B: 255, A: 255})}, colour4,
			slices.Repeat([]uint8{1, 128, 255}, 16)},
		{"smaller", drawn{image.Rect(0, 0, 3, 2), constant(color.NRGBA{R: 1, G: 128, B: 255, A: 255})}, colour4,
			slices.Repeat([]uint8{1, 128, 255}, 16)},
		{"half transparent", drawn{image.Rect(0, 0, 9, 9), constant(color.NRGBA{R: 255, A: 0x80})}, colour4,
			slices.Repeat([]uint8{0x80, 0, 0}, 16)},
		{"transparent", drawn{image.Rect(0, 0, 9, 9), constant(color.NRGBA{R: 255, G: 255, B: 255})}, colour4,
			make([]uint8, 48)},
		{"colours for a grey model", drawn{image.Rect(0, 0, 9, 9), constant(color.NRGBA{R: 255, A: 255})}, grey4,
			slices.Repeat([]uint8{76}, 16)}, // 0.299 of 255
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, pixels(t, tt.img, tt.shape)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestResizing(t *testing.T) {
	wide, high := drawn{image.Rect(0, 0, 8, 4), column}, drawn{image.Rect(0, 0, 4, 8), row}
	for _, tt := range []struct {
		name     string
		img      image.Image
		resizing data.Resizing
		want     []uint8
	}{
		{"wide, cropped", wide, data.ResizeByCropping, slices.Repeat([]uint8{2, 3, 4, 5}, 4)},
		{"high, cropped", high, data.ResizeByCropping, []uint8{2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5}},
		// Two columns or rows become one: 0 and 1 the shade 0, as draw rounds down, and so on.
		{"wide, stretched", wide, data.ResizeByStretching, slices.Repeat([]uint8{0, 2, 4, 6}, 4)},
		{"high, stretched", high, data.ResizeByStretching, []uint8{0, 0, 0, 0, 2, 2, 2, 2, 4, 4, 4, 4, 6, 6, 6, 6}},
		{"wide, padded", wide, data.ResizeByPadding, []uint8{0, 0, 0, 0, 0, 2, 4, 6, 0, 2, 4, 6, 0, 0, 0, 0}},
		{"high, padded", high, data.ResizeByPadding, []uint8{0, 0, 0, 0, 0, 2, 2, 0, 0, 4, 4, 0, 0, 6, 6, 0}},
		{"of the size, padded", drawn{image.Rect(1, 1, 5, 5), column}, data.ResizeByPadding, slices.Repeat([]uint8{1, 2, 3, 4}, 4)},
		{"a line, padded", drawn{image.Rect(0, 0, 400, 1), constant(color.White)}, data.ResizeByPadding,
			slices.Concat(make([]uint8, 4), slices.Repeat([]uint8{255}, 4), make([]uint8, 8))},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := scaling.Append([]uint8{99}, tt.img, grey4, tt.resizing)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(append([]uint8{99}, tt.want...), got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Pillow's bicubic filter is the same kernel, wider for shrinking too. It rounds to bytes between rows and columns, and
// to the nearest byte where draw rounds down.
func TestPixelsAreThoseOfPillow(t *testing.T) {
	const tolerance = 1
	load := func(name string) image.Image {
		file, err := os.Open(filepath.Join("..", "golden", "testdata", "resize", name))
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		img, err := png.Decode(file)
		if err != nil {
			t.Fatal(err)
		}
		return img
	}
	source := load("source.png")
	for _, name := range []string{"32x32.png", "8x8.png", "64x96.png"} {
		t.Run(name, func(t *testing.T) {
			want := load(name)
			shape := data.Shape{Height: want.Bounds().Dy(), Width: want.Bounds().Dx(), Channels: 3}
			wantPixels := pixels(t, want, shape)
			worst := 0
			for i, got := range pixels(t, source, shape) {
				worst = max(worst, int(got)-int(wantPixels[i]), int(wantPixels[i])-int(got))
			}
			if worst > tolerance {
				t.Errorf("a byte differs by %d from Pillow's, want at most %d", worst, tolerance)
			}
		})
	}
}

// Of an image with one huge side only the middle is touched.
func TestPixelsOfAHugeImage(t *testing.T) {
	for _, bounds := range []image.Rectangle{
		image.Rect(0, 0, 1<<30, 5), image.Rect(0, 0, 5, 1<<30), image.Rect(0, 0, 4, 1<<31-1), image.Rect(-1<<30, 0, 1<<30-1, 5),
	} {
		t.Run(bounds.String(), func(t *testing.T) {
			var seen image.Rectangle
			img := drawn{bounds, func(x, y int) color.Color {
				seen = seen.Union(image.Rect(x, y, x+1, y+1))
				return color.White
			}}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			got := pixels(t, img, grey4)
			runtime.ReadMemStats(&after)
			if diff := cmp.Diff(slices.Repeat([]uint8{255}, 16), got); diff != "" {
				t.Errorf("pixels (-want +got):\n%s", diff)
			}
			if bytes := after.TotalAlloc - before.TotalAlloc; seen.Dx() > 5 || seen.Dy() > 5 || bytes > 1<<20 {
				t.Errorf("%v of it was looked at and %d bytes allocated", seen, bytes)
			}
		})
	}
}

// Scaling long, thin pictures would take gigabytes, unless their middle alone counts. Panoramas are no trouble.
func TestPixelsOfThinPictures(t *testing.T) {
	shape := data.Shape{Height: 32, Width: 32, Channels: 1}
	wide := data.Shape{Height: 32, Width: 512, Channels: 1}
	for _, tt := range []struct {
		width, height int
		turned        bool
		shape         data.Shape
		want          bool // whether it is taken other than cropped
	}{
		{1, 25_000_000, false, shape, false},
		{25_000_000, 1, false, shape, false},
		{1, 1_000_000, false, shape, false}, // 1 GB
		{1_000_000, 1, false, shape, true},
		{1, 1_000_000, true, shape, true},
		{1_000_000, 1, true, shape, false},
		{2, 40_000, false, wide, false},
		{40_000, 3, false, wide, true},
	} {
		t.Run(fmt.Sprintf("%dx%d to %v, turned %t", tt.width, tt.height, tt.shape, tt.turned), func(t *testing.T) {
			var img image.Image = image.NewGray(image.Rect(0, 0, tt.width, tt.height))
			if tt.turned {
				img = upright.New(image.NewGray(image.Rect(0, 0, tt.height, tt.width)), 6)
			}
			for _, resizing := range []data.Resizing{data.ResizeByCropping, data.ResizeByStretching} {
				_, err := scaling.Append(nil, img, tt.shape, resizing)
				if want := tt.want || resizing == data.ResizeByCropping; (err == nil) != want {
					t.Errorf("resizing %q: error %v, want %t that there is none", resizing, err, want)
				}
			}
		})
	}
}

func TestPixelsRefusesWhatHasNone(t *testing.T) {
	for name, tt := range map[string]struct {
		img   image.Image
		shape data.Shape
	}{
		"nil":                       {nil, colour4},
		"empty":                     {image.NewRGBA(image.Rectangle{}), colour4},
		"no height":                 {image.NewRGBA(image.Rect(0, 0, 4, 0)), colour4},
		"bounds backward":           {drawn{image.Rectangle{Min: image.Pt(4, 4)}, constant(color.White)}, colour4},
		"more than memory":          {image.White, colour4},
		"more than memory, in grey": {drawn{image.Rect(0, 0, 1<<15, 1<<14), constant(color.White)}, data.Shape{Height: 16, Width: 32, Channels: 1}},
		"2 channels":                {image.NewRGBA(image.Rect(0, 0, 4, 4)), data.Shape{Height: 4, Width: 4, Channels: 2}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, resizing := range []data.Resizing{data.ResizeByCropping, data.ResizeByStretching, data.ResizeByPadding} {
				if _, err := scaling.Append(nil, tt.img, tt.shape, resizing); err == nil {
					t.Errorf("resizing %q: no error", resizing)
				}
			}
		})
	}
}
