package plot

import (
	"image"
	"image/color"
	"math"
	"testing"

	fill "golang.org/x/image/vector"
)

// A shape of several strips is as one that is filled at once: no seam shows, where the ground shines through either.
func TestStrips(t *testing.T) {
	const width, height = 1500, 1600 // 2.4 million pixels
	colour := color.NRGBA{R: 0xff, A: 0x80}
	var points []point // of a star, whose tips are off the image
	for i := range 5 {
		sin, cos := math.Sincos(0.3 + 4*math.Pi*float64(i)/5)
		points = append(points, point{width/2 + 900*cos, height/2 + 900*sin})
	}
	c := &canvas{width: width, height: height}
	c.add(path{points: points, closed: true, fill: colour})
	got := raster(c, 1)

	want := image.NewRGBA(got.Rect)
	whole := fill.NewRasterizer(width, height)
	for i, at := range points {
		if i == 0 {
			whole.MoveTo(float32(at.x), float32(at.y))
		} else {
			whole.LineTo(float32(at.x), float32(at.y))
		}
	}
	whole.ClosePath()
	whole.Draw(want, want.Rect, image.NewUniform(colour), image.Point{})
	filled := 0
	for i := range want.Pix {
		if off := int(got.Pix[i]) - int(want.Pix[i]); off < -1 || off > 1 {
			t.Fatalf("at %d, %d: %v, want %v", i/4%width, i/4/width, got.Pix[i], want.Pix[i])
		}
		if want.Pix[i] > 0 {
			filled++
		}
	}
	if filled < width*height/4 {
		t.Errorf("%d bytes are not 0, want a star", filled)
	}
}
