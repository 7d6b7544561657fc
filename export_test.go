package fastresnet

import (
	"image"

	"github.com/fastresnet/fastresnet/data"
)

// Rates are the learning rates of an epoch's steps: [steps, 1 + groups].
func (r Recipe) Rates(epoch, steps int) []float32 { return r.rates(epoch, steps) }

// Pixels are an image's bytes as a model of this shape takes them.
func Pixels(img image.Image, want data.Shape) ([]uint8, error) {
	return appendPixels(nil, img, want)
}
