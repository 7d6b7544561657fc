package neighbours

import "slices"

// nearest collects the k nearest neighbours out of many. With slack it keeps all whose similarity is no more than that
// below the k-th best, for those who only know it roughly.
type nearest struct {
	k     int
	slack float64

	all []Neighbour
	// floor is a similarity below which a neighbour does not count, once there are k.
	floor float64
	full  bool // all has been cut to those that count
	next  int  // how many make it worth to cut again
}

func (n *nearest) add(one Neighbour) {
	if !n.full || one.Similarity >= n.floor {
		n.insert(one)
	}
}

func (n *nearest) insert(one Neighbour) {
	if n.all = append(n.all, one); len(n.all) >= max(n.next, 2*n.k, 32) {
		n.cut()
	}
}

// cut sorts, and drops those that do not count.
func (n *nearest) cut() {
	slices.SortFunc(n.all, before)
	if len(n.all) > n.k {
		n.full, n.floor = true, n.all[n.k-1].Similarity-n.slack
		for n.all[len(n.all)-1].Similarity < n.floor {
			n.all = n.all[:len(n.all)-1]
		}
	}
	n.next = 2 * len(n.all) // many may be equal
}

// reset forgets all, and keeps the memory.
func (n *nearest) reset(k int, slack float64) { *n = nearest{k: k, slack: slack, all: n.all[:0]} }

// first returns the nearest, in their order.
func (n *nearest) first() []Neighbour {
	n.cut()
	return n.all[:min(n.k, len(n.all))]
}
