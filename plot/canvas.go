package plot

import (
	"image"
	"image/color"
	"math"
)

// canvas collects what a figure consists of, from back to front. Lengths are CSS pixels, from the top left corner.
type canvas struct {
	theme
	width, height float64
	opaque        bool   // the ground is painted
	alternative   string // text for those who do not see the figure
	elements      []element
}

// element is a path, a box, a label or a bitmap.
type element interface{}

// point is a place.
type point struct{ x, y float64 }

// path is a line or an area. A colour that is zero draws nothing.
type path struct {
	points []point
	closed bool
	fill   color.NRGBA
	stroke color.NRGBA
	width  float64   // of the stroke
	dash   []float64 // lengths of a dash and of the gap behind it; nil for none
}

// box is a rectangle with round corners, or a disc.
type box struct {
	x, y, w, h, radius float64
	fill, stroke       color.NRGBA
	width              float64 // of the stroke
}

// path is the box's outline.
func (b box) path() path {
	return path{points: rounded(b.x, b.y, b.w, b.h, b.radius), closed: true, fill: b.fill, stroke: b.stroke, width: b.width}
}

// label is a line of text.
type label struct {
	text   string
	x, y   float64 // of the anchor, on the base line
	size   float64
	bold   bool
	colour color.NRGBA
	anchor anchor
	turned float64 // degrees, clockwise about the anchor
}

// anchor is the part of a label that is at its x.
type anchor int

const (
	start anchor = iota
	middle
	end
)

// bitmap is an image, whose pixels are seen as such where it is drawn larger.
type bitmap struct {
	img        image.Image
	x, y, w, h float64
}

func (c *canvas) add(e element) { c.elements = append(c.elements, e) }

// line adds a line through points.
func (c *canvas) line(stroke color.NRGBA, width float64, dash []float64, points ...point) {
	c.add(path{points: points, stroke: stroke, width: width, dash: dash})
}

// box adds a rectangle with round corners.
func (c *canvas) box(x, y, w, h, radius float64, fill, stroke color.NRGBA) {
	c.add(box{x, y, w, h, radius, fill, stroke, 1})
}

// disc adds a disc.
func (c *canvas) disc(at point, radius float64, fill, stroke color.NRGBA, width float64) {
	c.add(box{at.x - radius, at.y - radius, 2 * radius, 2 * radius, radius, fill, stroke, width})
}

// text adds a label that is not turned.
func (c *canvas) text(x, y, size float64, colour color.NRGBA, at anchor, text string) {
	c.add(label{text: text, x: x, y: y, size: size, colour: colour, anchor: at})
}

// title adds a bold label.
func (c *canvas) title(x, y float64, text string) {
	c.add(label{text: text, x: x, y: y, size: titleSize, bold: true, colour: c.theme.text})
}

// The sizes of text.
const titleSize, textSize, smallSize = 13, 12, 11

// rounded are the corners of a rectangle, each an arc.
func rounded(x, y, w, h, r float64) []point {
	r = min(r, w/2, h/2)
	if r <= 0 {
		return []point{{x, y}, {x + w, y}, {x + w, y + h}, {x, y + h}}
	}
	const steps = 6 // of an arc
	var points []point
	for corner, centre := range []point{{x + w - r, y + r}, {x + w - r, y + h - r}, {x + r, y + h - r}, {x + r, y + r}} {
		for i := range steps + 1 {
			sin, cos := math.Sincos(math.Pi / 2 * (float64(corner) - 1 + float64(i)/steps))
			points = append(points, point{centre.x + r*cos, centre.y + r*sin})
		}
	}
	return points
}

// crisp moves a coordinate to the middle of a pixel, where a line of one pixel is sharp.
func crisp(v float64) float64 { return math.Floor(v) + 0.5 }
