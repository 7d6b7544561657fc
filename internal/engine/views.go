package engine

import (
	"context"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/reflection"
)

// View is one look at an image: mirrored or not, and moved.
type View struct {
	// Weight is the view's share in the logits.
	Weight float32
	// Flip mirrors left and right, before the image moves Down and Right by these numbers of pixels, less than
	// its size. What moves in is the reflection in the edge, without the edge itself.
	Flip        bool
	Down, Right int
}

// Rows are the rows of an image that the view's show, from above.
func (v View) Rows(height int) []int {
	rows := make([]int, height)
	for y := range rows {
		rows[y] = reflection.Of(y-v.Down, height)
	}
	return rows
}

// Columns are the columns of an image that the view's show, from the left.
func (v View) Columns(width int) []int {
	columns := make([]int, width)
	for x := range columns {
		columns[x] = reflection.Of(x-v.Right, width)
		if v.Flip {
			columns[x] = width - 1 - columns[x]
		}
	}
	return columns
}

// OverViews adds up what logits makes of the views, weighted. Without views that is the logits of the image as it is.
// It looks at ctx before each.
func (c Config) OverViews(ctx context.Context, logits func(View) ([]float32, error)) ([]float32, error) {
	views := c.Views
	if len(views) == 0 {
		views = []View{{Weight: 1}}
	}
	var sum []float32
	for _, v := range views {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		out, err := logits(v)
		if err != nil {
			return nil, err
		}
		if sum == nil {
			sum = make([]float32, len(out))
		}
		for i, o := range out {
			sum[i] += v.Weight * o
		}
	}
	return sum, nil
}

// Of returns the view of images [n, height, width, channels], in memory of its own if it differs.
func (v View) Of(pixels []uint8, shape data.Shape) []uint8 {
	if !v.Flip && v.Down == 0 && v.Right == 0 {
		return pixels
	}
	rows, columns := v.Rows(shape.Height), v.Columns(shape.Width)
	seen := make([]uint8, 0, len(pixels))
	for image := 0; image < len(pixels); image += shape.Size() {
		for _, y := range rows {
			for _, x := range columns {
				pixel := image + (y*shape.Width+x)*shape.Channels
				seen = append(seen, pixels[pixel:pixel+shape.Channels]...)
			}
		}
	}
	return seen
}
