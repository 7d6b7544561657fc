package plot

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"image/color"
	"image/png"
	"math"
	"strconv"
	"strings"

	"golang.org/x/image/font/sfnt"
)

// mostAlternative is how long the alternative text is at most, in ems.
const mostAlternative = 300

// vector is a canvas as an SVG document.
func vector(c *canvas) []byte {
	var b bytes.Buffer
	w, h := number(c.width), number(c.height)
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%s" height="%s" viewBox="0 0 %s %s" role="img" aria-label="%s" font-family="%s" direction="ltr">`,
		w, h, w, h, escaped(fitted(c.alternative, 1, false, mostAlternative)), fontFamily)
	b.WriteByte('\n')
	if c.opaque {
		fmt.Fprintf(&b, `<path d="M0 0H%sV%sH0Z"%s/>`+"\n", w, h, paint("fill", c.ground))
	}
	for _, e := range c.elements {
		switch e := e.(type) {
		case path:
			e.svg(&b)
		case box:
			e.svg(&b)
		case label:
			e.svg(&b)
		case bitmap:
			e.svg(&b)
		}
		b.WriteByte('\n')
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

func (p path) svg(b *bytes.Buffer) {
	b.WriteString(`<path d="`)
	for i, at := range p.points {
		b.WriteByte("ML"[min(i, 1)])
		b.WriteString(number(at.x) + " " + number(at.y))
	}
	if p.closed {
		b.WriteByte('Z')
	}
	b.WriteByte('"')
	b.WriteString(filled(p.fill))
	if p.stroke.A > 0 {
		fmt.Fprintf(b, `%s stroke-width="%s" stroke-linejoin="round"`, paint("stroke", p.stroke), number(p.width))
		if !p.closed && p.dash == nil {
			b.WriteString(` stroke-linecap="round"`)
		}
		if p.dash != nil {
			fmt.Fprintf(b, ` stroke-dasharray="%s %s"`, number(p.dash[0]), number(p.dash[1]))
		}
	}
	b.WriteString("/>")
}

func (r box) svg(b *bytes.Buffer) {
	fmt.Fprintf(b, `<rect x="%s" y="%s" width="%s" height="%s"`, number(r.x), number(r.y), number(r.w), number(r.h))
	if r.radius > 0 {
		fmt.Fprintf(b, ` rx="%s"`, number(min(r.radius, r.w/2, r.h/2)))
	}
	b.WriteString(filled(r.fill))
	if r.stroke.A > 0 {
		fmt.Fprintf(b, `%s stroke-width="%s"`, paint("stroke", r.stroke), number(r.width))
	}
	b.WriteString("/>")
}

func (l label) svg(b *bytes.Buffer) {
	text := clean(l.text)
	fmt.Fprintf(b, `<text x="%s" y="%s" font-size="%s"%s`, number(l.x), number(l.y), number(l.size), paint("fill", l.colour))
	if l.bold {
		b.WriteString(` font-weight="700"`)
	}
	if l.anchor != start {
		fmt.Fprintf(b, ` text-anchor="%s"`, [...]string{middle: "middle", end: "end"}[l.anchor])
	}
	if l.turned != 0 {
		fmt.Fprintf(b, ` transform="rotate(%s %s %s)"`, number(l.turned), number(l.x), number(l.y))
	}
	// Where another font stands in, the text keeps the width that it was laid out for.
	if _, width, complete := faceOf(l.bold).set(&sfnt.Buffer{}, text); complete && width > 0 {
		fmt.Fprintf(b, ` textLength="%s" lengthAdjust="spacingAndGlyphs"`, number(width*l.size))
	}
	b.WriteString(">" + escaped(text) + "</text>")
}

func (m bitmap) svg(b *bytes.Buffer) {
	var encoded bytes.Buffer
	if err := png.Encode(&encoded, m.img); err != nil {
		return // an image without pixels
	}
	fmt.Fprintf(b, `<image x="%s" y="%s" width="%s" height="%s" preserveAspectRatio="none" style="image-rendering:pixelated" href="data:image/png;base64,%s"/>`,
		number(m.x), number(m.y), number(m.w), number(m.h), base64.StdEncoding.EncodeToString(encoded.Bytes()))
}

// filled is the attribute of what is inside.
func filled(c color.NRGBA) string {
	if c.A == 0 {
		return ` fill="none"`
	}
	return paint("fill", c)
}

// number is a length with two decimals at most.
func number(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "0"
	}
	s := strconv.FormatFloat(v, 'f', 2, 64)
	s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	if s == "-0" {
		return "0"
	}
	return s
}

// paint is an attribute for a colour, and one for its opacity if it has one.
func paint(attribute string, c color.NRGBA) string {
	s := fmt.Sprintf(` %s="#%02x%02x%02x"`, attribute, c.R, c.G, c.B)
	if c.A < 0xff {
		s += fmt.Sprintf(` %s-opacity="%s"`, attribute, number(float64(c.A)/0xff))
	}
	return s
}

// escaped is text as a document has it, between tags and in attributes.
func escaped(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // which fails only where writing does
	return b.String()
}
