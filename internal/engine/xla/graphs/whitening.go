package graphs

import (
	"github.com/fastresnet/fastresnet/layers"
	"github.com/gomlx/gomlx/core/graph"
)

func patchWhitening(p layers.PatchWhitening, x *graph.Node, s *Scope) *graph.Node {
	w := graph.ConvertDType(s.variable(p.Name+"/weight"), x.DType())
	var y *graph.Node
	if p.Unpadded {
		y = unpadded(x, w)
	} else {
		y = Convolution(x, w, 1)
	}
	if p.Bias {
		y = addBias(y, s.variable(p.Name+"/bias"))
	}
	return y
}

// unpadded convolves x [batch, height, width, in] with weight [out, kernel, kernel, in] inside the images, as a
// product with their patches: of filters of an even size, GoMLX v0.28's convolution has a gradient to its input
// that is off by a pixel.
func unpadded(x, weight *graph.Node) *graph.Node {
	dims, out, kernel := x.Shape().Dimensions, weight.Shape().Dim(0), weight.Shape().Dim(1)
	height, width := dims[1]-kernel+1, dims[2]-kernel+1
	var values []*graph.Node // of the patches, by row and column
	for row := range kernel {
		for column := range kernel {
			values = append(values, graph.Slice(x, graph.AxisRange(),
				graph.AxisRange(row, row+height), graph.AxisRange(column, column+width), graph.AxisRange()))
		}
	}
	patches := graph.Reshape(graph.Concatenate(values, 3), -1, kernel*kernel*dims[3])
	filters := graph.Transpose(graph.Reshape(weight, out, -1), 0, 1)
	return graph.Reshape(graph.Dot(patches, filters).Product(), dims[0], height, width, out)
}
