package plot

import (
	"image"
	"image/color"
	"image/draw"
	"math"

	xdraw "golang.org/x/image/draw"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	fill "golang.org/x/image/vector"
)

// raster is a canvas as an image of so many pixels to a CSS pixel.
func raster(c *canvas, scale int) *image.RGBA {
	s := float64(scale)
	p := painter{dst: image.NewRGBA(image.Rect(0, 0, int(math.Ceil(c.width*s)), int(math.Ceil(c.height*s)))), scale: s}
	if c.opaque {
		draw.Draw(p.dst, p.dst.Rect, image.NewUniform(c.ground), image.Point{}, draw.Src)
	}
	for _, e := range c.elements {
		switch e := e.(type) {
		case path:
			p.path(e)
		case box:
			p.path(e.path())
		case label:
			p.label(e)
		case bitmap:
			to := image.Rect(int(math.Round(e.x*s)), int(math.Round(e.y*s)), int(math.Round((e.x+e.w)*s)), int(math.Round((e.y+e.h)*s)))
			xdraw.NearestNeighbor.Scale(p.dst, to, e.img, e.img.Bounds(), xdraw.Over, nil)
		}
	}
	return p.dst
}

// painter fills polygons of an image.
type painter struct {
	dst    *image.RGBA
	scale  float64
	buffer sfnt.Buffer
	strip  fill.Rasterizer // of one strip after the other
}

func (p *painter) path(e path) {
	points := make([]point, len(e.points))
	for i, at := range e.points {
		points[i] = point{at.x * p.scale, at.y * p.scale}
	}
	if e.fill.A > 0 {
		p.fill(e.fill, [][]point{points})
	}
	if e.stroke.A == 0 || len(points) == 0 {
		return
	}
	if e.closed {
		points = append(points, points[0])
	}
	var outlines [][]point
	for _, part := range dashed(points, e.dash, p.scale) {
		outlines = append(outlines, outline(part, e.width*p.scale, e.dash == nil)...)
	}
	p.fill(e.stroke, outlines)
}

// dashed are the dashes of a line.
func dashed(points []point, dash []float64, scale float64) [][]point {
	if dash == nil {
		return [][]point{points}
	}
	var parts [][]point
	part, on, left := []point{points[0]}, true, dash[0]*scale
	for i := 1; i < len(points); i++ {
		a, b := points[i-1], points[i]
		for length := math.Hypot(b.x-a.x, b.y-a.y); length > left; length = math.Hypot(b.x-a.x, b.y-a.y) {
			a = point{a.x + (b.x-a.x)*left/length, a.y + (b.y-a.y)*left/length}
			if on {
				parts = append(parts, append(part, a))
				left = dash[1] * scale
			} else {
				left = dash[0] * scale
			}
			part, on = []point{a}, !on
		}
		left -= math.Hypot(b.x-a.x, b.y-a.y)
		part = append(part, b)
	}
	if on {
		parts = append(parts, part)
	}
	return parts
}

// outline is a line of some width as polygons, all of one orientation: one for each piece of it, and discs where they
// meet and, if its ends are round, there.
func outline(points []point, width float64, round bool) [][]point {
	var all [][]point
	r := width / 2
	for i, a := range points {
		if r > 0.4 && (i == 0 || i+1 == len(points)) && round || i > 0 && i+1 < len(points) && bends(points[i-1], a, points[i+1]) {
			all = append(all, rounded(a.x-r, a.y-r, width, width, r))
		}
		if i == 0 {
			continue
		}
		b := points[i-1]
		length := math.Hypot(a.x-b.x, a.y-b.y)
		if length == 0 {
			continue
		}
		x, y := (a.x-b.x)/length*r, (a.y-b.y)/length*r
		all = append(all, []point{{b.x + y, b.y - x}, {a.x + y, a.y - x}, {a.x - y, a.y + x}, {b.x - y, b.y + x}})
	}
	return all
}

// bends reports a corner that would leave a gap between the pieces of a line that meet there.
func bends(from, at, to point) bool {
	x1, y1, x2, y2 := at.x-from.x, at.y-from.y, to.x-at.x, to.y-at.y
	const cosine = 0.98 // of 11 degrees
	return x1*x2+y1*y2 < cosine*math.Hypot(x1, y1)*math.Hypot(x2, y2)
}

// fill fills the union of polygons of one orientation.
func (p *painter) fill(c color.NRGBA, polygons [][]point) {
	var drawing outlineOf
	for _, points := range polygons {
		for i, at := range points {
			if i == 0 {
				drawing.move(at)
			} else {
				drawing.line(at)
			}
		}
	}
	p.outline(c, &drawing)
}

