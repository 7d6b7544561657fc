package cpu

import "github.com/fastresnet/fastresnet/internal/engine/cpu/kernels"

// matrix is one of float32 in row-major order. Rows are whole vectors, and there are rows for whole tiles; what is past
// the matrix is 0, and stays so in products.
type matrix struct {
	kernels       *kernels.Set // what computes with it
	rows, columns int
	stride        int // elements from row to row
	data          []float32
}

func newMatrix(k *kernels.Set, rows, columns int) matrix {
	stride := ceilDiv(columns, k.Lanes) * k.Lanes
	return matrix{k, rows, columns, stride, make([]float32, k.Tiling(rows).Channels()*stride)}
}

func (a matrix) row(i int) []float32 { return a.data[i*a.stride:][:a.columns] }

// transposed is the matrix with rows for columns.
func (a matrix) transposed() matrix {
	t := newMatrix(a.kernels, a.columns, a.rows)
	parallel(t.rows, func(i int) {
		for j := range t.row(i) {
			t.data[i*t.stride+j] = a.data[j*a.stride+i]
		}
	})
	return t
}

// A product is computed in blocks of productVectors vectors of its columns and productTerms terms of its sums, whose
// right operand stays in the second-level cache.
const (
	productVectors = 8
	productTerms   = 144
)

// addProduct adds the product of a and b to c. It is what [kernels.Set.Convolve] does: columns are its pixels, and the
// rows of b what its taps read.
func (c matrix) addProduct(a, b matrix) {
	k, lanes := c.kernels, c.kernels.Lanes
	tiles := k.Tiling(a.rows)
	weights := make([]float32, tiles.Channels()*a.columns)
	parallel(tiles.Count(), func(t int) {
		first, size := tiles[t], tiles.Size(t)
		packed := weights[first*a.columns:]
		for m := range min(size, a.rows-first) {
			for j, v := range a.row(first + m) {
				packed[j*size+m] = v
			}
		}
	})
	offsets := make([]int, a.columns)
	for i := range offsets {
		offsets[i] = i * b.stride
	}
	vectors := b.stride / lanes
	parallel(ceilDiv(vectors, productVectors), func(i int) {
		first := i * productVectors
		count := min(productVectors, vectors-first)
		for term := 0; term < a.columns; term += productTerms {
			end := min(term+productTerms, a.columns)
			for t := range tiles.Count() {
				size := tiles.Size(t)
				k.Convolve(c.data[tiles[t]*c.stride+first*lanes:], c.stride, lanes, b.data[first*lanes:], lanes,
					offsets[term:end], weights[tiles[t]*a.columns+term*size:], size, count, true)
			}
		}
	})
}
