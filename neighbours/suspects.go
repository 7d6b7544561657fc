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
	// Label is the one that it was given, and Suggested the most common one among its nearest neighbours.
	Label, Suggested int
	// Share is the part of its neighbours that have the suggested label, more than 0 and at most 1.
	Share float64
	// Margin is by how much more similar the vector is to the nearest ones of the suggested label than to those of its
	// own, each the mean of k similarities, or of as many as there are. A label that no other vector has counts as
	// opposite, -1.
	Margin float64
}

// Suspects finds labels that may be wrong: those of vectors whose k nearest others have another label more often than
// theirs. There is a label for each vector, any number; of other labels that are equally common among the neighbours,
// the one of the nearest is suggested. k of 10 is a good start.
//
// The most suspicious come first: those with the largest margins, and of equal ones those with the lower index. A picture
// between two classes is less suspicious than one that is far from all of its class, though the neighbours of both may
// agree.
//
// Time goes with the square of the number of vectors, memory with their number and that of labels. The error wraps
// [ErrArgument] if k is less than 1 or the number of labels is not that of the vectors, and is ctx's if that ends.
func (x *Index) Suspects(ctx context.Context, labels []int, k int) ([]Suspect, error) {
	err := errors.Join(checkContext(ctx), checkNumber(k))
	if len(labels) != x.Len() {
		err = errors.Join(err, fmt.Errorf("%w: %d labels for %d vectors", ErrArgument, len(labels), x.Len()))
	}
	if err != nil {
		return nil, err
	}
	numbers, values := numbered(labels)
	found := make([]*Suspect, x.Len())
	p := newPairs(x)
	err = p.each(ctx, func(b *block) {
		near := slices.Grow(b.near[:0], b.rows*len(values))[:b.rows*len(values)] // [row][label]
		b.near = near
		for i := range near {
			near[i].reset(k, 2*p.off)
		}
		for panel := range p.count() {
			p.multiply(b, panel)
			for row := range b.rows {
				ofRow := near[row*len(values):]
				for column, s := range b.similarities(row) {
					j := panel*panelColumns + column
					if j < x.Len() && j != b.first+row && x.squares[j] > 0 {
						ofRow[numbers[j]].add(Neighbour{j, float64(s)})
					}
				}
			}
		}
		for row := range b.rows {
			if i := b.first + row; x.squares[i] > 0 {
				found[i] = x.suspect(i, numbers, near[row*len(values):][:len(values)])
			}
		}
	})
	if err != nil {
		return nil, err
	}
	var all []Suspect
	for _, s := range found {
		if s != nil {
			s.Label, s.Suggested = values[s.Label], values[s.Suggested]
			all = append(all, *s)
		}
	}
	slices.SortStableFunc(all, func(a, b Suspect) int { return cmp.Compare(b.Margin, a.Margin) })
	return all, nil
}

// numbered gives labels numbers from 0 on; values are the labels of the numbers.
func numbered(labels []int) (numbers, values []int) {
	known := map[int]int{}
	for _, label := range labels {
		number, is := known[label]
		if !is {
			number = len(values)
			known[label], values = number, append(values, label)
		}
		numbers = append(numbers, number)
	}
	return numbers, values
}

// suspect says whether vector i is one, by its nearest others of each label, which are known roughly; nil if not.
func (x *Index) suspect(i int, labels []int, near []nearest) *Suspect {
	all := nearest{k: near[0].k, slack: near[0].slack}
	for _, n := range near {
		for _, one := range n.all {
			all.add(one)
		}
	}
	neighbours := x.exact(i, all)
	own, suggested, most := labels[i], -1, 0
	counts := map[int]int{}
	for _, n := range neighbours {
		counts[labels[n.Index]]++
	}
	for _, n := range neighbours {
		if label := labels[n.Index]; counts[label] > most {
			suggested, most = label, counts[label]
		}
	}
	if counts[own] == most { // none is more common
		return nil
	}
	return &Suspect{
		Index: i, Label: own, Suggested: suggested, Share: float64(most) / float64(len(neighbours)),
		Margin: mean(x.exact(i, near[suggested])) - mean(x.exact(i, near[own])),
	}
}

// exact chooses vector i's nearest by their exact similarities, out of those that are known roughly.
func (x *Index) exact(i int, rough nearest) []Neighbour {
	rough.cut()
	some := slices.Clone(rough.all)
	for n, one := range some {
		some[n].Similarity = x.similar(i, one.Index)
	}
	slices.SortFunc(some, before)
	return some[:min(rough.k, len(some))]
}

// mean is that of the similarities; -1 of none.
func mean(all []Neighbour) float64 {
	if len(all) == 0 {
		return -1
	}
	sum := 0.
	for _, n := range all {
		sum += n.Similarity
	}
	return sum / float64(len(all))
}
