package plot

import (
	"image/color"
	"math"
)

// panel is a pair of axes with a title above, in a rectangle of a canvas.
type panel struct {
	*canvas
	x, y                     axis
	left, top, right, bottom float64 // of what is between the axes
}

const (
	titleHeight = 26 // of a panel's title
	footHeight  = 38 // of what is below the axis of x: its numbers and its label
)

// newPanel draws axes into a rectangle.
func newPanel(c *canvas, left, top, right, bottom float64, title, below string, x, y axis) panel {
	return newPanelWithRoom(c, left, top, right, bottom, title, below, x, y, y.widest())
}

// widest is the width of the widest of an axis's numbers.
func (a axis) widest() (width float64) {
	for _, t := range a.ticks {
		width = max(width, widthOf(t.label, smallSize, false))
	}
	return width
}

// newPanelWithRoom is newPanel with room for numbers of a width beside the axis of y.
func newPanelWithRoom(c *canvas, left, top, right, bottom float64, title, below string, x, y axis, room float64) panel {
	p := panel{
		canvas: c, x: x, y: y, left: left + math.Ceil(room) + 8, top: top + titleHeight, right: right - 8, bottom: bottom - footHeight,
	}
	if title != "" {
		c.title(left, top+14, fitted(title, titleSize, true, right-left))
	}

	for _, t := range y.ticks {
		if at := p.yOf(t.at); t.label != "" {
			c.line(c.grid, 1, nil, point{p.left, crisp(at)}, point{p.right, crisp(at)})
			c.text(p.left-6, at+4, smallSize, c.muted, end, t.label)
		}
	}
	c.line(c.theme.axis, 1, nil, point{p.left, crisp(p.bottom)}, point{p.right, crisp(p.bottom)})
	for _, t := range x.spaced(p.right - p.left) {
		at, length := crisp(p.xOf(t.at)), 3.
		if t.label != "" {
			length = 5
		}
		c.line(c.theme.axis, 1, nil, point{at, crisp(p.bottom)}, point{at, crisp(p.bottom) + length})
		if t.label != "" {
			c.text(at, p.bottom+18, smallSize, c.muted, middle, t.label)
		}
	}
	if below != "" {
		c.text((p.left+p.right)/2, p.bottom+34, smallSize, c.muted, middle, below)
	}
	return p
}

func (p panel) xOf(v float64) float64 { return p.left + p.x.share(v)*(p.right-p.left) }
func (p panel) yOf(v float64) float64 { return p.bottom - p.y.share(v)*(p.bottom-p.top) }

// place is where a pair of values is drawn.
func (p panel) place(at point) point { return point{p.xOf(at.x), p.yOf(at.y)} }

// curve draws lines through points, broken where a value is not finite. A point alone is a dot.
func (p panel) curve(stroke color.NRGBA, width float64, dash []float64, points []point) {
	for _, part := range finite(points) {
		var places []point
		for _, at := range part {
			places = append(places, p.place(at))
		}
		if len(places) == 1 {
			p.disc(places[0], width+1, stroke, color.NRGBA{}, 0)
			continue
		}
		p.line(stroke, width, dash, places...)
	}
}

// finite are the runs of points whose values are finite.
func finite(points []point) (parts [][]point) {
	var part []point
	for _, at := range points {
		if isFinite(at.y) && isFinite(at.x) {
			part = append(part, at)
			continue
		}
		if len(part) > 0 {
			parts = append(parts, part)
		}
		part = nil
	}
	if len(part) > 0 {
		parts = append(parts, part)
	}
	return parts
}

func isFinite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// entry is a line of a legend.
type entry struct {
	name   string
	colour color.NRGBA
	dash   []float64
	band   bool // a line on a band
	dot    bool // a dot in place of a line
	square bool // a square in place of a line
}

// legend draws entries side by side, in as many rows as they need, and returns the height of these.
func legend(c *canvas, top float64, entries []entry) (height float64) {
	const sample, gap, row = 22, 18, 18
	x, y := 0., top
	for _, e := range entries {
		name := fitted(e.name, textSize, false, c.width-2*margin-sample)
		width := sample + widthOf(name, textSize, false)
		if x > 0 && x+width > c.width-2*margin {
			x, y = 0, y+row
		}
		from, to := point{margin + x, y + row/2}, point{margin + x + sample - 6, y + row/2}
		switch {
		case e.dot:
			c.disc(point{(from.x + to.x) / 2, from.y}, 3.5, e.colour, color.NRGBA{}, 0)
		case e.square:
			c.box(from.x+3, from.y-5, 10, 10, 2, e.colour, color.NRGBA{})
		default:
			if e.band {
				c.box(from.x, from.y-5, to.x-from.x, 10, 0, faded(e.colour, bandOpacity), color.NRGBA{})
			}
			c.line(e.colour, 2, e.dash, from, to)
		}
		c.text(margin+x+sample, y+row/2+4, textSize, c.theme.text, start, name)
		x += width + gap
	}
	return y + row - top
}

const (
	margin      = 12   // around all
	bandOpacity = 0.22 // of the band around a line
)
