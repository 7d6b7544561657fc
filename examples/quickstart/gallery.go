package main

import (
	"fmt"
	"image"
	"io"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"golang.org/x/term"
)

// show prints images with what the model takes them for: as pictures where w is a terminal with colours,
// and otherwise as a table.
func show(w io.Writer, set *data.Dataset, predictions []fastresnet.Prediction) {
	if columns, rows := colours(w); columns >= 2*captionColumns {
		fmt.Fprint(w, gallery(set, predictions, columns, rows))
		return
	}
	fmt.Fprint(w, table(set, predictions))
}

// colours returns the columns and rows of a terminal that shows colours; 0 and 0 of anything else, and where the environment asks
// for none (no-color.org).
func colours(w io.Writer) (columns, rows int) {
	f, isFile := w.(*os.File)
	if !isFile || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return 0, 0
	}
	columns, rows, err := term.GetSize(int(f.Fd()))
	if err != nil || !enableEscapes(f) {
		return 0, 0
	}
	return columns, rows
}

// table is one line an image.
func table(set *data.Dataset, predictions []fastresnet.Prediction) string {
	longest := len("predicted")
	for _, name := range set.Classes() {
		longest = max(longest, utf8.RuneCountInString(name))
	}
	var text strings.Builder
	line := func(image, truth, predicted, probability, mark string) {
		row := fmt.Sprintf("%5s  %-*s  %-*s  %11s  %s", image, longest, truth, longest, predicted, probability, mark)
		text.WriteString(strings.TrimRight(row, " ") + "\n")
	}
	line("image", "true", "predicted", "probability", "")
	for i, p := range predictions {
		mark := ""
		if p.Class != set.Label(i) {
			mark = "wrong"
		}
		line(strconv.Itoa(i), set.Classes()[set.Label(i)], p.Label, fmt.Sprintf("%.1f %%", 100*p.Probability), mark)
	}
	return text.String()
}

const (
	captionColumns = 18 // of the longest name, "horizontal stripes"
	gap            = 2  // columns between images
	captionRows    = 3  // label, probability, and an empty line
)

// gallery is the images side by side, in their own size or half of it, whichever the terminal has room
// for, each over its caption.
func gallery(set *data.Dataset, predictions []fastresnet.Prediction, columns, rows int) string {
	const few = 4 // in a row, if not all
	n, shape := len(predictions), set.Shape()
	shrink, width := 1, shape.Width
	tall := (shape.Height/2 + captionRows) * ((n + few - 1) / few)
	if few*(width+gap) > columns+gap || tall > rows {
		shrink, width = 2, shape.Width/2
	}
	cell := max(width, captionColumns) + gap
	inRow := min(n, (columns+gap)/cell)
	if inRow < n && inRow > few {
		inRow = few
	}

	var text strings.Builder
	for first := 0; first < n; first += inRow {
		last := min(n, first+inRow)
		for y := 0; y < shape.Height; y += 2 * shrink {
			for i := first; i < last; i++ {
				text.WriteString(halfBlocks(set.Image(i), y, shrink))
				if i < last-1 {
					text.WriteString(strings.Repeat(" ", cell-width))
				}
			}
			text.WriteByte('\n')
		}
		var labels, marks strings.Builder
		for i := first; i < last; i++ {
			p, mark := predictions[i], "✓"
			if truth := set.Label(i); p.Class != truth {
				mark = "✗ " + set.Classes()[truth]
			}
			labels.WriteString(pad(p.Label, cell))
			marks.WriteString(pad(fmt.Sprintf("%.1f %% %s", 100*p.Probability, mark), cell))
		}
		fmt.Fprintf(&text, "%s\n%s\n\n", strings.TrimRight(labels.String(), " "), strings.TrimRight(marks.String(), " "))
	}
	return text.String()
}

// halfBlocks is two rows of pixels, from row y on, as one line of characters: the upper half of each is
// the foreground, the lower half the background. A pixel is the mean of shrink x shrink of the image's.
func halfBlocks(img image.Image, y, shrink int) string {
	var line strings.Builder
	for x := 0; x < img.Bounds().Dx(); x += shrink {
		above, below := mean(img, x, y, shrink), mean(img, x, y+shrink, shrink)
		fmt.Fprintf(&line, "\x1b[38;2;%d;%d;%dm\x1b[48;2;%d;%d;%dm▀", above[0], above[1], above[2], below[0], below[1], below[2])
	}
	return line.String() + "\x1b[0m"
}

// mean is the mean red, green and blue, 0 to 255, of a square of side by side pixels.
func mean(img image.Image, x, y, side int) [3]uint32 {
	var sum [3]uint32
	for dy := range side {
		for dx := range side {
			r, g, b, _ := img.At(x+dx, y+dy).RGBA()
			sum[0], sum[1], sum[2] = sum[0]+r>>8, sum[1]+g>>8, sum[2]+b>>8
		}
	}
	for c := range sum {
		sum[c] /= uint32(side * side)
	}
	return sum
}

// pad fills text up with spaces, and cuts off what is too long for its cell.
func pad(text string, cell int) string {
	if n := utf8.RuneCountInString(text); n < cell {
		return text + strings.Repeat(" ", cell-n)
	}
	return string([]rune(text)[:cell-1]) + " "
}
