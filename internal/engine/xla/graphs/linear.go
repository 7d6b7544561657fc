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
		y = graph.Add(y, graph.Reshape(graph.ConvertDType(s.variable(l.Name+"/bias"), x.DType()), 1, -1))
	}
	return graph.Reshape(y, batch, 1, 1, l.Out)
}
