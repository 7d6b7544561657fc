package layers

import (
	"github.com/fastresnet/fastresnet/data"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

const (
	// Epsilon is added to the variance by batch norm.
	Epsilon = 1e-5
	// Momentum is the weight of a batch's statistics in the running ones.
	Momentum = 0.1
)

// BatchNorm normalises every channel over batch, height and width, then scales and shifts it
// (https://arxiv.org/abs/1502.03167).
//
// In training it uses the batch's mean and biased variance, and moves the running statistics by
// [Momentum] towards the batch's mean and unbiased variance; in evaluation it uses the running ones. It
// computes in float32 whatever the network's precision. Variables, all [channels]: Name/scale (starts at
// 1) and Name/bias (0), trainable; Name/mean (0) and Name/variance (1), running statistics.
type BatchNorm struct{ Name string }

func (b BatchNorm) String() string { return "BatchNorm" }

func (b BatchNorm) resolve(in data.Shape) (resolved, error) {
	dims := []int{in.Channels}
	return resolved{out: in, variables: []Variable{
		{Name: b.Name + "/scale", Dims: dims, Trainable: true, Mean: 1},
		{Name: b.Name + "/bias", Dims: dims, Trainable: true},
		{Name: b.Name + "/mean", Dims: dims},
		{Name: b.Name + "/variance", Dims: dims, Mean: 1},
	}}, nil
}

func (b BatchNorm) apply(x *graph.Node, s *Scope) *graph.Node {
	dtype := x.DType()
	x = graph.ConvertDType(x, dtypes.Float32)
	mean, variance := s.variable(b.Name+"/mean"), s.variable(b.Name+"/variance")
	if s.Training {
		batchMean, batchVariance := moments(x)
		n := float64(x.Shape().Size() / x.Shape().Dim(-1))
		unbiased := graph.MulScalar(batchVariance, n/max(n-1, 1))
		s.update(b.Name+"/mean", towards(mean, batchMean))
		s.update(b.Name+"/variance", towards(variance, unbiased))
		mean, variance = batchMean, batchVariance
	}
	gain := graph.Div(s.variable(b.Name+"/scale"), graph.Sqrt(graph.AddScalar(variance, Epsilon)))
	y := graph.Add(graph.Mul(graph.Sub(x, perChannel(mean)), perChannel(gain)), perChannel(s.variable(b.Name+"/bias")))
	return graph.ConvertDType(y, dtype)
}

// moments are the mean and the biased variance of each channel of x [batch, height, width, channels].
func moments(x *graph.Node) (mean, variance *graph.Node) {
	mean = graph.ReduceMean(x, 0, 1, 2)
	return mean, graph.ReduceMean(graph.Square(graph.Sub(x, perChannel(mean))), 0, 1, 2)
}

// towards moves a running statistic by Momentum towards the batch's, outside of the gradient.
func towards(running, batch *graph.Node) *graph.Node {
	return graph.Add(graph.MulScalar(running, 1-Momentum), graph.MulScalar(graph.StopGradient(batch), Momentum))
}

// perChannel gives v [channels] the rank of an image batch: [1, 1, 1, channels].
func perChannel(v *graph.Node) *graph.Node { return graph.Reshape(v, 1, 1, 1, -1) }
