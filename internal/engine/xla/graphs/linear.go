package graphs

import (
	"github.com/fastresnet/fastresnet/layers"
	"github.com/gomlx/gomlx/core/graph"
)

func linear(l layers.Linear, x *graph.Node, s *Scope) *graph.Node {
	batch := x.Shape().Dim(0)
	w := graph.ConvertDType(s.variable(l.Name+"/weight"), x.DType())
	y := graph.Dot(graph.Reshape(x, batch, -1), graph.Transpose(w, 0, 1)).Product()
	if l.Bias {
		y = addBias(y, s.variable(l.Name+"/bias"))
	}
	return graph.Reshape(y, batch, 1, 1, l.Out)
}

// addBias adds a bias [channels] to x [..., channels]. It adds in float32, since the bias's gradient is a sum over all the
// rest of x, and would be one of as few bits as x has.
func addBias(x, bias *graph.Node) *graph.Node {
	dims := make([]int, x.Rank()) // all of 1 but for the last
	for i := range dims {
		dims[i] = 1
	}
	dims[len(dims)-1] = -1
	sum := graph.Add(graph.ConvertDType(x, bias.DType()), graph.Reshape(bias, dims...))
	return graph.ConvertDType(sum, x.DType())
}
