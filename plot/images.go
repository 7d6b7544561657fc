package plot

import (
	"image"
	"math"
	"slices"
	"strings"

	"github.com/fastresnet/fastresnet/internal/digits"
)

// Images draws images side by side, in as many rows as they need, with a caption below each: those of a set as augmentations
// change them, say. Each has as much room as the largest of them, and small ones are drawn larger, pixel by pixel. One that is nil
// leaves its place empty.
//
// A caption may have several lines, of which the first is bold; what is too long for a line is cut. Where there are fewer captions
// than images, the last images have none. The figure has an error if there are more, and if there is no image.
func Images(images []image.Image, captions []string) Figure {
	if len(images) == 0 {
		return nothing("there is no image to draw")
	}
	if len(captions) > len(images) {
		return nothing("%d captions are more than the %s", len(captions), digits.Plural(len(images), "image"))
	}
	images = slices.Clone(images)
	below := make([]caption, len(images))
	for i, text := range captions {
		for line := range strings.Lines(text) {
			below[i] = append(below[i], captionLine{text: strings.TrimSuffix(line, "\n")})
		}
	}
	return Figure{draw: func(c *canvas) {
		c.alternative = digits.Plural(len(images), "image")
		drawImages(c, images, below)
	}}
}

// caption is the lines below an image. Of a line that is too long, the end of the text is cut, and not the tail.
type (
	caption     []captionLine
	captionLine struct{ text, tail string }
)

// drawImages draws images in rows, each above its caption, of which there are as many, and sets the canvas's height.
func drawImages(c *canvas, images []image.Image, captions []caption) {
	const least, gap, line = 132., 12., 14.
	room := c.width - 2*margin + gap
	columns := math.Floor(room / (least + gap))
	side := room/columns - gap

	var widest, highest, lines float64
	for i, img := range images {
		w, h := sizeOf(img)
		widest, highest, lines = max(widest, w), max(highest, h), max(lines, float64(len(captions[i])))
	}
	larger := max(widest, highest, 1)
	placeWidth, placeHeight := side*widest/larger, side*highest/larger
	below := gap
	if lines > 0 {
		below += 2 + lines*line
	}
	for i, img := range images {
		row, column := math.Floor(float64(i)/columns), math.Mod(float64(i), columns)
		left, top := margin+column*(side+gap), margin+row*(placeHeight+below)
		if w, h := sizeOf(img); w > 0 && h > 0 {
			times := min(placeWidth/w, placeHeight/h)
			w, h = w*times, h*times
			c.add(bitmap{img, left + (side-w)/2, top + (placeHeight-h)/2, w, h})
		}
		for n, l := range captions[i] {
			size, bold, colour := float64(smallSize), false, c.muted
			if n == 0 {
				size, bold, colour = textSize, true, c.theme.text
			}
			text := fitted(l.text, size, bold, side-widthOf(l.tail, size, bold)) + l.tail
			c.add(label{text: text, x: left, y: top + placeHeight + 15 + float64(n)*line, size: size, bold: bold, colour: colour})
		}
	}
	c.height = margin + math.Ceil(float64(len(images))/columns)*(placeHeight+below)
}

// sizeOf is an image's width and height in pixels, 0 of nil.
func sizeOf(img image.Image) (width, height float64) {
	if img == nil {
		return 0, 0
	}
	size := img.Bounds().Size()
	return float64(size.X), float64(size.Y)
}
