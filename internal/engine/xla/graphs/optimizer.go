package graphs

import (
	"fmt"
	"math"

	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// Step is a step of an optimizer on one variable. Weight, Velocity and Gradient have one shape and are float32, of two axes
// at least for [engine.Muon]; Rate and Rescale, above 0 for true, are float32 scalars: see [engine.Move].
type Step struct {
	Optimizer                  engine.Optimizer
	Weight, Velocity, Gradient *graph.Node
	Rate, Rescale              *graph.Node
}

// Move takes steps, and returns the weights and the velocities after them. dtype is what Muon's matrix products compute in,
// for which bfloat16 is enough.
func Move(dtype dtypes.DType, steps []Step) (weights, velocities []*graph.Node) {
	weights, velocities = make([]*graph.Node, len(steps)), make([]*graph.Node, len(steps))
	var shapes []bankShape // in their order: the same steps make the same program
	banks := map[bankShape][]int{}
	for i, s := range steps {
		switch o := s.Optimizer.(type) {
		case engine.Nesterov:
			weights[i], velocities[i] = nesterov(o, s)
		case engine.SGD:
			weights[i], velocities[i] = sgd(o, s)
		case engine.Muon:
			velocities[i] = graph.Add(graph.MulScalar(s.Velocity, o.Momentum), s.Gradient)
			shape := bankShape{s.Weight.Shape().Dim(0), s.Weight.Shape().Size() / s.Weight.Shape().Dim(0), o}
			if banks[shape] == nil {
				shapes = append(shapes, shape)
			}
			banks[shape] = append(banks[shape], i)
		default:
			panic(fmt.Errorf("graphs: optimizer.go has no case for a %T", s.Optimizer))
		}
	}
	for _, shape := range shapes {
		var sums []*graph.Node
		places := banks[shape]
		for _, i := range places {
			sums = append(sums, graph.Add(steps[i].Gradient, graph.MulScalar(velocities[i], shape.Momentum)))
		}
		for k, update := range orthogonal(shape, sums, dtype) {
			weights[places[k]] = muon(shape.Muon, steps[places[k]], update)
		}
	}
	return weights, velocities
}

// bankShape is what filter banks have in common that are made orthogonal together.
type bankShape struct {
	rows, columns int
	engine.Muon
}

func nesterov(o engine.Nesterov, s Step) (weight, velocity *graph.Node) {
	d := graph.Neg(graph.Mul(s.Rate, graph.Add(s.Gradient, graph.MulScalar(s.Weight, o.WeightDecay))))
	velocity = graph.Add(graph.MulScalar(s.Velocity, o.Momentum), d)
	weight = graph.Add(s.Weight, graph.Add(d, graph.MulScalar(velocity, o.Momentum)))
	return weight, velocity
}

func sgd(o engine.SGD, s Step) (weight, velocity *graph.Node) {
	gradient := graph.Add(s.Gradient, graph.MulScalar(s.Weight, o.WeightDecay))
	velocity = graph.Add(graph.MulScalar(s.Velocity, o.Momentum), gradient)
	update := graph.Add(gradient, graph.MulScalar(velocity, o.Momentum))
	return graph.Sub(s.Weight, graph.Mul(s.Rate, update)), velocity
}

// muon is the weight after a step by an orthogonal update.
func muon(o engine.Muon, s Step, update *graph.Node) *graph.Node {
	scale := graph.MulScalar(graph.Reciprocal(frobenius(s.Weight)), math.Sqrt(float64(s.Weight.Shape().Dim(0))))
	scale = graph.Where(graph.GreaterThan(s.Rescale, graph.ZerosLike(s.Rescale)), scale, graph.OnesLike(scale))
	weight := graph.Sub(graph.Mul(s.Weight, scale), graph.Mul(s.Rate, update))
	return graph.Mul(weight, graph.OneMinus(graph.MulScalar(s.Rate, o.WeightDecay)))
}

// orthogonal brings the singular values of filter banks of one shape near 1, as [engine.Muon] says: in products of all
// banks at once, which are fewer programs to start on a GPU than those of each bank.
func orthogonal(shape bankShape, banks []*graph.Node, dtype dtypes.DType) []*graph.Node {
	matrices := make([]*graph.Node, len(banks))
	tall := shape.rows > shape.columns
	for i, bank := range banks {
		x := graph.Reshape(bank, shape.rows, shape.columns)
		x = graph.ConvertDType(graph.Div(x, graph.AddScalar(frobenius(x), engine.NormFloor)), dtype)
		if tall { // the products are of the shorter side
			x = graph.Transpose(x, 0, 1)
		}
		matrices[i] = x
	}
	x := graph.Stack(matrices, 0)
	for range engine.NewtonSchulzSteps {
		squares := graph.Einsum("bij,bkj->bik", x, x) // x·xᵀ
		fourths := graph.Einsum("bij,bjk->bik", squares, squares)
		factor := graph.Add(graph.MulScalar(squares, shape.Polynomial[1]), graph.MulScalar(fourths, shape.Polynomial[2]))
		x = graph.Add(graph.MulScalar(x, shape.Polynomial[0]), graph.Einsum("bij,bjk->bik", factor, x))
	}
	updates := make([]*graph.Node, len(banks))
	for i, bank := range banks {
		x := graph.Squeeze(graph.SliceAxis(x, 0, graph.AxisElem(i)), 0)
		if tall {
			x = graph.Transpose(x, 0, 1)
		}
		updates[i] = graph.Reshape(graph.ConvertDType(x, dtypes.Float32), bank.Shape().Dimensions...)
	}
	return updates
}

func frobenius(x *graph.Node) *graph.Node {
	return graph.Sqrt(graph.ReduceAllSum(graph.Square(x)))
}

// MoveAverage is a moving average after it has moved towards value, and kept a share of itself, a scalar. All are float32,
// and the first two have one shape.
func MoveAverage(average, value, keep *graph.Node) *graph.Node {
	return graph.Add(graph.Mul(average, keep), graph.Mul(value, graph.OneMinus(keep)))
}
