package main

import (
	"image"
	"image/color"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/google/go-cmp/cmp"
)

// fixture is two images of 4x4 pixels, of which the second is taken for the first's class.
func fixture(t *testing.T) (*data.Dataset, []fastresnet.Prediction) {
	t.Helper()
	const size = 4 * 4 * 3
	pixels := make([]uint8, 2*size)
	for i := range size {
		pixels[size+i] = 255
	}
	set, err := data.New(pixels, data.Shape{Height: 4, Width: 4, Channels: 3}, []int{0, 1}, []string{"night", "day"})
	if err != nil {
		t.Fatal(err)
	}
	return set, []fastresnet.Prediction{
		{Class: 0, Label: "night", Probability: 0.987},
		{Class: 0, Label: "night", Probability: 0.5},
	}
}

func TestTable(t *testing.T) {
	set, predictions := fixture(t)
	want := `image  true       predicted  probability
    0  night      night           98.7 %
    1  day        night           50.0 %  wrong
`
	if diff := cmp.Diff(want, table(set, predictions)); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
}

var escape = regexp.MustCompile("\x1b\\[[0-9;]*m")

func TestGallery(t *testing.T) {
	set, predictions := fixture(t)
	for _, test := range []struct {
		name          string
		columns, rows int
		want          string
	}{
		{"images in their own size", 200, 50, `▀▀▀▀                ▀▀▀▀
▀▀▀▀                ▀▀▀▀
night               night
98.7 % ✓            50.0 % ✗ day

`},
		{"half of it where there are few rows", 200, 4, `▀▀                  ▀▀
night               night
98.7 % ✓            50.0 % ✗ day

`},
		{"one below the other where there are few columns", 37, 4, `▀▀
night
98.7 % ✓

▀▀
night
50.0 % ✗ day

`},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := escape.ReplaceAllString(gallery(set, predictions, test.columns, test.rows), "")
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("gallery (-want +got):\n%s", diff)
			}
		})
	}
}

func TestGalleryFits(t *testing.T) {
	set, err := data.Synthetic(8, 3)
	if err != nil {
		t.Fatal(err)
	}
	predictions := make([]fastresnet.Prediction, set.Len())
	for i := range predictions {
		predictions[i] = fastresnet.Prediction{Class: 6, Label: "horizontal stripes", Probability: 1}
	}
	for _, columns := range []int{36, 80, 100, 133, 134, 160, 300} {
		for line := range strings.Lines(escape.ReplaceAllString(gallery(set, predictions, columns, 60), "")) {
			if n := utf8.RuneCountInString(strings.TrimSpace(line)); n > columns {
				t.Errorf("a line of %d columns for a terminal of %d: %q", n, columns, line)
			}
		}
	}
}

func TestHalfBlocks(t *testing.T) {
	img := image.NewNRGBA(image.Rect(0, 0, 2, 4))
	for y, c := range []color.NRGBA{{255, 0, 0, 255}, {0, 255, 0, 255}, {0, 0, 100, 255}, {0, 0, 200, 255}} {
		img.Set(0, y, c)
		img.Set(1, y, c)
	}
	const red, green = "\x1b[38;2;255;0;0m", "\x1b[48;2;0;255;0m"
	if got, want := halfBlocks(img, 0, 1), red+green+"▀"+red+green+"▀\x1b[0m"; got != want {
		t.Errorf("own size: %q, want %q", got, want)
	}
	// Each pixel of the half-size image is the mean of four.
	if got, want := halfBlocks(img, 0, 2), "\x1b[38;2;127;127;0m\x1b[48;2;0;0;150m▀\x1b[0m"; got != want {
		t.Errorf("half size: %q, want %q", got, want)
	}
}
