package graphs

import (
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/resample"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
)

// Where pixels come from is computed in float64, as the definitions do, by tables of what depends on few choices: a pixel
// more or less would be another picture.

// choiceAt is number k of every choice, [n, 1, 1] float64.
func choiceAt(choices *graph.Node, k int) *graph.Node {
	return graph.ConvertDType(graph.Reshape(graph.SliceAxis(choices, 1, graph.AxisElem(k)), -1, 1, 1), dtypes.Float64)
}

// looked are the values of a table for each choice, [n, 1, 1] float64.
func looked(table []float64, index *graph.Node) *graph.Node {
	all := graph.Const(index.Graph(), table)
	return graph.Reshape(graph.Gather(all, graph.Reshape(index, -1, 1)), -1, 1, 1)
}

// windows are the parts of images that choices stand for, numbers first and the three after it of each: [n, 1, 1] float64
// each.
func windows(from resample.Windows, image data.Shape, choices *graph.Node, first int) (top, left, height, width *graph.Node) {
	const levels = resample.Levels
	var heights, widths []float64
	for share := range int32(levels) {
		for aspect := range int32(levels) {
			w := from.Of(image.Height, image.Width, []int32{share, aspect, 0, 0})
			heights, widths = append(heights, w.Height), append(widths, w.Width)
		}
	}
	at := func(k int) *graph.Node { return graph.SliceAxis(choices, 1, graph.AxisElem(first+k)) }
	index := graph.Add(graph.MulScalar(at(0), levels), at(1))
	height, width = looked(heights, index), looked(widths, index)
	corner := func(size *graph.Node, length, k int) *graph.Node {
		room := graph.AddScalar(graph.Neg(size), float64(length))
		return graph.DivScalar(graph.Mul(room, choiceAt(choices, first+k)), float64(levels-1))
	}
	return corner(height, image.Height, 2), corner(width, image.Width, 3), height, width
}

// centres are those of the rows, [1, height, 1] float64, or of the columns, [1, 1, width].
func centres(g *graph.Graph, image data.Shape, axis int) *graph.Node {
	dims := []int{1, image.Height, 1}
	if axis == 2 {
		dims = []int{1, 1, image.Width}
	}
	return graph.AddScalar(graph.Iota(g, shapes.Make(dtypes.Float64, dims...), axis), 0.5)
}

func resizedCrop(r data.ResizedCrop, images, choices *graph.Node) *graph.Node {
	g, image := images.Graph(), imageShape(images)
	top, left, height, width := windows(resample.Windows{Least: r.Least, Most: 1, Aspect: r.Aspect}, image, choices, 0)
	y := graph.Add(top, graph.DivScalar(graph.Mul(centres(g, image, 1), height), float64(image.Height)))
	x := graph.Add(left, graph.DivScalar(graph.Mul(centres(g, image, 2), width), float64(image.Width)))
	return sample(images, y, x)
}

func rotation(r data.Rotation, images, choices *graph.Node) *graph.Node {
	g, image := images.Graph(), imageShape(images)
	var sines, cosines []float64
	for choice := range int32(resample.Levels) {
		sin, cos := resample.Angle(choice, r.Degrees)
		sines, cosines = append(sines, sin), append(cosines, cos)
	}
	sin, cos := looked(sines, choices), looked(cosines, choices)
	centreY, centreX := float64(image.Height)/2, float64(image.Width)/2
	y, x := graph.AddScalar(centres(g, image, 1), -centreY), graph.AddScalar(centres(g, image, 2), -centreX)
	return sample(images,
		graph.Sub(graph.AddScalar(graph.Mul(cos, y), centreY), graph.Mul(sin, x)),
		graph.Add(graph.AddScalar(graph.Mul(sin, y), centreX), graph.Mul(cos, x)))
}

// imageShape is that of each of the images.
func imageShape(images *graph.Node) data.Shape {
	dims := images.Shape().Dimensions
	return data.Shape{Height: dims[1], Width: dims[2], Channels: dims[3]}
}

// sample takes the pixels of images [n, height, width, channels] at places y and x, float64 in pixels, each [n or 1,
// height or 1, width or 1]: interpolated between the centres, and beyond an edge reflected in it.
func sample(images, y, x *graph.Node) *graph.Node {
	dims := images.Shape().Dimensions
	n, height, width := dims[0], dims[1], dims[2]
	split := func(at *graph.Node, length int) (before, after, between *graph.Node) {
		at = graph.BroadcastToDims(graph.AddScalar(at, -0.5), n, height, width)
		first := graph.Floor(at)
		between = graph.Reshape(graph.ConvertDType(graph.Sub(at, first), dtypes.Float32), n, height, width, 1)
		whole := graph.ConvertDType(first, dtypes.Int32)
		return within(whole, length), within(graph.AddScalar(whole, 1), length), between
	}
	topRow, bottomRow, down := split(y, height)
	leftColumn, rightColumn, right := split(x, width)
	image := graph.Iota(images.Graph(), shapes.Make(dtypes.Int32, n, height, width), 0)
	pixel := func(row, column *graph.Node) *graph.Node {
		return graph.Gather(images, graph.Stack([]*graph.Node{image, row, column}, 3))
	}
	mixed := func(a, b, share *graph.Node) *graph.Node {
		share = graph.BroadcastToDims(share, dims...)
		return graph.Add(graph.Mul(a, graph.OneMinus(share)), graph.Mul(b, share))
	}
	above := mixed(pixel(topRow, leftColumn), pixel(topRow, rightColumn), right)
	below := mixed(pixel(bottomRow, leftColumn), pixel(bottomRow, rightColumn), right)
	return mixed(above, below, down)
}

