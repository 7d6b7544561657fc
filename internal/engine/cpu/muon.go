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

// Update moves a filter bank w, a matrix of rows rows, and its velocities v by the gradients g.
func (m Muon) Update(w, v, g []float32, rows int) { m.update(kernels.Available()[0], w, v, g, rows) }

func (m Muon) update(k *kernels.Set, w, v, g []float32, rows int) {
	bank := newMatrix(k, rows, len(w)/rows)
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
	update := orthogonal(bank, m.Polynomial)
	parallel(rows, func(i int) {
		for j, u := range update.row(i) {
			at := &w[i*bank.columns+j]
			*at = (*at*scale - m.Rate*u) * after
		}
	})
}

// orthogonal brings the singular values of a matrix near 1 by a polynomial. It uses up the matrix.
func orthogonal(x matrix, polynomial [3]float64) matrix {
	k := x.kernels
	a, b, c := float32(polynomial[0]), float32(polynomial[1]), float32(polynomial[2])
	factor := float32(1 / (frobenius(x.data) + engine.NormFloor))
	for i := range x.data {
		x.data[i] *= factor
	}
	tall := x.rows > x.columns
	if tall { // the products are of the shorter side
		x = x.transposed()
	}
	for range engine.NewtonSchulzSteps {
		squares, fourths, next := newMatrix(k, x.rows, x.rows), newMatrix(k, x.rows, x.rows), newMatrix(k, x.rows, x.columns)
		squares.addProduct(x, x.transposed())
		fourths.addProduct(squares, squares)
		for i, s := range squares.data {
			squares.data[i] = b*s + c*fourths.data[i]
		}
		for i, v := range x.data {
			next.data[i] = a * v
		}
		next.addProduct(squares, x)
		x = next
	}
	if tall {
		x = x.transposed()
	}
	return x
}

// frobenius is the root of the sum of squares.
func frobenius(values []float32) float64 {
	total := 0.0
	for _, v := range values {
		total += float64(v) * float64(v)
	}
	return math.Sqrt(total)
}
