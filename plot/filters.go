package plot

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"math"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/layers"
)

// mostFilters is how many are drawn.
const mostFilters = 256

// Filters draws the filters of a model's first convolution, or of its [layers.PatchWhitening], side by side. Each is
// scaled on its own: grey is 0, and its largest value either black or white, or a full colour. Those of networks whose images
// have three channels are in colour, others grey, the mean over their channels. The first 256 are drawn. The figure has
// an error for a model that is nil, closed or of weights that are not finite, and for one without a convolution.
func Filters(m *fastresnet.Model) Figure {
	values, err := m.Weights()
	if err != nil {
		if !errors.Is(err, fastresnet.ErrArgument) {
			err = fmt.Errorf("%w: %w", fastresnet.ErrArgument, err)
		}
		return Figure{err: err}
	}
	variables, err := m.Network().Variables()
	if err != nil {
		return nothing("%w", err)
	}
	for _, v := range variables {
		if len(v.Dims) == 4 {
			return filtersOf(v, values[v.Name])
		}
	}
	return nothing("the network has no convolution")
}

// filtersOf draws the values of a variable.
func filtersOf(v layers.Variable, values []float32) Figure {
	number, height, width, channels := v.Dims[0], v.Dims[1], v.Dims[2], v.Dims[3]
	size := height * width * channels
	var images []image.Image
	for i := range min(number, mostFilters) {
		images = append(images, filterImage(values[i*size:(i+1)*size], height, width, channels))
	}
	title := fmt.Sprintf("%s: %d filters of %d×%d", v.Name, number, height, width)
	if number > mostFilters {
		title += fmt.Sprintf(", of which %d are shown", mostFilters)
	}
	return Figure{draw: func(c *canvas) {
		const least, gap = 40., 6.
		c.alternative = title
		c.title(margin, margin/2+14, fitted(title, titleSize, true, c.width-2*margin))
		room := c.width - 2*margin + gap
		columns := min(math.Floor(room/(least+gap)), max(float64(len(images)), 8))
		side := room/columns - gap
		tall := side * float64(height) / float64(width)
		const top = margin/2 + 26
		for i, img := range images {
			row, column := math.Floor(float64(i)/columns), math.Mod(float64(i), columns)
			c.add(bitmap{img, margin + column*(side+gap), top + row*(tall+gap), side, tall})
		}
		c.height = top + math.Ceil(float64(len(images))/columns)*(tall+gap) - gap + margin
	}}
}

// filterImage is a filter, [height, width, channels], as an image.
func filterImage(values []float32, height, width, channels int) image.Image {
	largest := float32(math.SmallestNonzeroFloat32)
	for _, v := range values {
		largest = max(largest, v, -v)
	}
	grey := func(v float32) uint8 { return uint8(127.5 + 127.5*v/largest) }
	img := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			pixel := values[(y*width+x)*channels:][:channels]
			c := color.NRGBA{A: 0xff}
			if channels == 3 {
				c.R, c.G, c.B = grey(pixel[0]), grey(pixel[1]), grey(pixel[2])
			} else {
				mean := float32(0)
				for _, v := range pixel {
					mean += v / float32(channels)
				}
				c.R = grey(min(max(mean, -largest), largest))
				c.G, c.B = c.R, c.R
			}
			img.SetNRGBA(x, y, c)
		}
	}
	return img
}