// outlineOf is a shape as pieces of straight lines and curves, in pixels.
type outlineOf struct {
	pieces   []piece
	from, to point // a box around all
}

type piece struct {
	op     sfnt.SegmentOp
	points [3]point
}

func (o *outlineOf) add(op sfnt.SegmentOp, points ...point) {
	if len(o.pieces) == 0 {
		o.from, o.to = points[0], points[0]
	}
	next := piece{op: op}
	for i, at := range points {
		o.from, o.to = point{min(o.from.x, at.x), min(o.from.y, at.y)}, point{max(o.to.x, at.x), max(o.to.y, at.y)}
		next.points[i] = at
	}
	o.pieces = append(o.pieces, next)
}

func (o *outlineOf) move(at point) { o.add(sfnt.SegmentOpMoveTo, at) }
func (o *outlineOf) line(at point) { o.add(sfnt.SegmentOpLineTo, at) }

// outline fills a shape where it is on the image, in strips: what rasterises one has eight bytes for each of its pixels.
func (p *painter) outline(c color.NRGBA, o *outlineOf) {
	if len(o.pieces) == 0 {
		return
	}
	whole := func(v float64) int { return int(min(max(v, -1e6), 1e6)) }
	box := image.Rect(whole(math.Floor(o.from.x)), whole(math.Floor(o.from.y)), whole(math.Ceil(o.to.x))+1, whole(math.Ceil(o.to.y))+1).Intersect(p.dst.Rect)
	if box.Empty() {
		return
	}
	const most = 1 << 20 // pixels of a strip
	rows := max(1, most/box.Dx())
	for top := box.Min.Y; top < box.Max.Y; top += rows {
		p.fillStrip(c, o, image.Rect(box.Min.X, top, box.Max.X, min(top+rows, box.Max.Y)))
	}
}

// fillStrip fills what of a shape is in a rectangle of the image.
func (p *painter) fillStrip(c color.NRGBA, o *outlineOf, box image.Rectangle) {
	r := &p.strip
	r.Reset(box.Dx(), box.Dy())
	at := func(q point) (x, y float32) {
		return float32(q.x) - float32(box.Min.X), float32(q.y) - float32(box.Min.Y)
	}
	for i, next := range o.pieces {
		x, y := at(next.points[0])
		switch next.op {
		case sfnt.SegmentOpMoveTo:
			if i > 0 {
				r.ClosePath()
			}
			r.MoveTo(x, y)
		case sfnt.SegmentOpLineTo:
			r.LineTo(x, y)
		case sfnt.SegmentOpQuadTo:
			toX, toY := at(next.points[1])
			r.QuadTo(x, y, toX, toY)
		case sfnt.SegmentOpCubeTo:
			x2, y2 := at(next.points[1])
			toX, toY := at(next.points[2])
			r.CubeTo(x, y, x2, y2, toX, toY)
		}
	}
	r.ClosePath()
	r.Draw(p.dst, box, image.NewUniform(c), image.Point{})
}

// label draws a text letter by letter, each as a shape.
func (p *painter) label(l label) {
	face := faceOf(l.bold)
	glyphs, width, _ := face.set(&p.buffer, visual(clean(l.text)))
	shift := map[anchor]float64{start: 0, middle: -width / 2, end: -width}[l.anchor]
	sin, cos := math.Sincos(l.turned * math.Pi / 180)
	size, em := l.size*p.scale, float64(face.units())
	for _, g := range glyphs {
		segments, err := face.font.LoadGlyph(&p.buffer, g.index, face.units(), nil)
		if err != nil {
			continue
		}
		place := func(q fixed.Point26_6) point {
			x, y := (g.x+shift+float64(q.X)/em)*size, float64(q.Y)/em*size
			return point{l.x*p.scale + x*cos - y*sin, l.y*p.scale + x*sin + y*cos}
		}
		var shape outlineOf
		for _, s := range segments {
			var points []point
			for _, q := range s.Args[:argumentsOf(s.Op)] {
				points = append(points, place(q))
			}
			shape.add(s.Op, points...)
		}
		p.outline(l.colour, &shape)
	}
}

// argumentsOf is how many points a piece of a shape has.
func argumentsOf(op sfnt.SegmentOp) int {
	switch op {
	case sfnt.SegmentOpQuadTo:
		return 2
	case sfnt.SegmentOpCubeTo:
		return 3
	}
	return 1
}
