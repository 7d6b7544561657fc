// Package upright turns images without copying them: package data/picture makes such images of photographs that a
// camera stored on their side, and the scaling of a model knows them, because turning the few pixels that are left is
// faster.
package upright

import (
	"image"
	"image/color"
)

// Image is an image in another orientation than it is stored in.
type Image struct {
	// Stored is what is turned.
	Stored image.Image
	// Orientation is how, 2 to 8, as in Exif 2.3, 4.6.4.
	Orientation int
}

// New is img, turned from an orientation of 1 (as it is) to 8.
func New(img image.Image, orientation int) image.Image {
	if orientation == 1 {
		return img
	}
	return Image{img, orientation}
}

// swaps says that rows are columns.
func (i Image) swaps() bool { return i.Orientation >= 5 }

// Size is a size as it is before the turn, or after it.
func (i Image) Size(size image.Point) image.Point {
	if i.swaps() {
		size.X, size.Y = size.Y, size.X
	}
	return size
}

// ColorModel implements [image.Image].
func (i Image) ColorModel() color.Model { return i.Stored.ColorModel() }

// Bounds implements [image.Image]. They begin at 0, 0.
func (i Image) Bounds() image.Rectangle {
	return image.Rectangle{Max: i.Size(i.Stored.Bounds().Size())}
}

// At implements [image.Image].
func (i Image) At(x, y int) color.Color {
	p := i.stored(image.Pt(x, y))
	return i.Stored.At(p.X, p.Y)
}

// stored is where a pixel is stored.
func (i Image) stored(p image.Point) image.Point {
	b := i.Stored.Bounds()
	right, bottom := b.Dx()-1, b.Dy()-1
	switch i.Orientation {
	case 2: // mirrored
		p = image.Pt(right-p.X, p.Y)
	case 3: // upside down
		p = image.Pt(right-p.X, bottom-p.Y)
	case 4:
		p = image.Pt(p.X, bottom-p.Y)
	case 5:
		p = image.Pt(p.Y, p.X)
	case 6: // its top is on the right
		p = image.Pt(p.Y, bottom-p.X)
	case 7:
		p = image.Pt(right-p.Y, bottom-p.X)
	case 8: // its top is on the left
		p = image.Pt(right-p.Y, p.X)
	}
	return p.Add(b.Min)
}

// Part is where a part of the image that is not empty is stored.
func (i Image) Part(r image.Rectangle) image.Rectangle {
	first, last := i.stored(r.Min), i.stored(r.Max.Sub(image.Pt(1, 1)))
	return image.Rectangle{
		Min: image.Pt(min(first.X, last.X), min(first.Y, last.Y)),
		Max: image.Pt(max(first.X, last.X)+1, max(first.Y, last.Y)+1),
	}
}
