package cpu

import (
	"math"

	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/internal/engine/cpu/kernels"
)

// Muon is one step of [engine.Muon], which says what it does.
type Muon struct {
	engine.Muon
	Rate    float32
	Rescale bool
}

// update moves a filter bank w, a matrix of rows rows, and its velocities v by the gradients g. It computes with kernels
// in memory of an arena.
func (m Muon) update(k *kernels.Set, lent *arena, w, v, g []float32, rows int) {
	bank := newMatrix(k, lent, rows, len(w)/rows)
	defer bank.giveBack()
	momentum, after, scale := float32(m.Momentum), 1-m.Rate*float32(m.WeightDecay), float32(1)
	if m.Rescale {
		scale = float32(math.Sqrt(float64(rows)) / frobenius(w))
	}
	parallel(rows, func(i int) {
		first := i * bank.columns
		for j, to := 0, bank.row(i); j < len(to); j++ {
			v[first+j] = momentum*v[first+j] + g[first+j]
			to[j] = g[first+j] + momentum*v[first+j]
		}
	})
	bank.orthogonalize(m.Polynomial)
	parallel(rows, func(i int) {
		for j, u := range bank.row(i) {
			at := &w[i*bank.columns+j]
			*at = (*at*scale - m.Rate*u) * after
		}
	})
}

// orthogonalize brings the singular values of a matrix near 1 by a polynomial.
func (a matrix) orthogonalize(polynomial [3]float64) {
	factor := float32(1 / (frobenius(a.data) + engine.NormFloor))
	for i := range a.data {
		a.data[i] *= factor
	}
	if a.rows <= a.columns {
		a.iterate(polynomial)
		return
	}
	x := a.beside(a.columns, a.rows) // the products are of the shorter side
	defer x.giveBack()
	x.transpose(a)
	x.iterate(polynomial)
	a.transpose(x)
}

// iterate applies the polynomial to the singular values of x, [engine.NewtonSchulzSteps] times. The file memory.go of
// package engine estimates what its matrices take.
func (x matrix) iterate(polynomial [3]float64) {
	a, b, c := float32(polynomial[0]), float32(polynomial[1]), float32(polynomial[2])
	next, transposed := x.beside(x.rows, x.columns), x.beside(x.columns, x.rows)
	squares, fourths := x.beside(x.rows, x.rows), x.beside(x.rows, x.rows)
	for range engine.NewtonSchulzSteps {
		transposed.transpose(x)
		squares.product(x, transposed, false)
		fourths.product(squares, squares, false)
		for i, s := range squares.data {
			squares.data[i] = b*s + c*fourths.data[i]
		}
		for i, v := range x.data {
			next.data[i] = a * v
		}
		next.product(squares, x, true)
		copy(x.data, next.data)
	}
	for _, m := range []matrix{next, transposed, squares, fourths} {
		m.giveBack()
	}
}

// frobenius is the root of the sum of squares.
func frobenius(values []float32) float64 {
	total := 0.0
	for _, v := range values {
		total += float64(v) * float64(v)
	}
	return math.Sqrt(total)
}
