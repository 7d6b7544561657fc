package graphs

import (
	"slices"

	"github.com/fastresnet/fastresnet/layers"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
)

// maxPool finds the first of the window's positions that has the largest value, and takes that: so the gradient goes to it
// alone, where a reduction's would go to every tie. One byte an output is then all that the gradient needs of the values.
func maxPool(p layers.MaxPool, x *graph.Node) *graph.Node {
	dims := slices.Clone(x.Shape().Dimensions)
	for axis := 1; axis <= 2; axis++ {
		if rest := dims[axis] % p.Size; rest > 0 {
			dims[axis] -= rest
			x = graph.SliceAxis(x, axis, graph.AxisRange(0, dims[axis]))
		}
	}
	height, width, channels := dims[1]/p.Size, dims[2]/p.Size, dims[3]
	windows := graph.Reshape(x, dims[0], height, p.Size, width, p.Size, channels)
	const few = 4 // of larger windows the comparisons would take long to compile
	if p.Size > few {
		windows = graph.TransposeAllAxes(windows, 0, 1, 3, 2, 4, 5)
		return graph.Reshape(globalMaxPool(graph.Reshape(windows, -1, p.Size, p.Size, channels)), dims[0], height, width, channels)
	}
	positions := make([]*graph.Node, p.Size*p.Size)
	for i := range positions {
		positions[i] = graph.Reshape(
			graph.Slice(windows, graph.AxisRange(), graph.AxisRange(), graph.AxisElem(i/p.Size), graph.AxisRange(), graph.AxisElem(i%p.Size)),
			dims[0], height, width, channels)
	}
	at := func(i int) *graph.Node {
		return graph.BroadcastToShape(graph.Scalar(x.Graph(), dtypes.Uint8, i), shapes.Make(dtypes.Uint8, positions[0].Shape().Dimensions...))
	}
	most, first := positions[0], at(0)
	for i, value := range positions[1:] {
		stays := graph.GreaterOrEqual(most, value)
		most, first = graph.Where(stays, most, value), graph.Where(stays, first, at(i+1))
	}
	first = graph.StopGradient(first)
	y := positions[0]
	for i, value := range positions[1:] {
		y = graph.Where(graph.Equal(first, at(i+1)), value, y)
	}
	return y
}

func globalMaxPool(x *graph.Node) *graph.Node {
	dims := x.Shape().Dimensions
	flat := graph.Reshape(x, dims[0], -1, dims[3])
	positions := flat.Shape().Dim(1)
	first := graph.StopGradient(graph.ArgMax(flat, 1)) // [batch, channels]
	mask := graph.OneHot(first, positions, x.DType())  // [batch, channels, positions]
	picked := graph.ReduceSum(graph.Mul(flat, graph.TransposeAllAxes(mask, 0, 2, 1)), 1)
	return graph.Reshape(picked, dims[0], 1, 1, dims[3])
}

func globalMeanPool(x *graph.Node) *graph.Node {
	mean := graph.ReduceMean(graph.ConvertDType(x, dtypes.Float32), 1, 2)
	return graph.Reshape(graph.ConvertDType(mean, x.DType()), x.Shape().Dim(0), 1, 1, x.Shape().Dim(3))
}

func globalMaxMeanPool(x *graph.Node) *graph.Node {
	return graph.Concatenate([]*graph.Node{globalMaxPool(x), globalMeanPool(x)}, 3)
}
