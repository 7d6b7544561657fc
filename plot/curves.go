package plot

import (
	"fmt"
	"image/color"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/fastresnet/fastresnet"
)

// Curves draws the history of runs: the losses by epoch, and beside them the accuracies.
//
// Of one run these are those of training and of the tests. Runs of one recipe, by its name, are one line: the mean of
// those that have the epoch, on a band from the lowest to the highest of them. Several recipes have a colour each; what was
// measured in training is dashed then, and left out of more than three recipes that were tested. The legend names the
// recipes, and the mean of their models' test accuracies, [fastresnet.Record.TestAccuracy]: with [fastresnet.WithBestWeights]
// a model is that of its best epoch, and the line may end elsewhere.
//
// Epochs that were not whole are left out, and so are values that are not finite. The figure has an error if no epoch is
// left.
func Curves(runs ...fastresnet.Record) Figure {
	groups := groupsOf(runs)
	if len(groups) == 0 {
		return nothing("no run has a whole epoch to draw")
	}
	return Figure{draw: func(c *canvas) { drawCurves(c, groups) }}
}

// group are the runs of one recipe.
type group struct {
	name   string
	tested bool
	runs   [][]fastresnet.Epoch // their whole epochs
	final  []float64            // the test accuracies of their models
}

// groupsOf are the runs that have something to draw, by the names of their recipes in the order that they come in.
func groupsOf(runs []fastresnet.Record) (groups []group) {
	places := map[string]int{}
	for _, run := range runs {
		epochs := slices.DeleteFunc(slices.Clone(run.Epochs), func(e fastresnet.Epoch) bool { return e.Partial })
		if len(epochs) == 0 {
			continue
		}
		at, known := places[run.Recipe.Name]
		if !known {
			at = len(groups)
			places[run.Recipe.Name] = at
			groups = append(groups, group{name: run.Recipe.Name})
		}
		g := &groups[at]
		g.runs = append(g.runs, epochs)
		if slices.ContainsFunc(epochs, func(e fastresnet.Epoch) bool { return e.Tested }) {
			g.tested = true
			g.final = append(g.final, run.TestAccuracy())
		}
	}
	return groups
}

// title is the name of a group, and how good it is.
func (g group) title() string {
	parts := []string{g.name}
	if g.name == "" {
		parts[0] = "without a name"
	}
	if len(g.runs) > 1 {
		parts = append(parts, fmt.Sprintf("%d runs", len(g.runs)))
	}
	if g.tested {
		parts = append(parts, percent(mean(g.final)))
	}
	return strings.Join(parts, ", ")
}

func mean(values []float64) float64 {
	sum := 0.
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}

// measure is a figure of epochs.
type measure struct {
	of     func(fastresnet.Epoch) float64
	tested bool // only tested epochs have it
}

var (
	trainLoss     = measure{of: func(e fastresnet.Epoch) float64 { return e.TrainLoss }}
	testLoss      = measure{of: func(e fastresnet.Epoch) float64 { return e.TestLoss }, tested: true}
	trainAccuracy = measure{of: func(e fastresnet.Epoch) float64 { return 100 * e.TrainAccuracy }}
	testAccuracy  = measure{of: func(e fastresnet.Epoch) float64 { return 100 * e.TestAccuracy }, tested: true}
)

// series is a line with its band.
type series struct{ mean, low, high []point }

// of is a measure of a group's runs by epoch, with gaps where no run has it.
func (m measure) series(g group) (s series) {
	byEpoch := map[int][]float64{}
	for _, run := range g.runs {
		for _, e := range run {
			if m.tested && !e.Tested {
				continue
			}
			byEpoch[e.Number] = append(byEpoch[e.Number], m.of(e))
		}
	}
	for _, epoch := range slices.Sorted(maps.Keys(byEpoch)) {
		values := slices.DeleteFunc(byEpoch[epoch], func(v float64) bool { return !isFinite(v) })
		x := float64(epoch)
		if len(values) == 0 {
			values = []float64{math.NaN()}
		}
		s.mean = append(s.mean, point{x, mean(values)})
		s.low = append(s.low, point{x, slices.Min(values)})
		s.high = append(s.high, point{x, slices.Max(values)})
	}
	return s
}

// drawn is a series with its looks.
type drawn struct {
	series
	colour color.NRGBA
	width  float64
	dash   []float64
	band   bool
}

// trainingDash are the dashes of what was measured in training.
var trainingDash = []float64{5, 3}

