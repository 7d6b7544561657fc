package graphs

import (
	"fmt"

	"github.com/fastresnet/fastresnet/data"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
)

// Augments reports whether an augmentation has a graph form, which [Augment] builds. One that has none,
// such as a user's own, runs on the host by its Apply method.
func Augments(a data.Augmentation) bool {
	switch a.(type) {
	case data.Crop, data.FlipLR, data.AlternatingFlip, data.Cutout, data.Erasing, data.ResizedCrop, data.Rotation, data.ColourJitter, data.Greyscale:
		return true
	}
	return false
}

// Augment is the graph form of an augmentation for which [Augments] is true: it changes images [batch,
// height, width, channels], normalised if a is one that blanks a part or changes colours, by choices [batch, k] int32 as a.Draw
// makes them. A test holds it equal to a.Apply, which is the definition: bit for bit where pixels are only moved or
// blanked, and up to rounding elsewhere.
func Augment(a data.Augmentation, images, choices *graph.Node) *graph.Node {
	switch a := a.(type) {
	case data.Crop:
		dims := images.Shape().Dimensions
		rows := graph.Iota(images.Graph(), shapes.Make(dtypes.Int32, dims[0]), 0)
		return CropAt(ReflectPad(images, a.Pad), rows, choices, dims[1], dims[2])
	case data.FlipLR, data.AlternatingFlip:
		flip := graph.Reshape(graph.Equal(choices, graph.OnesLike(choices)), -1, 1, 1, 1)
		flip = graph.BroadcastToDims(flip, images.Shape().Dimensions...)
		return graph.Where(flip, graph.Reverse(images, 2), images)
	case data.Cutout:
		return cutout(a, images, choices)
	case data.Erasing:
		return erasing(a, images, choices)
	case data.ResizedCrop:
		return resizedCrop(a, images, choices)
	case data.Rotation:
		return rotation(a, images, choices)
	case data.ColourJitter:
		return colourJitter(a, images, choices)
	case data.Greyscale:
		return greyscale(a, images, choices)
	}
	panic(fmt.Errorf("graphs: augment.go has no case for a %T", a))
}

// ReflectPad pads images [n, height, width, channels] by pad pixels on each side, mirrored without
// repeating the edge: [n, height+2·pad, width+2·pad, channels].
func ReflectPad(images *graph.Node, pad int) *graph.Node {
	if pad == 0 {
		return images
	}
	for axis := 1; axis <= 2; axis++ {
		size := images.Shape().Dim(axis)
		before := graph.Reverse(graph.SliceAxis(images, axis, graph.AxisRange(1, pad+1)), axis)
		after := graph.Reverse(graph.SliceAxis(images, axis, graph.AxisRange(size-pad-1, size-1)), axis)
		images = graph.Concatenate([]*graph.Node{before, images, after}, axis)
	}
	return images
}

// CropAt gathers a batch of windows from images [n, ...]: element i is the height x width window of
// image rows[i] with its corner at corners[i] = (y, x). rows is [batch] int32, corners [batch, 2] int32;
// the result [batch, height, width, channels].
func CropAt(images, rows, corners *graph.Node, height, width int) *graph.Node {
	start := graph.Concatenate([]*graph.Node{graph.Reshape(rows, -1, 1), corners}, 1)
	windows := graph.GatherSlices(images, []int{0, 1, 2}, start, []int{1, height, width}, false)
	return graph.Reshape(windows, rows.Shape().Dim(0), height, width, images.Shape().Dim(3))
}

func cutout(c data.Cutout, images, corners *graph.Node) *graph.Node {
	g, dims := images.Graph(), images.Shape().Dimensions
	inside := func(axis, corner, size int) *graph.Node {
		position := graph.Iota(g, shapes.Make(dtypes.Int32, 1, dims[1], dims[2], 1), axis)
		start := graph.Reshape(graph.SliceAxis(corners, 1, graph.AxisElem(corner)), -1, 1, 1, 1)
		offset := graph.Sub(graph.BroadcastToDims(position, dims[0], dims[1], dims[2], 1),
			graph.BroadcastToDims(start, dims[0], dims[1], dims[2], 1))
		return graph.LogicalAnd(
			graph.GreaterOrEqual(offset, graph.Scalar(g, dtypes.Int32, 0)),
			graph.LessThan(offset, graph.Scalar(g, dtypes.Int32, size)))
	}
	hole := graph.LogicalAnd(inside(1, 0, c.Height), inside(2, 1, c.Width))
	return graph.Where(graph.BroadcastToDims(hole, dims...), graph.ZerosLike(images), images)
}
