package graphs

import (
	"slices"

	"github.com/fastresnet/fastresnet/layers"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
)

// few is the largest size of a window whose values are compared one by one: of larger ones the comparisons would take long to
// compile.
const few = 4

// maxPool finds the first of the window's places that has the largest value, and takes that: so the gradient goes to it
// alone, where a reduction's would go to every tie.
func maxPool(p layers.MaxPool, x *graph.Node) *graph.Node {
	if p.Size <= few {
		return pick(p, x, largest(p, x))
	}
	w := cut(p, x)
	dims := w.Shape().Dimensions
	places := graph.Reshape(graph.TransposeAllAxes(w, 0, 1, 3, 2, 4, 5), -1, p.Size, p.Size, dims[5])
	return graph.Reshape(globalMaxPool(places), dims[0], dims[1], dims[3], dims[5])
}

// largest are the places of the windows' largest values, the first of several, in row-major order: one byte a window is
// all that the gradient needs of the values.
func largest(p layers.MaxPool, x *graph.Node) (places *graph.Node) {
	values := byPlace(p, x)
	most, first := values[0], place(0, values[0])
	for i, v := range values[1:] {
		stays := graph.GreaterOrEqual(most, v)
		most, first = graph.Where(stays, most, v), graph.Where(stays, first, place(i+1, v))
	}
	return graph.StopGradient(first)
}

// pick takes of each window the value at a place.
func pick(p layers.MaxPool, x, places *graph.Node) *graph.Node {
	values := byPlace(p, x)
	y := values[0]
	for i, v := range values[1:] {
		y = graph.Where(graph.Equal(places, place(i+1, v)), v, y)
	}
	return y
}

// place is a place in a window, for each of the windows whose values are x.
func place(i int, x *graph.Node) *graph.Node {
	return graph.BroadcastToShape(graph.Scalar(x.Graph(), dtypes.Uint8, i), shapes.Make(dtypes.Uint8, x.Shape().Dimensions...))
}

// byPlace are the values at each place of the windows: [batch, height/size, width/size, channels] all.
func byPlace(p layers.MaxPool, x *graph.Node) []*graph.Node {
	w := cut(p, x)
	dims := w.Shape().Dimensions
	values := make([]*graph.Node, p.Size*p.Size)
	for i := range values {
		at := graph.Slice(w, graph.AxisRange(), graph.AxisRange(), graph.AxisElem(i/p.Size), graph.AxisRange(), graph.AxisElem(i%p.Size))
		values[i] = graph.Reshape(at, dims[0], dims[1], dims[3], dims[5])
	}
	return values
}

// cut are the windows: [batch, height/size, size, width/size, size, channels].
func cut(p layers.MaxPool, x *graph.Node) *graph.Node {
	dims := slices.Clone(x.Shape().Dimensions)
	for axis := 1; axis <= 2; axis++ {
		if rest := dims[axis] % p.Size; rest > 0 {
			dims[axis] -= rest
			x = graph.SliceAxis(x, axis, graph.AxisRange(0, dims[axis]))
		}
	}
	return graph.Reshape(x, dims[0], dims[1]/p.Size, p.Size, dims[2]/p.Size, p.Size, dims[3])
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
