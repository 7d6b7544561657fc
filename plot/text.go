package plot

import (
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"codeberg.org/go-fonts/liberation/liberationsansbold"
	"codeberg.org/go-fonts/liberation/liberationsansregular"
	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/text/unicode/norm"
)

// fontFamily are the fonts of an SVG: those with the widths of Liberation Sans, which PNG files have, and then any.
const fontFamily = "Liberation Sans,Arial,Helvetica,sans-serif"

// typeface is a font that text is measured and drawn with. It is safe for concurrent use; its buffers are not.
type typeface struct{ font *sfnt.Font }

var typefaces = sync.OnceValue(func() (both [2]typeface) {
	for i, ttf := range [][]byte{liberationsansregular.TTF, liberationsansbold.TTF} {
		f, err := sfnt.Parse(ttf)
		if err != nil {
			panic(err) // the bytes are constant
		}
		both[i] = typeface{f}
	}
	return both
})

func faceOf(bold bool) typeface {
	if bold {
		return typefaces()[1]
	}
	return typefaces()[0]
}

// units is the size of the em in the font's units: glyphs are taken at that size, and scaled afterwards.
func (t typeface) units() fixed.Int26_6 { return fixed.Int26_6(t.font.UnitsPerEm()) << 6 }

// glyph is a letter in its place.
type glyph struct {
	index sfnt.GlyphIndex
	x     float64 // of its origin, in ems
}

// set puts the letters of a text side by side. It returns their width in ems, and whether the font has all of them.
func (t typeface) set(buffer *sfnt.Buffer, text string) (glyphs []glyph, width float64, complete bool) {
	complete = true
	em := float64(t.units())
	last, has := sfnt.GlyphIndex(0), false
	for _, r := range text {
		if unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) {
			complete = false
			continue // takes no room of its own
		}
		index, err := t.font.GlyphIndex(buffer, r)
		if err != nil || index == 0 {
			index, complete = 0, false
		}
		if has {
			if kern, err := t.font.Kern(buffer, last, index, t.units(), font.HintingNone); err == nil {
				width += float64(kern) / em
			}
		}
		glyphs = append(glyphs, glyph{index, width})
		advance, err := t.font.GlyphAdvance(buffer, index, t.units(), font.HintingNone)
		if err != nil {
			continue
		}
		if index == 0 {
			advance = t.units() // as wide as letters of other fonts are at most
		}
		width += float64(advance) / em
		last, has = index, true
	}
	return glyphs, width, complete
}

// widthOf is how wide a text is.
func widthOf(text string, size float64, bold bool) float64 {
	_, width, _ := faceOf(bold).set(&sfnt.Buffer{}, text)
	return width * size
}

// clean is a text that can stand in an SVG and on one line: control characters, and what is not UTF-8, are replaced, and
// what would change the direction of the text around it is left out. Letters and the marks on them are one where Unicode has
// that: macOS takes them apart in the names of files.
func clean(text string) string {
	return norm.NFC.String(strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == 0x2028 || r == 0x2029:
			return ' '
		case unicode.IsControl(r) || r == 0xfffe || r == 0xffff:
			return utf8.RuneError
		case r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0x200e || r == 0x200f:
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, string(utf8.RuneError))))
}

// fitted is a text cut so that it is no wider than room, with an ellipsis if it was.
func fitted(text string, size float64, bold bool, room float64) string {
	text = clean(text)
	const most = 1000 // letters, whatever room there is
	runes := []rune(text)
	if len(runes) <= most && widthOf(text, size, bold) <= room {
		return text
	}
	fit, tooMany := 0, min(len(runes), most)+1
	for tooMany-fit > 1 {
		n := (fit + tooMany) / 2
		if widthOf(string(runes[:n])+"…", size, bold) <= room {
			fit = n
		} else {
			tooMany = n
		}
	}
	return strings.TrimRight(string(runes[:fit]), " ") + "…"
}

// visual is a text in the order in which letters are drawn from left to right: words of Hebrew, and what is between two of
// them, are turned round. It is no more than names need of Unicode's bidirectional algorithm.
func visual(text string) string {
	leftwards := func(r rune) bool { return unicode.In(r, unicode.Hebrew, unicode.Arabic) }
	runes := []rune(text)
	for from := 0; from < len(runes); from++ {
		if !leftwards(runes[from]) {
			continue
		}
		last := from
		for i := from; i < len(runes) && (leftwards(runes[i]) || unicode.In(runes[i], unicode.Z, unicode.Mn)); i++ {
			if leftwards(runes[i]) {
				last = i
			}
		}
		slices.Reverse(runes[from : last+1])
		from = last
	}
	return string(runes)
}
