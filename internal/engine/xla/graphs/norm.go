package graphs

import (
	"github.com/fastresnet/fastresnet/layers"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// batchNorm takes the moments of x, and returns what normalises any of its values.
//
// It sees the batch as [batch/groups, groups, height, width, channels], so that an image's group is its place modulo
// groups. What is known of a channel is [1, groups, 1, 1, channels] float32; in evaluation there is one group.
func batchNorm(b layers.BatchNorm, x *graph.Node, s *Scope) (normalise func(x *graph.Node) *graph.Node) {
	channels := func(name string) *graph.Node { return graph.Reshape(s.variable(b.Name+"/"+name), 1, 1, 1, 1, -1) }
	mean, variance := channels("mean"), channels("variance")
	epsilon, momentum := b.Constants()
	ofBatch := s.Training && !s.Frozen[b.Name]
	groups := 1
	if ofBatch {
		groups = max(1, b.Groups)
	}
	running, shift := mean, channels("bias")
	distance := func(x *graph.Node) *graph.Node {
		dims := x.Shape().Dimensions
		x = graph.Reshape(x, -1, groups, dims[1], dims[2], dims[3])
		if !b.LowPrecision {
			x = graph.ConvertDType(x, dtypes.Float32)
		}
		return graph.Sub(x, perChannel(running, x))
	}
	if ofBatch {
		mean, variance = moments(distance(x), running)
		n := float64(x.Shape().Size() / variance.Shape().Size())
		unbiased := graph.MulScalar(variance, n/max(n-1, 1))
		s.update(b.Name+"/mean", towards(s.variable(b.Name+"/mean"), mean, momentum))
		s.update(b.Name+"/variance", towards(s.variable(b.Name+"/variance"), unbiased, momentum))
	}
	gain := graph.Reciprocal(graph.Sqrt(graph.AddScalar(variance, epsilon)))
	if !b.FrozenScale {
		gain = graph.Mul(channels("scale"), gain)
	}
	// Not from the mean itself: its gradient would be one more sum over x, though it's one of those of gain and shift.
	shift = graph.Add(shift, graph.Mul(graph.Sub(running, mean), gain))
	return func(x *graph.Node) *graph.Node {
		y := distance(x)
		y = graph.Add(graph.Mul(y, perChannel(gain, y)), perChannel(shift, y))
		return graph.ConvertDType(graph.Reshape(y, x.Shape().Dimensions...), x.DType())
	}
}

// normBefore is a norm in front of a pool, with what computes each value from one between them, and the pool. It picks from
// x what will be the largest, and computes that alone: so the sums of the norm's gradient are over what the pool passes on,
// a quarter of x or less, and the gradient behind the pool is computed where that of x is, and nowhere in memory.
func normBefore(p layers.MaxPool, b layers.BatchNorm, between []layers.Layer, x *graph.Node, s *Scope) *graph.Node {
	normalise := batchNorm(b, x, s)
	compute := func(x *graph.Node) *graph.Node { return sequence(between, normalise(x), s) }
	return compute(pick(p, x, largest(p, compute(x))))
}

// moments are the mean and the biased variance of each channel of each group, by one pass over the distances to the
// running mean: from their sums, and those of their squares. Of distances to 0 the difference of the two would lose the
// variance of a mean that is far from 0; of these it does until the running mean has come near. Rounding may bring it below
// 0 where a channel does not vary.
func moments(distance, running *graph.Node) (mean, variance *graph.Node) {
	distance = graph.ConvertDType(distance, dtypes.Float32)
	first := graph.ReduceAndKeep(distance, graph.ReduceMean, 0, 2, 3)
	second := graph.ReduceAndKeep(graph.Square(distance), graph.ReduceMean, 0, 2, 3)
	return graph.Add(first, running), graph.MaxScalar(graph.Sub(second, graph.Square(first)), 0)
}

// towards moves a running statistic [channels] by momentum towards the mean of the groups', outside of the gradient.
func towards(running, groups *graph.Node, momentum float64) *graph.Node {
	batch := graph.ReduceMean(graph.StopGradient(groups), 0, 1, 2, 3)
	return graph.Add(graph.MulScalar(running, 1-momentum), graph.MulScalar(batch, momentum))
}

// perChannel gives what is known of x's channels the shape and the type of x: the shape first, so that the gradient is
// summed up in float32 whatever x is.
func perChannel(v, x *graph.Node) *graph.Node {
	return graph.ConvertDType(graph.BroadcastToDims(v, x.Shape().Dimensions...), x.DType())
}
