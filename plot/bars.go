package plot

import (
	"math"
	"slices"
)

// Bar is a value with a name, such as the accuracy of a recipe.
type Bar struct {
	Name string
	// Value is the length of the bar, 0 or more. One that is not finite has no bar.
	Value float64
	// Deviation is how far the value may be off to either side, for an error bar; 0 for none.
	Deviation float64
	// Published is what others report, for a mark; 0 for none.
	Published float64
}

// Bars draws values as bars that begin at 0, one below the other, each with its number. The title says what they are, and
// in which unit. The figure has an error without a bar, and for a value below 0.
func Bars(title string, bars ...Bar) Figure {
	const most = 200
	if len(bars) == 0 || len(bars) > most {
		return nothing("%d bars, need 1 to %d", len(bars), most)
	}
	for _, b := range bars {
		if b.Value < 0 || b.Deviation < 0 || b.Published < 0 {
			return nothing("the bar %q has a value below 0", b.Name)
		}
	}
	bars = slices.Clone(bars)
	return Figure{draw: func(c *canvas) { drawBars(c, title, bars) }}
}

func drawBars(c *canvas, title string, bars []Bar) {
	const row, thick = 26., 14.
	c.alternative = title
	c.title(margin, margin/2+14, fitted(title, titleSize, true, c.width-2*margin))
	top := margin/2 + 26.
	largest, widest, numbers := 0., 0., 0.
	published := false
	for _, b := range bars {
		for _, v := range []float64{b.Value, b.Value + b.Deviation, b.Published} {
			if isFinite(v) {
				largest = max(largest, v)
			}
		}
		published = published || b.Published > 0
		widest = max(widest, widthOf(fitted(b.Name, textSize, false, c.width/3), textSize, false))
	}
	form := shortNumber // of what is too small for decimals
	if largest >= 1e-3 {
		decimals := decimalsOf(bars, largest)
		form = func(v float64) string { return tickLabel(v, decimals) }
	}
	for _, b := range bars {
		numbers = max(numbers, widthOf(b.number(form), textSize, false))
	}
	if published {
		entries := []entry{{name: "measured", colour: c.series[0], square: true}, {name: "published", colour: c.wrong, dot: true}}
		top += legend(c, top-4, entries) + 2
	}
	left, right := margin+math.Ceil(widest)+10, c.width-margin-numbers-12
	x := linear(0, largest, 5, false, true)
	at := func(v float64) float64 { return left + (right-left)*min(1, x.share(v)) }
	bottom := top + row*float64(len(bars)) + 2
	for _, t := range x.spaced(right - left) {
		c.line(c.grid, 1, nil, point{crisp(at(t.at)), top}, point{crisp(at(t.at)), bottom})
		if t.label != "" {
			c.text(at(t.at), bottom+16, smallSize, c.muted, middle, t.label)
		}
	}
	for i, b := range bars {
		y := top + (float64(i)+0.5)*row
		c.text(left-8, y+4, textSize, c.theme.text, end, fitted(b.Name, textSize, false, c.width/3))
		c.text(c.width-margin, y+4, textSize, c.theme.text, end, b.number(form))
		if isFinite(b.Value) {
			c.box(left, y-thick/2, at(b.Value)-left, thick, 0, c.series[0], c.series[0])
		}
		if from, to := b.Value-b.Deviation, b.Value+b.Deviation; b.Deviation > 0 && isFinite(from) && isFinite(to) {
			c.line(c.theme.text, 1.2, nil, point{at(max(0, from)), y}, point{at(to), y})
			c.line(c.theme.text, 1.2, nil, point{at(to), y - 4}, point{at(to), y + 4})
			c.line(c.theme.text, 1.2, nil, point{at(max(0, from)), y - 4}, point{at(max(0, from)), y + 4})
		}
		if b.Published > 0 && isFinite(b.Published) {
			c.disc(point{at(b.Published), y}, 4.5, c.wrong, c.ground, 1.5)
		}
	}
	c.line(c.axis, 1, nil, point{crisp(left), top}, point{crisp(left), bottom})
	c.height = bottom + 28
}

// number is the bar's value, and its deviation if it has one, in a form.
func (b Bar) number(form func(float64) string) string {
	if !isFinite(b.Value) {
		return "–"
	}
	text := form(b.Value)
	if b.Deviation > 0 && isFinite(b.Deviation) {
		text += " ± " + form(b.Deviation)
	}
	return text
}

// decimalsOf is how many decimals the numbers of bars have: as many as it takes, and no more than show four digits of the
// largest.
func decimalsOf(bars []Bar, largest float64) int {
	most := min(max(3-int(math.Floor(math.Log10(largest))), 0), 6)
	for decimals := range most {
		power := math.Pow(10, float64(decimals))
		if !slices.ContainsFunc(bars, func(b Bar) bool {
			off := func(v float64) bool { return isFinite(v) && math.Abs(v-math.Round(v*power)/power) > 1e-9*largest }
			return off(b.Value) || off(b.Deviation)
		}) {
			return decimals
		}
	}
	return most
}
