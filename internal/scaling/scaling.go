// Package scaling makes images of one size from pictures of any size. It is the only way to do so, for sets that are
// read from files and for what a model predicts, so that a model sees both alike.
package scaling

import (
	"errors"
	"fmt"
	"image"
	"math"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/upright"
	"golang.org/x/image/draw"
)

// maxPixels of an image are far more than cameras have. [image.White] and its like have more than there is memory for.
// Scaling takes 64 bytes for each pixel of a side, and 32 for each of a stripe as wide as the image to be made and as high as
// the picture, so that long, thin pictures take more than there is long before.
const (
	maxPixels = 1 << 28
	maxSide   = 1 << 20
	maxStripe = 1 << 23
)

// Append appends a picture as bytes [height, width, channels].
func Append(pixels []uint8, img image.Image, want data.Shape, resizing data.Resizing) ([]uint8, error) {
	if img == nil {
		return nil, errors.New("it is nil")
	}
	b := img.Bounds()
	if b.Dx() <= 0 || b.Dy() <= 0 {
		return nil, fmt.Errorf("it has no pixels, its bounds are %v", b)
	}
	frame := image.Rect(0, 0, want.Width, want.Height)
	kept, to := parts(b, frame, resizing)
	if kept.Dx() > maxPixels/kept.Dy() {
		return nil, fmt.Errorf("%v of it counts, need no more than %d pixels: scale it, or take a part", kept, maxPixels)
	}
	if from, size := kept.Size(), to.Size(); from != size {
		if turned, ok := img.(upright.Image); ok {
			from, size = turned.Part(kept).Size(), turned.Size(size)
		}
		if max(from.X, from.Y) > maxSide || size.X > maxStripe/from.Y {
			return nil, fmt.Errorf("%v of it counts, which is too long: scale it, or take a part", kept)
		}
	}
	switch want.Channels {
	case 1:
		grey := image.NewGray(frame)
		fill(grey, to, img, kept)
		return append(pixels, grey.Pix...), nil
	case 3:
		rgba := image.NewRGBA(frame) // its colours are blended with black already
		fill(rgba, to, img, kept)
		for p := 0; p < len(rgba.Pix); p += 4 {
			pixels = append(pixels, rgba.Pix[p], rgba.Pix[p+1], rgba.Pix[p+2])
		}
		return pixels, nil
	}
	return nil, fmt.Errorf("the images have %d channels, a picture has 1 or 3", want.Channels)
}

// Cut is the share of a picture, which [Append] takes, that is cut off.
func Cut(img image.Image, want data.Shape, resizing data.Resizing) float64 {
	b := img.Bounds()
	kept, _ := parts(b, image.Rect(0, 0, want.Width, want.Height), resizing)
	return 1 - float64(kept.Dx())/float64(b.Dx())*float64(kept.Dy())/float64(b.Dy())
}

// parts are what is kept of a picture, and where in the frame it goes.
func parts(picture, frame image.Rectangle, resizing data.Resizing) (kept, to image.Rectangle) {
	switch resizing {
	case data.ResizeByStretching:
		return picture, frame
	case data.ResizeByPadding:
		return picture, middle(frame, picture.Size())
	}
	return middle(picture, frame.Size()), frame
}

// fill draws what is kept of an image into a part of dst: scaled, or pixel by pixel if it has that size. One that is to
// be turned is scaled first.
func fill(dst draw.Image, to image.Rectangle, img image.Image, kept image.Rectangle) {
	if kept.Size() == to.Size() {
		draw.Draw(dst, to, img, kept.Min, draw.Src)
		return
	}
	turned, ok := img.(upright.Image)
	if !ok {
		draw.CatmullRom.Scale(dst, to, img, kept, draw.Src, nil)
		return
	}
	scaled := image.NewRGBA(image.Rectangle{Max: turned.Size(to.Size())})
	draw.CatmullRom.Scale(scaled, scaled.Rect, turned.Stored, turned.Part(kept), draw.Src, nil)
	draw.Draw(dst, to, upright.New(scaled, turned.Orientation), image.Point{}, draw.Src)
}

// middle is the largest centred part of b with the proportions of size, to the nearest pixel.
func middle(b image.Rectangle, size image.Point) image.Rectangle {
	width := proportional(b.Dy(), size.X, size.Y, b.Dx())
	height := proportional(b.Dx(), size.Y, size.X, b.Dy())
	corner := b.Min.Add(image.Pt((b.Dx()-width)/2, (b.Dy()-height)/2))
	return image.Rectangle{Min: corner, Max: corner.Add(image.Pt(width, height))}
}

// proportional is n * a / b, rounded, from 1 to most. It is computed in floating point, which cannot overflow.
func proportional(n, a, b, most int) int {
	scaled := math.Round(float64(n) * float64(a) / float64(b))
	if scaled >= float64(most) {
		return most
	}
	return max(1, int(scaled))
}
