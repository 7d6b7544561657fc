package cpu

import "github.com/fastresnet/fastresnet/internal/engine/cpu/kernels"

// matrix is one of float32 in row-major order, lent by an arena. Rows are whole vectors, and there are rows for whole
// tiles; what is past the matrix is 0, and stays so in products.
type matrix struct {
	kernels       *kernels.Set // what computes with it
	arena         *arena
	rows, columns int
	stride        int // elements from row to row
	data          []float32
}

// newMatrix is a matrix of zeros, until it is given back.
func newMatrix(k *kernels.Set, from *arena, rows, columns int) matrix {
	stride := ceilDiv(columns, k.Lanes) * k.Lanes
	data := from.take(k.Tiling(rows).Channels() * stride)
	clear(data)
	return matrix{k, from, rows, columns, stride, data}
}

// beside is a new matrix of another size, for the same kernels and of the same arena.
func (a matrix) beside(rows, columns int) matrix { return newMatrix(a.kernels, a.arena, rows, columns) }

func (a matrix) giveBack() { a.arena.give(a.data) }

func (a matrix) row(i int) []float32 { return a.data[i*a.stride:][:a.columns] }

// transpose makes a the matrix b with rows for columns.
func (a matrix) transpose(b matrix) {
	parallel(a.rows, func(i int) {
		for j := range a.row(i) {
			a.data[i*a.stride+j] = b.data[j*b.stride+i]
		}
	})
}

// A product is computed in blocks of productVectors vectors of its columns and productTerms terms of its sums, whose
// right operand stays in the second-level cache.
const (
	productVectors = 8
	productTerms   = 144
)

// product makes c the product of a and b. It is what [kernels.Set.Convolve] does: columns are its
// pixels, and the rows of b what its taps read.
func (c matrix) product(a, b matrix) {
	k, lanes := c.kernels, c.kernels.Lanes
	tiles := k.Tiling(a.rows)
	weights := c.arena.take(tiles.Channels() * a.columns)
	defer c.arena.give(weights)
	parallel(tiles.Count(), func(t int) {
		first, size := tiles[t], tiles.Size(t)
		packed := weights[first*a.columns : tiles[t+1]*a.columns]
		clear(packed)
		for m := range min(size, a.rows-first) {
			for j, v := range a.row(first + m) {
				packed[j*size+m] = v
			}
		}
	})
	offsets := chunkOffsets(min(productTerms, a.columns), b.stride)
	vectors := b.stride / lanes
	parallel(ceilDiv(vectors, productVectors), func(i int) {
		first := i * productVectors
		count := min(productVectors, vectors-first)
		for term := 0; term < a.columns; term += productTerms {
			terms := offsets[:min(productTerms, a.columns-term)]
			for t := range tiles.Count() {
				size := tiles.Size(t)
				k.Convolve(c.data[tiles[t]*c.stride+first*lanes:], c.stride, lanes, b.data[term*b.stride+first*lanes:], lanes,
					terms, weights[tiles[t]*a.columns+term*size:], size, count, term > 0)
			}
		}
	})
}

// gramVectors is how many vectors of the rows are multiplied together, so that they stay in a cache.
const gramVectors = 72

// gram makes s the products of the rows of x with one another, x·xᵀ, of which it computes half. It is what
// [kernels.Set.Correlate] does: a row is the pixels of a channel.
func (s matrix) gram(x matrix) {
	k, lanes := x.kernels, x.kernels.Lanes
	tiles, vectors := k.Tiling(x.rows), x.stride/lanes
	parallel(tiles.Count(), func(t int) {
		first, size := tiles[t], tiles.Size(t)
		groups := ceilDiv(x.rows-first, k.Taps)
		sums := s.arena.take(groups * k.Taps * size)
		defer s.arena.give(sums)
		clear(sums)
		offsets := make([]int, k.Taps)
		for vector := 0; vector < vectors; vector += gramVectors {
			part := []kernels.Segment{{Dy: vector * lanes, X: vector * lanes}}
			for group := range groups {
				for j := range offsets { // past the last row, that again
					offsets[j] = min(first+group*k.Taps+j, x.rows-1) * x.stride
				}
				k.Correlate(sums[group*k.Taps*size:], x.data[first*x.stride:], x.stride, x.data, lanes, offsets, part, size, min(gramVectors, vectors-vector))
			}
		}
		for row := first; row < x.rows; row++ {
			for m := range min(size, x.rows-first) {
				v := sums[(row-first)*size+m]
				s.data[(first+m)*s.stride+row], s.data[row*s.stride+first+m] = v, v
			}
		}
	})
}
