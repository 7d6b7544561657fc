package graphs

import (
	"fmt"
	"math"

	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// Move is a step of an optimiser: the weight and the velocity after it. weight, velocity and gradient have one shape
// and are float32, of two axes at least for [engine.Muon]; rate is a float32 scalar. dtype is what Muon's matrix
// products compute in, for which bfloat16 is enough.
func Move(o engine.Optimizer, dtype dtypes.DType, weight, velocity, gradient, rate *graph.Node) (newWeight, newVelocity *graph.Node) {
	switch o := o.(type) {
	case engine.Nesterov:
		return nesterov(o, weight, velocity, gradient, rate)
	case engine.SGD:
		return sgd(o, weight, velocity, gradient, rate)
	case engine.Muon:
		return muon(o, dtype, weight, velocity, gradient, rate)
	}
	panic(fmt.Errorf("graphs: optimizer.go has no case for a %T", o))
}

func nesterov(o engine.Nesterov, weight, velocity, gradient, rate *graph.Node) (newWeight, newVelocity *graph.Node) {
	d := graph.Neg(graph.Mul(rate, graph.Add(gradient, graph.MulScalar(weight, o.WeightDecay))))
	newVelocity = graph.Add(graph.MulScalar(velocity, o.Momentum), d)
	newWeight = graph.Add(weight, graph.Add(d, graph.MulScalar(newVelocity, o.Momentum)))
	return newWeight, newVelocity
}

func sgd(o engine.SGD, weight, velocity, gradient, rate *graph.Node) (newWeight, newVelocity *graph.Node) {
	gradient = graph.Add(gradient, graph.MulScalar(weight, o.WeightDecay))
	newVelocity = graph.Add(graph.MulScalar(velocity, o.Momentum), gradient)
	update := graph.Add(gradient, graph.MulScalar(newVelocity, o.Momentum))
	return graph.Sub(weight, graph.Mul(rate, update)), newVelocity
}

func muon(o engine.Muon, dtype dtypes.DType, weight, velocity, gradient, rate *graph.Node) (newWeight, newVelocity *graph.Node) {
	newVelocity = graph.Add(graph.MulScalar(velocity, o.Momentum), gradient)
	update := orthogonal(graph.Add(gradient, graph.MulScalar(newVelocity, o.Momentum)), dtype)
	out := float64(weight.Shape().Dim(0))
	weight = graph.Mul(weight, graph.MulScalar(graph.Reciprocal(frobenius(weight)), math.Sqrt(out)))
	return graph.Sub(weight, graph.Mul(rate, update)), newVelocity
}

// orthogonal brings the singular values of a filter bank near 1, as [engine.Muon] says.
func orthogonal(bank *graph.Node, dtype dtypes.DType) *graph.Node {
	shape := bank.Shape()
	x := graph.Reshape(bank, shape.Dim(0), -1)
	x = graph.ConvertDType(graph.Div(x, graph.AddScalar(frobenius(x), engine.NormFloor)), dtype)
	tall := x.Shape().Dim(0) > x.Shape().Dim(1)
	if tall { // the products are of the shorter side
		x = graph.Transpose(x, 0, 1)
	}
	for range engine.NewtonSchulzSteps {
		squares := graph.Dot(x, graph.Transpose(x, 0, 1)).Product() // x·xᵀ
		fourths := graph.Dot(squares, squares).Product()
		factor := graph.Add(graph.MulScalar(squares, engine.NewtonSchulzB), graph.MulScalar(fourths, engine.NewtonSchulzC))
		x = graph.Add(graph.MulScalar(x, engine.NewtonSchulzA), graph.Dot(factor, x).Product())
	}
	if tall {
		x = graph.Transpose(x, 0, 1)
	}
	return graph.Reshape(graph.ConvertDType(x, dtypes.Float32), shape.Dimensions...)
}

func frobenius(x *graph.Node) *graph.Node {
	return graph.Sqrt(graph.ReduceAllSum(graph.Square(x)))
}

// MoveAverage is a moving average after it has moved towards value; both have one shape and are float32.
func MoveAverage(a engine.Average, average, value *graph.Node) *graph.Node {
	return graph.Add(graph.MulScalar(average, a.Keep), graph.MulScalar(value, 1-a.Keep))
}
