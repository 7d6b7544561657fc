package engine

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// crossEntropy is the softmax cross-entropy summed over the batch: logits [batch, classes] float32,
// labels [batch] int32, result a scalar. The share smoothing of each target is spread evenly over all
// classes (https://arxiv.org/abs/1512.00567).
func crossEntropy(logits, labels *graph.Node, smoothing float64) *graph.Node {
	classes := logits.Shape().Dim(1)
	target := graph.OneHot(labels, classes, dtypes.Float32)
	if smoothing > 0 {
		target = graph.AddScalar(graph.MulScalar(target, 1-smoothing), smoothing/float64(classes))
	}
	return graph.Neg(graph.ReduceAllSum(graph.Mul(target, graph.LogSoftmax(logits, -1))))
}

// The running metrics of an epoch live on the device as one vector, read back once at its end.
const (
	metricLoss     = iota // sum of the examples' losses
	metricHits            // number of examples classified right
	metricDiverged        // first step whose loss was not finite, or -1
	numMetrics
)

// accumulate adds a step to the metrics [numMetrics] float32; step is an int32 scalar. Logits that are not all finite
// are no hit, whatever their class would be.
func accumulate(metrics, loss, logits, labels, step *graph.Node) *graph.Node {
	right := graph.LogicalAnd(graph.Equal(graph.ArgMax(logits, 1), labels), graph.LogicalAll(graph.IsFinite(logits), 1))
	hits := graph.ReduceAllSum(graph.ConvertDType(right, dtypes.Float32))
	at := func(i int) *graph.Node {
		return graph.Reshape(graph.SliceAxis(metrics, 0, graph.AxisElem(i)))
	}
	first := at(metricDiverged)
	isFirst := graph.LogicalAnd(graph.LogicalNot(graph.IsFinite(loss)), graph.LessThan(first, graph.ScalarZero(loss.Graph(), dtypes.Float32)))
	return graph.Stack([]*graph.Node{
		graph.Add(at(metricLoss), loss),
		graph.Add(at(metricHits), hits),
		graph.Where(isFirst, graph.ConvertDType(step, dtypes.Float32), first),
	}, 0)
}
