package graphs

import (
	"slices"

	"github.com/fastresnet/fastresnet/layers"
	"github.com/gomlx/gomlx/core/graph"
)

// apply compares the window's positions one after the other: a comparison sends the gradient to one
// side only, where a reduction's gradient would go to every tie.
func maxPool(p layers.MaxPool, x *graph.Node) *graph.Node {
	dims := slices.Clone(x.Shape().Dimensions)
	for axis := 1; axis <= 2; axis++ {
		if rest := dims[axis] % p.Size; rest > 0 {
			dims[axis] -= rest
			x = graph.SliceAxis(x, axis, graph.AxisRange(0, dims[axis]))
		}
	}
	windows := graph.Reshape(x, dims[0], dims[1]/p.Size, p.Size, dims[2]/p.Size, p.Size, dims[3])
	var y *graph.Node
	for i := range p.Size * p.Size {
		at := graph.Reshape(
			graph.Slice(windows, graph.AxisRange(), graph.AxisRange(), graph.AxisElem(i/p.Size), graph.AxisRange(), graph.AxisElem(i%p.Size)),
			dims[0], dims[1]/p.Size, dims[2]/p.Size, dims[3])
		if y == nil {
			y = at
		} else {
			y = graph.Where(graph.GreaterOrEqual(y, at), y, at)
		}
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
	return graph.Reshape(graph.ReduceMean(x, 1, 2), x.Shape().Dim(0), 1, 1, x.Shape().Dim(3))
}

func globalMaxMeanPool(x *graph.Node) *graph.Node {
	return graph.Concatenate([]*graph.Node{globalMaxPool(x), globalMeanPool(x)}, 3)
}
