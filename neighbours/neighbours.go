// Package neighbours finds what is similar among vectors, such as those of a model's Embed: the nearest ones of another
// vector, near duplicates, and labels that those of the nearest ones contradict.
//
// Similarity is the cosine of the angle between two vectors, a·b / √(a·a · b·b): 1 for one direction, 0 for a right angle,
// -1 for opposite ones. A vector of zeros has no direction: it is near to nothing.
//
// Results are exact and the same on any machine, with any number of processors: what they depend on is computed in
// float64 in a fixed order. Methods that look at all pairs first pass over them in float32, with the kernels that the
// pure-Go engine trains with, and compute again only what could count.
package neighbours

import (
	"cmp"
	"errors"
	"fmt"
	"math"
)

// ErrArgument is wrapped by all errors of this package but those of contexts: vectors that are none, or a number out of
// range.
var ErrArgument = errors.New("neighbours: invalid argument")

// Neighbour is a vector near another one.
type Neighbour struct {
	// Index is its place among the vectors that [New] was given.
	Index int
	// Similarity is the cosine of the angle between the two, -1 to 1.
	Similarity float64
}

// Index holds vectors, in memory of its own. It is safe for concurrent use.
type Index struct {
	dims    int
	vectors []float32 // [n, dims]
	squares []float64 // of their lengths
}

// New makes an index of vectors of one length. The error wraps [ErrArgument] if there are none, if they are of length 0
// or of several, or if a number is not finite.
func New(vectors [][]float32) (*Index, error) {
	if len(vectors) == 0 || len(vectors[0]) == 0 {
		return nil, fmt.Errorf("%w: need vectors, of a number or more", ErrArgument)
	}
	x := &Index{dims: len(vectors[0])}
	x.vectors = make([]float32, 0, len(vectors)*x.dims)
	for i, v := range vectors {
		square, err := x.check(v)
		if err != nil {
			return nil, fmt.Errorf("vector %d: %w", i, err)
		}
		x.vectors = append(x.vectors, v...)
		x.squares = append(x.squares, square)
	}
	return x, nil
}

// check returns the square of a vector's length, if it is one of those that the index takes.
func (x *Index) check(v []float32) (square float64, err error) {
	if len(v) != x.dims {
		return 0, fmt.Errorf("%w: it has %d numbers, want %d", ErrArgument, len(v), x.dims)
	}
	for i, a := range v {
		if d := float64(a); math.IsNaN(d) || math.IsInf(d, 0) {
			return 0, fmt.Errorf("%w: its number %d is %g", ErrArgument, i, a)
		}
	}
	return product(v, v), nil
}

// Len is the number of vectors.
func (x *Index) Len() int { return len(x.squares) }

func (x *Index) at(i int) []float32 { return x.vectors[i*x.dims:][:x.dims] }

// Nearest returns the k vectors that are the most similar to query, the most similar first and equally similar ones in
// their order; fewer if there are no more, and none for a query of zeros. It takes time in proportion to the number of
// vectors.
//
// The error wraps [ErrArgument] if k is less than 1, or if query is not as long as the vectors, or not finite.
func (x *Index) Nearest(query []float32, k int) ([]Neighbour, error) {
	if err := checkNumber(k); err != nil {
		return nil, err
	}
	square, err := x.check(query)
	if err != nil {
		return nil, fmt.Errorf("the query: %w", err)
	}
	if square == 0 {
		return nil, nil
	}
	best := nearest{k: k}
	for i, s := range x.squares {
		if s > 0 {
			best.add(Neighbour{i, similarity(query, x.at(i), square, s)})
		}
	}
	return best.first(), nil
}

func checkNumber(k int) error {
	if k < 1 {
		return fmt.Errorf("%w: %d neighbours, need 1 at least", ErrArgument, k)
	}
	return nil
}

// similar is the similarity of two of the vectors, neither of which is zeros.
func (x *Index) similar(i, j int) float64 {
	return similarity(x.at(i), x.at(j), x.squares[i], x.squares[j])
}

// similarity is that of vectors whose lengths have these squares, not 0. It is exactly 1 for equal vectors, as the root
// of a square is what was squared.
func similarity(a, b []float32, aSquare, bSquare float64) float64 {
	return min(1, max(-1, product(a, b)/math.Sqrt(aSquare*bSquare)))
}

// product is the scalar product. A product of two float32 is exact in float64, so that an addition that is fused with it
// gives the same: the sum is the same on every machine.
func product(a, b []float32) (sum float64) {
	for i, v := range a {
		sum += float64(v) * float64(b[i])
	}
	return sum
}

// before is the order of neighbours: the most similar first, and equally similar ones by their index.
func before(a, b Neighbour) int {
	return cmp.Or(cmp.Compare(b.Similarity, a.Similarity), cmp.Compare(a.Index, b.Index))
}
