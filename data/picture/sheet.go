package picture

import (
	"image"
	"image/color"
	"image/draw"
	"slices"
	"strings"

	"golang.org/x/image/font"
	"golang.org/x/image/font/inconsolata"
	"golang.org/x/image/math/fixed"

	xdraw "golang.org/x/image/draw"
)

// Sheet draws images side by side on white, each with its caption below, to be looked at: the mistakes of a model, or a
// set's images after their augmentations. It puts up to 8 into a row. Small images are drawn larger, pixel by pixel.
// Captions may have several lines, of which up to 17 letters fit below a square image; images
// without one have none, and one that is nil leaves its place empty.
func Sheet(images []image.Image, captions []string) *image.RGBA {
	const (
		inRow, margin      = 8, 8
		shortest, longest  = 136, 272 // of the side of an image
		lineHeight, letter = 16, 8
	)
	for i, img := range images {
		if img == nil {
			images = slices.Clone(images)
			images[i] = image.NewRGBA(image.Rect(0, 0, 1, 1)) // nothing is seen of it
		}
	}
	// All cells are as large as the largest image.
	side := image.Pt(1, 1)
	for _, img := range images {
		side.X, side.Y = max(side.X, img.Bounds().Dx()), max(side.Y, img.Bounds().Dy())
	}
	times := max(1, (shortest+max(side.X, side.Y)-1)/max(side.X, side.Y))
	cell := side.Mul(times)
	if larger := max(cell.X, cell.Y); larger > longest {
		cell = image.Pt(max(1, cell.X*longest/larger), max(1, cell.Y*longest/larger))
	}
	cell.X = max(cell.X, shortest)
	lines := 0
	for _, c := range captions {
		lines = max(lines, len(strings.Split(c, "\n")))
	}
	columns := max(1, min(inRow, len(images)))
	rows := (len(images) + columns - 1) / columns
	step := image.Pt(cell.X+margin, cell.Y+lines*lineHeight+margin)
	sheet := image.NewRGBA(image.Rect(0, 0, columns*step.X+margin, rows*step.Y+margin))
	draw.Draw(sheet, sheet.Rect, image.White, image.Point{}, draw.Src)

	for i, img := range images {
		corner := image.Pt(margin+i%columns*step.X, margin+i/columns*step.Y)
		size := fitted(img.Bounds().Size(), image.Pt(cell.X, cell.Y))
		at := corner.Add(cell.Sub(size).Div(2))
		xdraw.NearestNeighbor.Scale(sheet, image.Rectangle{Min: at, Max: at.Add(size)}, img, img.Bounds(), xdraw.Over, nil)
		if i >= len(captions) {
			continue
		}
		for n, line := range strings.Split(captions[i], "\n") {
			runes := []rune(line)
			text := string(runes[:min(len(runes), cell.X/letter)])
			d := font.Drawer{
				Dst: sheet, Src: image.NewUniform(color.Black), Face: inconsolata.Regular8x16,
				Dot: fixed.P(corner.X, corner.Y+cell.Y+(n+1)*lineHeight-4),
			}
			d.DrawString(text)
		}
	}
	return sheet
}

// fitted is the largest size with the proportions of another within a third.
func fitted(size, within image.Point) image.Point {
	if size.X*within.Y > size.Y*within.X {
		return image.Pt(within.X, max(1, size.Y*within.X/max(1, size.X)))
	}
	return image.Pt(max(1, size.X*within.Y/max(1, size.Y)), within.Y)
}
