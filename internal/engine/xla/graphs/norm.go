package graphs

import (
	"github.com/fastresnet/fastresnet/layers"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// apply sees the batch as [batch/groups, groups, height, width, channels], so that an image's group is its
// place modulo groups. Statistics are [groups, channels]; in evaluation there is one group.
func batchNorm(b layers.BatchNorm, x *graph.Node, s *Scope) *graph.Node {
	shape, dtype := x.Shape(), x.DType()
	if !b.LowPrecision {
		x = graph.ConvertDType(x, dtypes.Float32)
	}
	variable := func(name string) *graph.Node { return s.variable(b.Name + "/" + name) }
	mean, variance := variable("mean"), variable("variance")
	epsilon, momentum := b.Constants()
	ofBatch := s.Training && !s.Frozen[b.Name]
	groups := 1
	if ofBatch {
		groups = max(1, b.Groups)
	}
	x = graph.Reshape(x, -1, groups, shape.Dim(1), shape.Dim(2), shape.Dim(3))
	if ofBatch {
		batchMean, batchVariance := moments(x)
		n := float64(x.Shape().Size() / groups / x.Shape().Dim(-1))
		unbiased := graph.MulScalar(batchVariance, n/max(n-1, 1))
		s.update(b.Name+"/mean", towards(mean, batchMean, momentum))
		s.update(b.Name+"/variance", towards(variance, unbiased, momentum))
		mean, variance = batchMean, batchVariance
	}
	gain := graph.Reciprocal(graph.Sqrt(graph.AddScalar(perChannel(variance, x), epsilon)))
	if !b.FrozenScale {
		gain = graph.Mul(perChannel(variable("scale"), x), gain)
	}
	y := graph.Add(graph.Mul(graph.Sub(x, perChannel(mean, x)), gain), perChannel(variable("bias"), x))
	return graph.ConvertDType(graph.Reshape(y, shape.Dimensions...), dtype)
}

// moments are the mean and the biased variance of each channel of each group of x [batch/groups, groups,
// height, width, channels]: [groups, channels]. The variance's gradient does not pass through its mean: that part
// is the sum of the deviations, which is 0, and would cost one more reduction over x.
func moments(x *graph.Node) (mean, variance *graph.Node) {
	mean = graph.ReduceMean(x, 0, 2, 3)
	deviation := graph.Sub(x, perChannel(graph.StopGradient(mean), x))
	return mean, graph.ReduceMean(graph.Square(deviation), 0, 2, 3)
}

// towards moves a running statistic [channels] by momentum towards the mean of the groups' [groups,
// channels], outside of the gradient.
func towards(running, groups *graph.Node, momentum float64) *graph.Node {
	batch := graph.ReduceMean(graph.ConvertDType(graph.StopGradient(groups), running.DType()), 0)
	return graph.Add(graph.MulScalar(running, 1-momentum), graph.MulScalar(batch, momentum))
}

// perChannel gives v, [channels] or [groups, channels], the rank and the type of x [batch/groups, groups,
// height, width, channels].
func perChannel(v, x *graph.Node) *graph.Node {
	groups := v.Shape().Size() / v.Shape().Dim(-1)
	return graph.ConvertDType(graph.Reshape(v, 1, groups, 1, 1, -1), x.DType())
}
