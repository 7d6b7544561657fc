package plot

import (
	"fmt"
	"image"

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
	images, captions := make([]image.Image, len(worst)), make([]caption, len(worst))
	for i, v := range worst {
		images[i] = set.Image(v.Image)
		captions[i] = caption{{text: v.Label}, {text: "taken for " + v.Predicted, tail: fmt.Sprintf(", %.0f %%", 100*v.Probability)}}
	}
	return Figure{draw: func(c *canvas) {
		c.alternative = "The worst mistakes of the model"
		drawImages(c, images, captions)
	}}
}
