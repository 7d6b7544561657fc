package plot

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/fastresnet/fastresnet/internal/digits"
	"github.com/fastresnet/fastresnet/layers"
)

// Network draws a network from its images at the top to its logits at the foot: a box for each layer with weights and
// for what follows it, norms, activations and pools, with the shape of one image behind it and the number of trainable
// parameters. [layers.Network.Summary] has each layer with all its settings. A residual block is its branch on a ground of
// its own, with the shortcut at its left and their sum below. The figure has an error for a network that cannot be resolved.
func Network(n layers.Network) Figure {
	plan, err := n.Plan()
	if err != nil {
		return nothing("%w", err)
	}
	total := fmt.Sprintf("%s parameters, %s multiply-adds an image", digits.Count(n.Parameters()), digits.Count(n.MultiplyAdds()))
	return Figure{draw: func(c *canvas) {
		const top, widest = 58, 480.
		c.alternative = fmt.Sprintf("The network %s: %s", n.Name, total)
		c.title(margin, margin/2+14, fitted(n.Name, titleSize, true, c.width-2*margin))
		c.text(margin, margin/2+32, textSize, c.muted, start, fitted(total, textSize, false, c.width-2*margin))
		d := flow{canvas: c, plan: plan}
		width := min(c.width-2*margin, widest)
		input := node{names: []string{"input"}, out: times(n.Input.String())}
		y := d.box(input, c.width/2, width, top)
		y = d.sequence(n.Layers, c.width/2, width, y)
		c.height = y + margin
	}}
}

// flow draws layers from top to bottom.
type flow struct {
	*canvas
	plan []layers.ResolvedLayer // those that are not drawn yet
}

// node is what a box stands for.
type node struct {
	names      []string // of its layers
	out        string   // the shape behind them
	parameters int64
	weights    bool // its first layer has weights
}

const (
	boxGap    = 12 // from box to box
	laneWidth = 26 // beside a branch, for its shortcut
)

// next takes the next layer of the plan.
func (d *flow) next() layers.ResolvedLayer {
	first := d.plan[0]
	d.plan = d.plan[1:]
	return first
}

// sequence draws layers below y about a centre, as boxes of a width, and returns where the last one ends.
func (d *flow) sequence(all []layers.Layer, centre, width, y float64) float64 {
	var open *node // to be drawn, once nothing more belongs to it
	draw := func() {
		if open != nil {
			d.arrow(centre, y, y+boxGap)
			y = d.box(*open, centre, width, y+boxGap)
			open = nil
		}
	}
	for _, l := range all {
		step := d.next()
		if block, is := l.(layers.Residual); is {
			draw()
			y = d.block(block, centre, width, y)
			continue
		}
		first := step.MultiplyAdds > 0 || strings.HasPrefix(l.String(), "Global") // of a box
		if open == nil || first {
			draw()
			open = &node{weights: step.MultiplyAdds > 0}
		}
		name := nameOf(l)
		if len(open.names) > 0 {
			name, _, _ = strings.Cut(name, ",") // the settings of norms are long
		}
		open.names = append(open.names, name)
		open.out = times(step.Out.String())
		for _, v := range step.Variables {
			if v.Trainable {
				open.parameters += int64(v.Size())
			}
		}
	}
	draw()
	return y
}

