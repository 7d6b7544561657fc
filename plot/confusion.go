package plot

import (
	"fmt"
	"image"
	"image/color"
	"math"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/internal/digits"
)

// mostClasses is how many a confusion matrix has at most.
const mostClasses = 500

// Confusion draws the confusion matrix: a row for each class, a column for what its images are taken for. What is right is
// on the diagonal, in blue, and what is wrong in orange, each the stronger the larger its share of the row is.
//
// Cells that are large enough have the number of images and the share of the row; where they are not, a column at
// the right has the shares that are right. Of more than 30 classes the columns have numbers for names. The figure has
// an error for an evaluation of no images, or of more than 500 classes.
func Confusion(e fastresnet.Evaluation) Figure {
	m := matrix{counts: e.Confusion(), images: e.Images(), accuracy: e.Accuracy}
	for _, f := range e.PerClass() {
		m.names = append(m.names, f.Class)
		m.totals = append(m.totals, f.Images)
	}
	if m.images == 0 {
		return nothing("the evaluation has no images")
	}
	if len(m.names) > mostClasses {
		return nothing("%d classes are more than the %d that a confusion matrix can show", len(m.names), mostClasses)
	}
	return Figure{draw: m.draw}
}

// matrix is a confusion matrix.
type matrix struct {
	names    []string
	counts   [][]int
	totals   []int // of the rows
	images   int
	accuracy float64
}

// share is what part of a row a cell is; 0 in a row without images.
func (m matrix) share(row, column int) float64 {
	if m.totals[row] == 0 {
		return 0
	}
	return float64(m.counts[row][column]) / float64(m.totals[row])
}

// colour is a cell's.
func (m matrix) colour(t theme, row, column int) color.NRGBA {
	full := t.wrong
	if row == column {
		full = t.heat
	}
	return between(t.ground, full, math.Sqrt(m.share(row, column)))
}

// widest is the width of the widest count.
func (m matrix) widest() (width float64) {
	for _, row := range m.counts {
		for _, count := range row {
			width = max(width, widthOf(digits.Count(count), textSize, false))
		}
	}
	return width
}

func (m matrix) draw(c *canvas) {
	const named = 30 // classes whose columns have names
	n := float64(len(m.names))
	title := fmt.Sprintf("%s of %s right", percent(m.accuracy), digits.Plural(m.images, "image"))
	c.alternative = "Confusion matrix: " + title
	c.title(margin, margin/2+14, fitted(title, titleSize, true, c.width-2*margin))

	rows := make([]string, len(m.names))
	widest := 0.
	for i, name := range m.names {
		if len(m.names) > named {
			name = fmt.Sprintf("%d %s", i+1, name)
		}
		rows[i] = fitted(name, smallSize, false, c.width/4)
		widest = max(widest, widthOf(rows[i], smallSize, false))
	}
	left := margin + math.Ceil(widest) + 8
	right := c.width - margin
	w := (right - left) / n
	written := w >= 34 && w-2 >= m.widest() // the cells have numbers
	if !written {
		right -= 44
		w = (right - left) / n
	}
	h := 14.
	if written {
		h = min(max(w*0.8, 34), 44)
	}
	top := m.columns(c, left, right, w, len(m.names) > named)
	bottom := top + n*h
	c.height = bottom + 30
	m.cells(c, left, top, w, h, written)
	for i, name := range rows {
		y := top + (float64(i)+0.5)*h + 4
		c.text(left-6, y, smallSize, c.theme.text, end, name)
		if !written && m.totals[i] > 0 {
			c.text(right+42, y, smallSize, c.muted, end, fmt.Sprintf("%.0f %%", 100*m.share(i, i)))
		}
	}
	c.line(c.grid, 1, nil, point{crisp(left), crisp(top)}, point{crisp(right), crisp(top)}, point{crisp(right), crisp(bottom)},
		point{crisp(left), crisp(bottom)}, point{crisp(left), crisp(top)})
	c.text(margin, bottom+20, smallSize, c.muted, start, fitted("a row for each class, a column for what its images are taken for", smallSize, false, c.width-2*margin))
}

// columns draws the names above the columns, and returns where the rows begin.
func (m matrix) columns(c *canvas, left, right, w float64, numbered bool) (top float64) {
	top = margin/2 + 28
	if numbered {
		step := int(roundStep(max(1, 24/w)))
		for i := range m.names {
			if i == 0 || (i+1)%step == 0 && (float64(i)+0.5)*w > 20 {
				c.text(left+(float64(i)+0.5)*w, top+12, smallSize, c.muted, middle, fmt.Sprint(i+1))
			}
		}
		return top + 18
	}
	// Side by side if they fit, else turned.
	longest := 0.
	for _, name := range m.names {
		longest = max(longest, widthOf(clean(name), smallSize, false))
	}
	if longest <= w-6 {
		for i, name := range m.names {
			c.text(left+(float64(i)+0.5)*w, top+12, smallSize, c.theme.text, middle, clean(name))
		}
		return top + 18
	}
	const most = 110 // pixels of a name
	height, angle := 0., 90.
	if w >= 20 {
		angle = 45
	}
	sin, cos := math.Sincos(angle * math.Pi / 180)
	names := make([]string, len(m.names))
	for i, name := range m.names {
		// What is turned by half a right angle must not leave the figure.
		room := float64(most)
		if cos > 0.1 {
			room = min(room, (c.width-4-left-(float64(i)+0.5)*w)/cos)
		}
		names[i] = fitted(name, smallSize, false, room)
		height = max(height, widthOf(names[i], smallSize, false)*sin)
	}
	top += height + 6
	for i, name := range names {
		x := left + (float64(i)+0.5)*w
		c.add(label{text: name, x: x + 4*sin, y: top - 5, size: smallSize, colour: c.theme.text, turned: -angle})
	}
	return top
}

// cells draws the matrix: of many classes as an image, a pixel for each cell.
func (m matrix) cells(c *canvas, left, top, w, h float64, written bool) {
	n := len(m.names)
	if !written {
		img := image.NewNRGBA(image.Rect(0, 0, n, n))
		for row := range n {
			for column := range n {
				if m.counts[row][column] > 0 {
					img.SetNRGBA(column, row, m.colour(c.theme, row, column))
				}
			}
		}
		c.add(bitmap{img, left, top, w * float64(n), h * float64(n)})
		return
	}
	for row := range n {
		for column := range n {
			count := m.counts[row][column]
			if count == 0 {
				continue
			}
			x, y, fill := left+float64(column)*w, top+float64(row)*h, m.colour(c.theme, row, column)
			c.box(x+1, y+1, w-2, h-2, 3, fill, color.NRGBA{})
			c.text(x+w/2, y+h/2-1, textSize, on(fill), middle, digits.Count(count))
			c.text(x+w/2, y+h/2+12, smallSize, faded(on(fill), 0.85), middle, shareText(m.share(row, column)))
		}
	}
}

// shareText is a share in percent, short.
func shareText(share float64) string {
	if p := 100 * share; p < 9.95 {
		return fmt.Sprintf("%.1f %%", p)
	}
	return fmt.Sprintf("%.0f %%", 100*share)
}
