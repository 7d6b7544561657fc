package plot

import (
	"math"

	"github.com/fastresnet/fastresnet"
)

// Rates draws a curve of [fastresnet.FindRate]: the loss at each learning rate, on a logarithmic axis, with a mark at
// [fastresnet.SteepestRate]. The figure has an error if the curve has no loss that is finite at a rate above 0.
func Rates(curve []fastresnet.RatePoint) Figure {
	var points []point
	low, high, from, to := math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	for _, p := range curve {
		if p.Rate > 0 && isFinite(p.Rate) && isFinite(p.Loss) {
			points = append(points, point{p.Rate, p.Loss})
			low, high, from, to = min(low, p.Loss), max(high, p.Loss), min(from, p.Rate), max(to, p.Rate)
		}
	}
	if len(points) == 0 {
		return nothing("the curve has no loss to draw")
	}
	steepest, marked := fastresnet.SteepestRate(curve)
	return Figure{draw: func(c *canvas) {
		const height = 270
		c.alternative = "Loss by learning rate"
		c.title(margin, margin/2+14, "loss by learning rate")
		top := margin/2 + 26.
		if marked {
			text := "falls fastest at " + shortNumber(steepest)
			c.alternative += ", which " + text
			top += legend(c, top-4, []entry{{name: text, colour: c.wrong, dash: markDash}})
		}
		top -= 14 // of the title that the panel has not
		c.height = top + height + 4
		p := newPanel(c, margin, top, c.width-margin, top+height, "", "learning rate",
			logarithmic(from, to, int(c.width/90)), linear(low, high, 5, false, true))
		if x := crisp(p.xOf(steepest)); marked {
			c.line(c.wrong, 1.5, markDash, point{x, p.top}, point{x, p.bottom})
		}
		p.curve(c.series[0], 2, nil, points)
	}}
}

// markDash are the dashes of a mark across a panel.
var markDash = []float64{4, 3}
