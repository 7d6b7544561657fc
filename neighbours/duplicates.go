package neighbours

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// Duplicates finds groups of vectors that are nearly the same: two are in a group if their similarity is threshold or
// more, or if others connect them that are, one to the next. Each group is in the order of the vectors, and the groups in
// that of their first ones. Vectors that are alone are in none, and neither are those of zeros.
//
// Time goes with the square of the number of vectors, memory with the number. The error wraps [ErrArgument] unless
// threshold is more than 0 and at most 1, and is ctx's if that ends.
func (x *Index) Duplicates(ctx context.Context, threshold float64) ([][]int, error) {
	if err := errors.Join(checkContext(ctx), checkThreshold(threshold)); err != nil {
		return nil, err
	}
	p := newPairs(x)
	least := float32(threshold - 2*p.off)
	var mu sync.Mutex
	connected := newSets(x.Len())
	err := p.each(ctx, func(b *block) {
		for panel := b.first / panelColumns; panel < p.count(); panel++ {
			p.multiply(b, panel)
			for row := range b.rows {
				i := b.first + row
				for column, s := range b.similarities(row) {
					j := panel*panelColumns + column
					if s < least || j <= i || j >= x.Len() || x.squares[i] == 0 || x.squares[j] == 0 {
						continue
					}
					mu.Lock()
					if connected.of(i) != connected.of(j) && x.similar(i, j) >= threshold {
						connected.unite(i, j)
					}
					mu.Unlock()
				}
			}
		}
	})
	if err != nil {
		return nil, err
	}
	return connected.groups(), nil
}

func checkThreshold(threshold float64) error {
	if !(threshold > 0 && threshold <= 1) {
		return fmt.Errorf("%w: a threshold of %g, need more than 0 and at most 1", ErrArgument, threshold)
	}
	return nil
}

// sets divide numbers into sets: each number knows a smaller one of its set, or is the smallest.
type sets []int

func newSets(n int) sets {
	s := make(sets, n)
	for i := range s {
		s[i] = i
	}
	return s
}

// of is the smallest number of i's set.
func (s sets) of(i int) int {
	for s[i] != i {
		s[i] = s[s[i]] // halves the way of the next who asks
		i = s[i]
	}
	return i
}

func (s sets) unite(i, j int) {
	i, j = s.of(i), s.of(j)
	s[max(i, j)] = min(i, j)
}

// groups are the sets of two or more, by their smallest numbers.
func (s sets) groups() [][]int {
	members := make([][]int, len(s))
	for i := range s {
		smallest := s.of(i)
		members[smallest] = append(members[smallest], i)
	}
	var groups [][]int
	for _, m := range members {
		if len(m) > 1 {
			groups = append(groups, m)
		}
	}
	return groups
}
