package picture_test

import (
	"fmt"
	"image"
	"image/color"
	"testing"

	"github.com/fastresnet/fastresnet/data/picture"
	"github.com/fastresnet/fastresnet/internal/testpicture"
)

func TestSheet(t *testing.T) {
	small, wide := testpicture.Image(32, 32), testpicture.Image(300, 20)
	for _, tt := range []struct {
		name     string
		images   []image.Image
		captions []string
		want     image.Point // the sheet's size
	}{
		{"nothing", nil, nil, image.Pt(152, 8)},
		{"one", []image.Image{small}, nil, image.Pt(176, 176)},
		{"with a caption", []image.Image{small}, []string{"a"}, image.Pt(176, 192)},
		{"two rows of captions of two lines", make([]image.Image, 9), []string{"a\nb"}, image.Pt(1160, 360)},
		{"a wide one and none", []image.Image{wide, nil, small}, []string{"é", "a caption that is much too long for its place"}, image.Pt(848, 61)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := picture.Sheet(tt.images, tt.captions).Rect.Size(); got != tt.want {
				t.Errorf("%v, want %v", got, tt.want)
			}
		})
	}
	// The image is in its place, enlarged pixel by pixel, and there is something in that of its caption.
	sheet := picture.Sheet([]image.Image{small}, []string{"caption"})
	blue, red := color.RGBA{B: 255, A: 255}, color.RGBA{R: 255, A: 255}
	for p, want := range map[image.Point]color.RGBA{{8, 8}: blue, {87, 87}: blue, {88, 87}: red, {167, 167}: red, {7, 7}: {255, 255, 255, 255}, {168, 100}: {255, 255, 255, 255}} {
		if got := sheet.RGBAAt(p.X, p.Y); got != want {
			t.Errorf("at %v: %v, want %v", p, got, want)
		}
	}
	dark := 0
	for y := 168; y < 190; y++ {
		for x := range 176 {
			if sheet.RGBAAt(x, y).R < 100 {
				dark++
			}
		}
	}
	if dark < 20 {
		t.Errorf("%d pixels of the caption", dark)
	}
}

func ExampleReport() {
	fmt.Print(picture.Report{
		Skipped: []picture.Problem{{Path: "cat/1.jpg", Err: picture.ErrBroken}},
		Ignored: []string{"2.jpg", "notes.txt"},
	})
	// Output:
	// left out: cat/1.jpg: the picture is damaged
	// left out: 2.jpg: it is in no folder of a class
	// not a picture of a class: notes.txt
}
