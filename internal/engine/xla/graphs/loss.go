package graphs

import (
	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
)

// Labels are those of a batch: [batch] int32, and where images are mixed the labels of the others, and how much the
// images' own count, [batch] float32.
type Labels struct{ Own, Others, Shares *graph.Node }

// oneHot are the targets [batch, classes] float32.
func (l Labels) oneHot(classes int) *graph.Node {
	own := graph.OneHot(l.Own, classes, dtypes.Float32)
	if l.Shares == nil {
		return own
	}
	shares := graph.Reshape(l.Shares, l.Shares.Shape().Dim(0), 1)
	others := graph.OneHot(l.Others, classes, dtypes.Float32)
	return graph.Add(graph.Mul(own, shares), graph.Mul(others, graph.OneMinus(shares)))
}

// CrossEntropy is the softmax cross-entropy summed over the batch: logits [batch, classes] float32, result a scalar. The
// share smoothing of each target is spread evenly over all classes (https://arxiv.org/abs/1512.00567). Each class, and its
// part of the smoothing, counts by its weight; nil for 1 each.
func CrossEntropy(logits *graph.Node, labels Labels, smoothing float64, weights []float32) *graph.Node {
	return graph.Neg(graph.ReduceAllSum(weighed(logits, labels, smoothing, weights)))
}

// Losses are those of each image, [batch], which [CrossEntropy] adds up.
func Losses(logits *graph.Node, labels Labels, smoothing float64, weights []float32) *graph.Node {
	return graph.Neg(graph.ReduceSum(weighed(logits, labels, smoothing, weights), 1))
}

// Hardest says which n of a batch's images have the highest losses, of equal ones those that come first: [batch] bool of
// losses [batch].
func Hardest(losses *graph.Node, n int) *graph.Node {
	g, batch := losses.Graph(), losses.Shape().Dim(0)
	square := shapes.Make(losses.DType(), batch, batch)
	own := graph.BroadcastToShape(graph.Reshape(losses, batch, 1), square)
	other := graph.BroadcastToShape(graph.Reshape(losses, 1, batch), square)
	place := func(axis int) *graph.Node { return graph.Iota(g, shapes.Make(dtypes.Int32, batch, batch), axis) }
	first := graph.LogicalAnd(graph.Equal(other, own), graph.LessThan(place(1), place(0)))
	before := graph.LogicalOr(graph.GreaterThan(other, own), first)
	rank := graph.ReduceSum(graph.ConvertDType(before, dtypes.Int32), 1)
	return graph.LessThan(rank, graph.Const(g, int32(n)))
}

// weighed are the logarithms of the classes' probabilities, times what the loss asks for of them: [batch, classes].
func weighed(logits *graph.Node, labels Labels, smoothing float64, weights []float32) *graph.Node {
	classes := logits.Shape().Dim(1)
	target := labels.oneHot(classes)
	if smoothing > 0 {
		target = graph.AddScalar(graph.MulScalar(target, 1-smoothing), smoothing/float64(classes))
	}
	if weights != nil {
		target = graph.Mul(target, graph.Const(logits.Graph(), [][]float32{weights}))
	}
	return graph.Mul(target, graph.LogSoftmax(logits, -1))
}

// Accumulate adds a step to the metrics [engine.NumMetrics] float32; step is an int32 scalar. Logits that are not all
// finite are no hit, whatever their class would be.
func Accumulate(metrics, loss, logits, labels, step *graph.Node) *graph.Node {
	right := graph.LogicalAnd(graph.Equal(graph.ArgMax(logits, 1), labels), graph.LogicalAll(graph.IsFinite(logits), 1))
	hits := graph.ReduceAllSum(graph.ConvertDType(right, dtypes.Float32))
	at := func(i int) *graph.Node {
		return graph.Reshape(graph.SliceAxis(metrics, 0, graph.AxisElem(i)))
	}
	first := at(engine.MetricDiverged)
	isFirst := graph.LogicalAnd(graph.LogicalNot(graph.IsFinite(loss)), graph.LessThan(first, graph.ScalarZero(loss.Graph(), dtypes.Float32)))
	return graph.Stack([]*graph.Node{
		graph.Add(at(engine.MetricLoss), loss),
		graph.Add(at(engine.MetricHits), hits),
		graph.Where(isFirst, graph.ConvertDType(step, dtypes.Float32), first),
	}, 0)
}
