package report

import (
	"bytes"
	"errors"
	"html/template"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/plot"
)

// picture is a figure for light and dark, wide and narrow.
type picture struct {
	Address template.URL // for light and wide
	Sources []source     // for the others
	Alt     string
}

// source is a form of a picture for some screens.
type source struct {
	Media   string
	Address template.Srcset
}

// The widths that figures are drawn for, in CSS pixels, and what says that a screen is narrow.
const (
	narrow       = 328
	narrowScreen = "(max-width: 44rem)"
	darkScreen   = "screen and (prefers-color-scheme: dark)"
)

// pictureOf draws a figure; nil if there is nothing to draw.
func pictureOf(f plot.Figure, width int, alt string) (*picture, error) {
	if errors.Is(f.Err(), fastresnet.ErrArgument) {
		return nil, nil
	}
	p := &picture{Alt: alt}
	for _, form := range []struct {
		media string
		style plot.Style
	}{
		{darkScreen + " and " + narrowScreen, plot.Style{Dark: true, Transparent: true, Width: narrow}},
		{narrowScreen, plot.Style{Transparent: true, Width: narrow}},
		{darkScreen, plot.Style{Dark: true, Transparent: true, Width: width}},
		{"", plot.Style{Transparent: true, Width: width}},
	} {
		var b bytes.Buffer
		if err := f.SVG(&b, form.style); err != nil {
			return nil, err
		}
		address := dataURI("image/svg+xml", b.Bytes())
		if form.media == "" {
			p.Address = template.URL(address)
		} else {
			p.Sources = append(p.Sources, source{form.media, template.Srcset(address)})
		}
	}
	return p, nil
}

// curves draws the runs under the names that they have on the page, those of one recipe together.
func curves(runs []Run, names, recipes []string) (*picture, error) {
	const width = 1112 // of the page
	members := map[string]int{}
	for _, recipe := range recipes {
		members[recipe]++
	}
	var records []fastresnet.Record
	called := map[string]string{} // by recipe
	var taken []string
	for i, r := range runs {
		name, known := called[recipes[i]]
		if !known {
			if name = names[i]; members[recipes[i]] > 1 {
				name = short(r.Record.Recipe.Name)
			}
			name = unlike(taken, name)
			called[recipes[i]], taken = name, append(taken, name)
		}
		r.Record.Recipe.Name = name
		records = append(records, r.Record)
	}
	return pictureOf(plot.Curves(records...), width, "Losses and accuracies by epoch, of training and of tests; the tables that follow have the figures.")
}
