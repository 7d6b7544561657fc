package optim

import (
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// Muon moves a filter bank by its gradient with all singular values brought near 1
// (https://kellerjordan.github.io/posts/muon), so that every direction of the weights learns at the same pace:
//
//	v ← momentum·v + g;  w ← w·√out/‖w‖ - rate·orthogonal(g + momentum·v)
//
// The bank, [out, ...], is a matrix of out rows; ‖·‖ is the Frobenius norm.
type Muon struct {
	// Momentum is the share of the velocity that is kept each step, in Nesterov's form.
	Momentum float64
	// DType is what the matrix products compute in: bfloat16 is enough.
	DType dtypes.DType
}

// newtonSchulzSteps is how often the polynomial is applied: it brings singular values from a fiftieth of the norm
// upwards to between 0.68 and 1.21, which is near enough.
const newtonSchulzSteps = 3

// Step implements [Optimizer], for variables of two axes at least.
func (o Muon) Step(weight, velocity, gradient, rate *graph.Node) (newWeight, newVelocity *graph.Node) {
	newVelocity = graph.Add(graph.MulScalar(velocity, o.Momentum), gradient)
	update := o.orthogonal(graph.Add(gradient, graph.MulScalar(newVelocity, o.Momentum)))
	out := float64(weight.Shape().Dim(0))
	weight = graph.Mul(weight, graph.MulScalar(graph.Reciprocal(frobenius(weight)), math.Sqrt(out)))
	return graph.Sub(weight, graph.Mul(rate, update)), newVelocity
}

// orthogonal applies p(s) = 3.4445·s - 4.7750·s³ + 2.0315·s⁵ to the singular values of a bank divided by its
// norm, newtonSchulzSteps times, by matrix products alone.
func (o Muon) orthogonal(bank *graph.Node) *graph.Node {
	const a, b, c = 3.4445, -4.7750, 2.0315
	shape := bank.Shape()
	x := graph.Reshape(bank, shape.Dim(0), -1)
	x = graph.ConvertDType(graph.Div(x, graph.AddScalar(frobenius(x), 1e-7)), o.DType)
	tall := x.Shape().Dim(0) > x.Shape().Dim(1)
	if tall { // the products are of the shorter side
		x = graph.Transpose(x, 0, 1)
	}
	for range newtonSchulzSteps {
		squares := graph.Dot(x, graph.Transpose(x, 0, 1)).Product() // x·xᵀ
		factor := graph.Add(graph.MulScalar(squares, b), graph.MulScalar(graph.Dot(squares, squares).Product(), c))
		x = graph.Add(graph.MulScalar(x, a), graph.Dot(factor, x).Product())
	}
	if tall {
		x = graph.Transpose(x, 0, 1)
	}
	return graph.Reshape(graph.ConvertDType(x, dtypes.Float32), shape.Dimensions...)
}

func frobenius(x *graph.Node) *graph.Node {
	return graph.Sqrt(graph.ReduceAllSum(graph.Square(x)))
}