// within is the pixel of length ones that is at i, int32, or whose reflection is, once or more.
func within(i *graph.Node, length int) *graph.Node {
	if length == 1 {
		return graph.ZerosLike(i)
	}
	period := int32(2 * (length - 1))
	i = graph.Rem(graph.Abs(i), graph.BroadcastToDims(graph.Scalar(i.Graph(), dtypes.Int32, period), i.Shape().Dimensions...))
	return graph.Min(i, graph.AddScalar(graph.Neg(i), period))
}

func erasing(e data.Erasing, images, choices *graph.Node) *graph.Node {
	g, image, dims := images.Graph(), imageShape(images), images.Shape().Dimensions
	top, left, height, width := windows(resample.Windows{Least: e.Least, Most: e.Most, Aspect: e.Aspect}, image, choices, 1)
	inside := func(axis int, start, size *graph.Node) *graph.Node {
		round := func(v *graph.Node) *graph.Node { return graph.Floor(graph.AddScalar(v, 0.5)) }
		at := graph.AddScalar(centres(g, image, axis), -0.5)
		out := []int{dims[0], dims[1], dims[2]}
		at = graph.BroadcastToDims(at, out...)
		return graph.LogicalAnd(
			graph.GreaterOrEqual(at, graph.BroadcastToDims(round(start), out...)),
			graph.LessThan(at, graph.BroadcastToDims(round(graph.Add(start, size)), out...)))
	}
	hole := graph.LogicalAnd(inside(1, top, height), inside(2, left, width))
	hole = graph.LogicalAnd(hole, graph.BroadcastToDims(chosen(choices, e.Percent), dims[0], dims[1], dims[2]))
	return graph.Where(graph.BroadcastToDims(graph.Reshape(hole, dims[0], dims[1], dims[2], 1), dims...), graph.ZerosLike(images), images)
}

// chosen says of each image whether the first number of its choice is below a percentage: [n, 1, 1].
func chosen(choices *graph.Node, percent int) *graph.Node {
	first := graph.Reshape(graph.SliceAxis(choices, 1, graph.AxisElem(0)), -1, 1, 1)
	return graph.LessThan(first, graph.BroadcastToDims(graph.Scalar(first.Graph(), dtypes.Int32, percent), first.Shape().Dimensions...))
}

func colourJitter(j data.ColourJitter, images, choices *graph.Node) *graph.Node {
	dims := images.Shape().Dimensions
	number := func(k int, least, most float64) *graph.Node {
		v := graph.AddScalar(graph.DivScalar(graph.MulScalar(choiceAt(choices, k), most-least), float64(resample.Levels-1)), least)
		return graph.BroadcastToDims(graph.Reshape(graph.ConvertDType(v, dtypes.Float32), -1, 1, 1, 1), dims...)
	}
	images = graph.Add(images, number(0, -j.Brightness, j.Brightness))
	centre := graph.ZerosLike(images)
	if !j.AboutZero {
		centre = graph.BroadcastToDims(graph.Reshape(graph.ReduceMean(images, 1, 2, 3), -1, 1, 1, 1), dims...)
	}
	images = graph.Add(centre, graph.Mul(number(1, 1-j.Contrast, 1+j.Contrast), graph.Sub(images, centre)))
	grey := greyOf(images)
	return graph.Add(grey, graph.Mul(number(2, 1-j.Saturation, 1+j.Saturation), graph.Sub(images, grey)))
}

func greyscale(s data.Greyscale, images, choices *graph.Node) *graph.Node {
	dims := images.Shape().Dimensions
	grey := graph.BroadcastToDims(graph.Reshape(chosen(choices, s.Percent), -1, 1, 1, 1), dims...)
	return graph.Where(grey, greyOf(images), images)
}

// greyOf are images whose channels all are their mean.
func greyOf(images *graph.Node) *graph.Node {
	dims := images.Shape().Dimensions
	return graph.BroadcastToDims(graph.Reshape(graph.ReduceMean(images, 3), dims[0], dims[1], dims[2], 1), dims...)
}
