package graphs

import (
	"fmt"

	"github.com/fastresnet/fastresnet/layers"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// Scope carries a graph's view of the network's variables through [Apply].
type Scope struct {
	// Training selects batch statistics, and collects the running ones in Updates.
	Training bool
	// DType is what layers compute in, the one that makes the logits too. Batch norm computes in float32 unless it has
	// LowPrecision.
	DType dtypes.DType
	// Variables are float32 nodes by name.
	Variables map[string]*graph.Node
	// Frozen are the names of layers that normalise by running statistics in training, too, and leave those as they are.
	Frozen map[string]bool
	// Updates receives the new running statistics by name when Training.
	Updates map[string]*graph.Node
}

func (s *Scope) variable(name string) *graph.Node { return s.Variables[name] }

func (s *Scope) update(name string, value *graph.Node) {
	if s.Updates == nil {
		s.Updates = map[string]*graph.Node{}
	}
	s.Updates[name] = value
}

// Apply adds a network to the graph of x [batch, height, width, channels], normalised pixels of any
// float DType, and returns the logits [batch, classes] in float32. It panics if the network or the
// scope's variables do not fit.
func Apply(n layers.Network, x *graph.Node, s *Scope) *graph.Node {
	y := sequence(n.Layers, graph.ConvertDType(x, s.DType), s)
	return graph.ConvertDType(graph.Reshape(y, x.Shape().Dim(0), -1), dtypes.Float32)
}

// sequence adds layers one behind the other to the graph of x [batch, height, width, channels] of the scope's DType.
func sequence(all []layers.Layer, x *graph.Node, s *Scope) *graph.Node {
	for len(all) > 0 {
		var done int
		x, done = next(all, x, s)
		all = all[done:]
	}
	return x
}

// next adds the first of the layers, or the first few where they are better computed together, and says how many.
func next(all []layers.Layer, x *graph.Node, s *Scope) (y *graph.Node, done int) {
	switch l := all[0].(type) {
	case layers.Conv:
		if pool, is := pools(all[1:]); is && l.Stride == 1 {
			return convBefore(pool, l, x, s), 1
		}
	case layers.BatchNorm:
		last := 1
		for last < len(all) && pointwise(all[last]) {
			last++
		}
		if pool, is := pools(all[last:]); is && pool.Size <= few {
			return normBefore(pool, l, all[1:last], x, s), last + 1
		}
	}
	return layer(all[0], x, s), 1
}

// pools reports whether the first of the layers is a pool.
func pools(all []layers.Layer) (p layers.MaxPool, is bool) {
	if len(all) > 0 {
		p, is = all[0].(layers.MaxPool)
	}
	return p, is
}

// pointwise reports whether a layer computes each value from one.
func pointwise(l layers.Layer) bool {
	switch l.(type) {
	case layers.ReLU, layers.CELU, layers.GELU, layers.SiLU, layers.Scale:
		return true
	}
	return false
}

func layer(l layers.Layer, x *graph.Node, s *Scope) *graph.Node {
	switch l := l.(type) {
	case layers.Conv:
		return conv(l, x, s)
	case layers.PatchWhitening:
		return patchWhitening(l, x, s)
	case layers.BatchNorm:
		return batchNorm(l, x, s)(x)
	case layers.ReLU:
		return relu(x)
	case layers.CELU:
		return celu(l, x)
	case layers.GELU:
		return gelu(x)
	case layers.SiLU:
		return silu(x)
	case layers.MaxPool:
		return maxPool(l, x)
	case layers.GlobalMaxPool:
		return globalMaxPool(x)
	case layers.GlobalMeanPool:
		return globalMeanPool(x)
	case layers.GlobalMaxMeanPool:
		return globalMaxMeanPool(x)
	case layers.Linear:
		return linear(l, x, s)
	case layers.Scale:
		return scale(l, x)
	case layers.Residual:
		return graph.Add(sequence(l.Shortcut, x, s), sequence(l.Branch, x, s))
	}
	panic(fmt.Errorf("graphs: network.go has no case for a %T", l))
}
