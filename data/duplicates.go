package data

import "crypto/sha256"

// Place is an image of one of several sets.
type Place struct{ Set, Image int }

// Duplicates finds images that are there more than once, within a set or in several: those whose pixels are all equal,
// whatever their labels and names. Each group is in the order of the sets and their images, and the groups in the order
// of their first images. An image to test with that is trained on, too, makes the test look too good.
func Duplicates(sets ...*Dataset) [][]Place {
	type key struct {
		shape Shape
		hash  [sha256.Size]byte
	}
	group := map[key]int{}
	var all [][]Place
	for s, set := range sets {
		for i := range set.Len() {
			k := key{set.shape, sha256.Sum256(set.at(i))}
			g, seen := group[k]
			if !seen {
				g = len(all)
				group[k] = g
				all = append(all, nil)
			}
			all[g] = append(all[g], Place{s, i})
		}
	}
	var more [][]Place
	for _, places := range all {
		if len(places) > 1 {
			more = append(more, places)
		}
	}
	return more
}
