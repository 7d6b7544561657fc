package engine

import "github.com/fastresnet/fastresnet/data"

// View is one look at an image: mirrored or not, and moved.
type View struct {
	// Weight is the view's share in the logits.
	Weight float32
	// Flip mirrors left and right, before the image moves Down and Right by so many pixels, less than
	// its size. What moves in is the reflection in the edge, without the edge itself.
	Flip        bool
	Down, Right int
}

// of returns the view of images [n, height, width, channels], in memory of its own if it differs.
func (v View) of(pixels []uint8, shape data.Shape) []uint8 {
	if !v.Flip && v.Down == 0 && v.Right == 0 {
		return pixels
	}
	seen := make([]uint8, 0, len(pixels))
	for image := 0; image < len(pixels); image += shape.Size() {
		for y := range shape.Height {
			row := image + reflected(y-v.Down, shape.Height)*shape.Width*shape.Channels
			for x := range shape.Width {
				column := reflected(x-v.Right, shape.Width)
				if v.Flip {
					column = shape.Width - 1 - column
				}
				pixel := row + column*shape.Channels
				seen = append(seen, pixels[pixel:pixel+shape.Channels]...)
			}
		}
	}
	return seen
}