// block draws a residual block.
func (d *flow) block(r layers.Residual, centre, width, y float64) float64 {
	d.arrow(centre, y, y+boxGap)
	y += boxGap
	top, behind := y, len(d.elements) // the ground is drawn behind what comes now
	fork := y + 8
	y = fork

	branchWidth, branchCentre, shortcutCentre := max(8, width-2*laneWidth), centre, centre-width/2+laneWidth/2
	if len(r.Shortcut) > 0 {
		const gap, inset = 12, 10
		branchWidth = max(8, (width-2*inset-gap)*0.56)
		shortcutWidth := max(8, width-2*inset-gap-branchWidth)
		shortcutCentre = centre - width/2 + inset + shortcutWidth/2
		branchCentre = centre + width/2 - inset - branchWidth/2
		end := d.sequence(r.Branch, branchCentre, branchWidth, y+2)
		behindShortcut := d.sequence(r.Shortcut, shortcutCentre, shortcutWidth, fork+2)
		y = max(end, behindShortcut)
		d.line(d.muted, 1.2, nil, point{shortcutCentre, behindShortcut}, point{shortcutCentre, y})
		d.line(d.muted, 1.2, nil, point{branchCentre, end}, point{branchCentre, y + 12})
	} else {
		y = d.sequence(r.Branch, centre, branchWidth, y+2)
		d.line(d.muted, 1.2, nil, point{shortcutCentre, fork}, point{shortcutCentre, y + 20})
	}
	const radius = 8
	sum := point{centre, y + 20}
	if len(r.Shortcut) > 0 {
		d.line(d.muted, 1.2, nil, point{branchCentre, y + 12}, point{branchCentre, sum.y}, point{centre, sum.y})
		d.line(d.muted, 1.2, nil, point{branchCentre, fork + 2}, point{branchCentre, fork}, point{shortcutCentre, fork}, point{shortcutCentre, fork + 2})
		d.line(d.muted, 1.2, nil, point{shortcutCentre, y}, point{shortcutCentre, sum.y}, point{centre, sum.y})
	} else {
		d.line(d.muted, 1.2, nil, point{branchCentre, fork}, point{shortcutCentre, fork})
		d.line(d.muted, 1.2, nil, point{branchCentre, y}, point{branchCentre, sum.y})
		d.line(d.muted, 1.2, nil, point{shortcutCentre, sum.y}, point{centre, sum.y})
		d.line(d.muted, 1.2, nil, point{branchCentre, fork}, point{branchCentre, fork + 2})
	}
	d.line(d.muted, 1.2, nil, point{centre, top}, point{centre, fork})
	d.disc(sum, radius, d.ground, d.muted, 1.2)
	d.line(d.theme.text, 1.4, nil, point{sum.x - 4, sum.y}, point{sum.x + 4, sum.y})
	d.line(d.theme.text, 1.4, nil, point{sum.x, sum.y - 4}, point{sum.x, sum.y + 4})
	bottom := sum.y + radius + 8
	d.line(d.muted, 1.2, nil, point{centre, sum.y + radius}, point{centre, bottom})

	ground := box{x: centre - width/2, y: top, w: width, h: bottom - top, radius: 8, fill: faded(d.axis, 0.13)}
	d.elements = slices.Insert(d.elements, behind, element(ground))
	return bottom
}

// arrow draws the way from one box to the next.
func (d *flow) arrow(x, from, to float64) {
	d.line(d.muted, 1.2, nil, point{x, from}, point{x, to})
}

// box draws a node below y, and returns where it ends.
func (d *flow) box(n node, centre, width, y float64) float64 {
	const inset, single, double = 10, 26., 42.
	left, right := centre-width/2, centre+width/2
	rest := strings.Join(n.names[1:], " · ")
	count := ""
	if n.parameters > 0 {
		count = digits.Count(n.parameters)
	}
	height := single
	if rest != "" || count != "" {
		height = double
	}
	fill, stroke := d.ground, d.axis
	if n.weights {
		fill, stroke = between(d.ground, d.heat, 0.13), d.heat
	}
	d.canvas.box(left, y, width, height, 5, fill, stroke)
	row := func(baseline float64, text, beside string, bold bool) {
		room := width - 2*inset
		if beside != "" {
			beside = fitted(beside, smallSize, false, room)
			d.text(right-inset, baseline, smallSize, d.muted, end, beside)
			room -= widthOf(beside, smallSize, false) + 8
		}
		size, colour := float64(textSize), d.theme.text
		if !bold {
			size, colour = smallSize, d.muted
		}
		if text != "" && room > 10 {
			d.add(label{text: fitted(text, size, bold, room), x: left + inset, y: baseline, size: size, bold: bold, colour: colour})
		}
	}
	row(y+17, n.names[0], n.out, true)
	if height == double {
		row(y+33, rest, count, false)
	}
	return y + height
}

// nameOf is a layer as a box has it.
func nameOf(l layers.Layer) string {
	return strings.NewReplacer("->", "→", " x", " ×").Replace(times(l.String()))
}

var betweenDigits = regexp.MustCompile(`(\d)x(\d)`)

// times writes 3x3 as 3×3.
func times(s string) string {
	// Twice, since a digit may be between two of them.
	return betweenDigits.ReplaceAllString(betweenDigits.ReplaceAllString(s, "$1×$2"), "$1×$2")
}
