package plot

import (
	"fmt"
	"math"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
)

// mostMistakes is how many pictures are drawn.
const mostMistakes = 100

// Mistakes draws the n images of a set that a model is the most certain of and wrong about, at most 100, each with its class, and
// below that what the model takes it for, and how probable it finds that. The evaluation must be of that set. The figure has
// an error if it cannot be, and if there is no mistake.
func Mistakes(e fastresnet.Evaluation, set *data.Dataset, n int) Figure {
	worst := e.Mistakes(min(n, mostMistakes))
	if set == nil || len(worst) == 0 {
		return nothing("there is no mistake to draw")
	}
	for _, v := range worst {
		if v.Image >= set.Len() || set.Classes()[set.Label(v.Image)] != v.Label {
			return nothing("the evaluation is of another set: image %d is not there, or no %s", v.Image, v.Label)
		}
	}
	return Figure{draw: func(c *canvas) { drawMistakes(c, set, worst) }}
}

func drawMistakes(c *canvas, set *data.Dataset, worst []fastresnet.Verdict) {
	const least, gap, caption = 132., 12., 42.
	c.alternative = "The worst mistakes of the model"
	room := c.width - 2*margin + gap
	columns := math.Floor(room / (least + gap))
	side := room/columns - gap
	shape := set.Shape()
	larger := float64(max(shape.Height, shape.Width))
	w, h := side*float64(shape.Width)/larger, side*float64(shape.Height)/larger
	for i, v := range worst {
		row, column := math.Floor(float64(i)/columns), math.Mod(float64(i), columns)
		left, top := margin+column*(side+gap), margin+row*(h+caption)
		c.add(bitmap{set.Image(v.Image), left + (side-w)/2, top, w, h})
		c.add(label{text: fitted(v.Label, textSize, true, side), x: left, y: top + h + 15, size: textSize, bold: true, colour: c.theme.text})
		probability := fmt.Sprintf(", %.0f %%", 100*v.Probability)
		taken := fitted("taken for "+v.Predicted, smallSize, false, side-widthOf(probability, smallSize, false))
		c.text(left, top+h+29, smallSize, c.muted, start, taken+probability)
	}
	c.height = margin + math.Ceil(float64(len(worst))/columns)*(h+caption)
}
