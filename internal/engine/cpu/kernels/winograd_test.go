package kernels

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// The matrices of Winograd's convolution for the points 0, 1, -1, 2, -2 and infinity.
var (
	inputMatrix = [][]float64{
		{4, 0, -5, 0, 1, 0}, {0, -4, -4, 1, 1, 0}, {0, 4, -4, -1, 1, 0}, {0, -2, -1, 2, 1, 0}, {0, 2, -1, -2, 1, 0}, {0, 4, 0, -5, 0, 1},
	}
	outputMatrix = [][]float64{{1, 1, 1, 1, 1, 0}, {0, 1, -1, 2, -2, 0}, {0, 1, 1, 4, 4, 0}, {0, 1, -1, 8, -8, 1}}
	filterMatrix = [][]float64{
		{1. / 4, 0, 0}, {-1. / 6, -1. / 6, -1. / 6}, {-1. / 6, 1. / 6, -1. / 6}, {1. / 24, 1. / 12, 1. / 6}, {1. / 24, -1. / 12, 1. / 6}, {0, 0, 1},
	}
)

func transposed(m [][]float64) [][]float64 {
	t := make([][]float64, len(m[0]))
	for i := range t {
		for _, row := range m {
			t[i] = append(t[i], row[i])
		}
	}
	return t
}

// TestTransforms compares with t·x·tᵗ in float64.
func TestTransforms(t *testing.T) {
	eachKernels(t, func(k *Set, m *memory, rng *rand.Rand) {
		for _, test := range []struct {
			name      string
			transform Transform
			matrix    [][]float64
		}{
			{"input", k.Winograd.Input, inputMatrix},
			{"output", k.Winograd.Output, outputMatrix},
			{"output gradient", k.Winograd.OutputGradient, transposed(outputMatrix)},
			{"filter", k.Winograd.Filter, filterMatrix},
			{"filter gradient", k.Winograd.FilterGradient, transposed(filterMatrix)},
		} {
			rows, columns := len(test.matrix), len(test.matrix[0])
			for count := range 4 {
				// As tiles of an image, side by side, and as planes that are far from each other.
				tiles := func(side int) Grid { return Grid{Row: 40 * lanes, Column: lanes, Step: side * lanes} }
				planes := func(side int) Grid {
					return Grid{Row: side * (count + 1) * lanes, Column: (count + 1) * lanes, Step: lanes}
				}
				for i, grids := range [][2]Grid{{planes(rows), tiles(columns)}, {tiles(rows), planes(columns)}} {
					to, from := grids[0], grids[1]
					x, y := poisoned(from.end(columns, count)), poisoned(to.end(rows, count))
					for n := range count {
						from.each(n, columns, func(_, _, at int) { copy(x[at:], randomNumbers(rng, lanes)) })
						to.each(n, rows, func(i, j, at int) {
							for lane := range lanes {
								sum := 0.0
								from.each(n, columns, func(k, l, at int) { sum += test.matrix[i][k] * test.matrix[j][l] * float64(x[at+lane]) })
								y[at+lane] = float32(sum)
							}
						})
					}
					m.check(fmt.Sprintf("%s of %d, layout %d", test.name, count, i), func() {
						test.transform(place(m, "y", poisoned(len(y)), y), to, place(m, "x", x, x), from, count)
					})
				}
			}
		}
	})
}

// each calls f for the elements of matrix n, and where they are.
func (g Grid) each(n, side int, f func(i, j, at int)) {
	for i := range side {
		for j := range side {
			f(i, j, n*g.Step+i*g.Row+j*g.Column)
		}
	}
}

// end is where the last of count matrices ends.
func (g Grid) end(side, count int) int {
	if count == 0 {
		return 0
	}
	return (count-1)*g.Step + (side-1)*(g.Row+g.Column) + lanes
}
