package neighbours

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
)

// Suspect is a vector whose label may be wrong.
type Suspect struct {
	// Index is its place among the vectors.
	Index int
	// Label is the one that it was given, and Suggested the most common one among its nearest neighbours; of equally
	// common ones that of the nearest.
	Label, Suggested int
	// Share is the part of its neighbours that have the suggested label, more than 0.5 and at most 1.
	Share float64
	// Similarity is the mean of the similarities to those.
	Similarity float64
}

// Suspects finds labels that may be wrong: those of vectors more than half of whose k nearest others have one and the
// same other label. There is a label for each vector, any number; k of 10 is a good start, and it should be well below
// the number of vectors of a label. The most suspicious come first: those with the highest share, of equal shares those
// that are more similar to their neighbours, and of these those with the lower index.
//
// Time goes with the square of the number of vectors, memory with the number times k. The error wraps [ErrArgument] if k
// is less than 1 or the number of labels is not that of the vectors, and is ctx's if that ends.
func (x *Index) Suspects(ctx context.Context, labels []int, k int) ([]Suspect, error) {
	err := errors.Join(checkContext(ctx), checkNumber(k))
	if len(labels) != x.Len() {
		err = errors.Join(err, fmt.Errorf("%w: %d labels for %d vectors", ErrArgument, len(labels), x.Len()))
	}
	if err != nil {
		return nil, err
	}
	others, err := x.others(ctx, k)
	if err != nil {
		return nil, err
	}
	var all []Suspect
	for i, neighbours := range others {
		if s, ok := suspect(neighbours, labels); ok && s.Suggested != labels[i] {
			s.Index, s.Label = i, labels[i]
			all = append(all, s)
		}
	}
	slices.SortFunc(all, func(a, b Suspect) int {
		return cmp.Or(cmp.Compare(b.Share, a.Share), cmp.Compare(b.Similarity, a.Similarity), cmp.Compare(a.Index, b.Index))
	})
	return all, nil
}

// suspect is what neighbours suggest, if more than half of them do.
func suspect(neighbours []Neighbour, labels []int) (s Suspect, ok bool) {
	most := 0
	for _, n := range neighbours {
		count, sum := 0, 0.
		for _, m := range neighbours {
			if labels[m.Index] == labels[n.Index] {
				count++
				sum += m.Similarity
			}
		}
		if count > most {
			most = count
			s = Suspect{Suggested: labels[n.Index], Share: float64(count) / float64(len(neighbours)), Similarity: sum / float64(count)}
		}
	}
	return s, s.Share > 0.5
}

// others are the k nearest others of each vector, fewer if there are no more; none for those of zeros.
func (x *Index) others(ctx context.Context, k int) ([][]Neighbour, error) {
	p := newPairs(x)
	all := make([][]Neighbour, x.Len())
	err := p.each(ctx, func(b *block) {
		near := make([]nearest, b.rows)
		for row := range near {
			near[row] = nearest{k: k, slack: 2 * p.off}
		}
		for panel := range p.count() {
			p.multiply(b, panel)
			for row := range near {
				for column, s := range b.similarities(row) {
					j := panel*panelColumns + column
					if j < x.Len() && j != b.first+row && x.squares[j] > 0 {
						near[row].add(Neighbour{j, float64(s)})
					}
				}
			}
		}
		for row := range near {
			if i := b.first + row; x.squares[i] > 0 {
				all[i] = x.exact(i, near[row])
			}
		}
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// exact chooses vector i's nearest by their exact similarities, out of those that are known roughly.
func (x *Index) exact(i int, rough nearest) []Neighbour {
	rough.cut()
	for n, one := range rough.all {
		rough.all[n].Similarity = x.similar(i, one.Index)
	}
	slices.SortFunc(rough.all, before)
	return slices.Clone(rough.all[:min(rough.k, len(rough.all))])
}