// style says how the groups are drawn: what was measured in training first, then the tests.
func style(c *canvas, groups []group, training, test measure) (all []drawn) {
	untested := slices.ContainsFunc(groups, func(g group) bool { return !g.tested })
	for i, g := range groups {
		d := drawn{colour: c.series[i%len(c.series)], width: 2, band: len(g.runs) > 1}
		if len(groups) == 1 {
			d.colour = c.series[1]
		} else if g.tested {
			d.dash, d.width = trainingDash, 1.2
		}
		if len(groups) <= 3 || untested {
			d.series = training.series(g)
			d.band = d.band && d.dash == nil
			all = append(all, d)
		}
	}
	for i, g := range groups {
		if g.tested {
			all = append(all, drawn{series: test.series(g), colour: c.series[i%len(c.series)], width: 2, band: len(g.runs) > 1})
		}
	}
	return all
}

func drawCurves(c *canvas, groups []group) {
	const height = 250
	losses, accuracies := style(c, groups, trainLoss, testLoss), style(c, groups, trainAccuracy, testAccuracy)
	top := margin + legend(c, margin-4, curvesLegend(c, groups, losses)) + 6
	c.height = top + height + 4
	var names []string
	for _, g := range groups {
		names = append(names, g.title())
	}
	c.alternative = "Losses and accuracies by epoch: " + strings.Join(names, "; ")

	middle := c.width / 2
	for i, lines := range [][]drawn{losses, accuracies} {
		low, high, first, last := math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
		for _, d := range lines {
			for _, at := range slices.Concat(d.mean, d.low, d.high) {
				first, last = min(first, at.x), max(last, at.x)
				if isFinite(at.y) {
					low, high = min(low, at.y), max(high, at.y)
				}
			}
		}
		if low > high {
			low, high = 0, 1 // nothing is finite
		}
		x, left, right, title := linear(first, last, 5, true, false), margin+0., middle-6, "loss"
		if i == 0 && low >= 0 {
			low = 0
		}
		y := linear(low, high, 5, false, true)
		if i == 1 {
			left, right, title = middle+6, c.width-margin, "accuracy, %"
			if y.to > 100 && high <= 100 {
				y.to = 100
				y.ticks = slices.DeleteFunc(y.ticks, func(t tick) bool { return t.at > 100 })
			}
		}
		p := newPanel(c, left, top, right, top+height, title, "epoch", x, y)
		for _, d := range lines {
			if d.band {
				p.band(d.colour, d.low, d.high)
			}
		}
		for _, d := range lines {
			p.curve(d.colour, d.width, d.dash, d.mean)
			if d.dash == nil && len(d.mean) <= dotted {
				p.dots(d.colour, d.mean)
			}
		}
	}
}

// dotted is how many epochs have a dot each at most.
const dotted = 12

// dots marks points.
func (p panel) dots(colour color.NRGBA, points []point) {
	for _, part := range finite(points) {
		for _, at := range part {
			p.disc(p.place(at), 2.4, colour, color.NRGBA{}, 0)
		}
	}
}

// band fills what is between two lines.
func (p panel) band(colour color.NRGBA, low, high []point) {
	upper := finite(high)
	for i, lower := range finite(low) { // which are finite at the same epochs
		var points []point
		for _, at := range lower {
			points = append(points, p.place(at))
		}
		for _, at := range slices.Backward(upper[i]) {
			points = append(points, p.place(at))
		}
		p.add(path{points: points, closed: true, fill: faded(colour, bandOpacity)})
	}
}

// curvesLegend is what the lines are.
func curvesLegend(c *canvas, groups []group, lines []drawn) (entries []entry) {
	band := slices.ContainsFunc(lines, func(d drawn) bool { return d.band })
	if len(groups) == 1 {
		g := groups[0]
		name := "training"
		if len(g.runs) > 1 {
			name = fmt.Sprintf("training, %d runs", len(g.runs))
		}
		entries = []entry{{name: name, colour: c.series[1], band: band}}
		if g.tested {
			entries = append(entries, entry{name: "test, " + percent(mean(g.final)), colour: c.series[0], band: band})
		}
	} else {
		for i, g := range groups {
			entries = append(entries, entry{name: g.title(), colour: c.series[i%len(c.series)], band: len(g.runs) > 1})
		}
		if slices.ContainsFunc(lines, func(d drawn) bool { return d.dash != nil }) {
			entries = append(entries, entry{name: "training", colour: c.muted, dash: trainingDash}, entry{name: "test", colour: c.muted})
		}
	}
	if band {
		entries = append(entries, entry{name: "lowest to highest run", colour: faded(c.muted, 2*bandOpacity), square: true})
	}
	return entries
}
