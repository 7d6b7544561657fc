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
	parallel(a.rows, func(i int) {
		for j, row := 0, a.row(i); j < len(row); j++ {
			row[j] *= factor
		}
	})
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

// iterate applies the polynomial to the singular values of x, [engine.NewtonSchulzSteps] times: a·x + b·s·x + c·s²·x with
// s = x·xᵀ. The file memory.go of package engine estimates what its matrices take.
func (x matrix) iterate(polynomial [3]float64) {
	a, b, c := float32(polynomial[0]), float32(polynomial[1]), float32(polynomial[2])
	next := x.beside(x.rows, x.columns)
	squares, fourths := x.beside(x.rows, x.rows), x.beside(x.rows, x.rows)
	for range engine.NewtonSchulzSteps {
		squares.gram(x)
		fourths.gram(squares) // which are symmetric
		for i := range x.rows {
			to := squares.row(i)
			for j, v := range fourths.row(i) {
				to[j] = b*to[j] + c*v
			}
			to[i] += a
		}
		next.product(squares, x)
		copy(x.data, next.data)
	}
	for _, m := range []matrix{next, squares, fourths} {
		m.giveBack()
	}
}

// frobenius is the root of the sum of squares.
func frobenius(values []float32) float64 {
	const part = 1 << 14 // of the values
	sums := make([]float64, ceilDiv(len(values), part))
	parallel(len(sums), func(i int) {
		sum := 0.0
		for _, v := range values[i*part : min((i+1)*part, len(values))] {
			sum += float64(v) * float64(v)
		}
		sums[i] = sum
	})
	total := 0.0
	for _, s := range sums {
		total += s
	}
	return math.Sqrt(total)
}
