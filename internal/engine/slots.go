package engine

import (
	"cmp"
	"slices"
)

// Slots plan memory that is needed for a while each: what is in one slot is never needed at the same time. The zero value
// has none.
type Slots struct {
	// Sizes are those of the slots: each is that of the largest that is ever in it.
	Sizes []int64
	// free are slots that nothing is in, the smallest first.
	free []int
}

// Take is a slot for so much: the smallest free one that suffices; or the largest free one, which grows; or a new one, if
// none is free.
func (s *Slots) Take(size int64) int {
	i := s.place(size)
	switch {
	case len(s.free) == 0:
		s.Sizes = append(s.Sizes, size)
		return len(s.Sizes) - 1
	case i == len(s.free):
		i--
		s.Sizes[s.free[i]] = size
	}
	slot := s.free[i]
	s.free = slices.Delete(s.free, i, i+1)
	return slot
}

// Give says that what is in a slot is not needed any more.
func (s *Slots) Give(slot int) { s.free = slices.Insert(s.free, s.place(s.Sizes[slot]), slot) }

// place is that of the first free slot that suffices.
func (s *Slots) place(size int64) int {
	i, _ := slices.BinarySearchFunc(s.free, size, func(slot int, size int64) int { return cmp.Compare(s.Sizes[slot], size) })
	return i
}
