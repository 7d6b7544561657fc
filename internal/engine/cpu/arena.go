package cpu

import (
	"slices"
	"sync"
)

// arena lends memory that is needed for a while, and keeps it for the next time, so that a training step makes no
// garbage. It is safe for concurrent use.
type arena struct {
	mu sync.Mutex
	// free is what is not lent, the smallest first.
	free [][]float32
}

// take is memory whose values are whatever they were: the smallest that suffices, or in place of the largest if none
// does.
func (a *arena) take(size int) []float32 {
	a.mu.Lock()
	defer a.mu.Unlock()
	i, _ := slices.BinarySearchFunc(a.free, size, func(m []float32, size int) int { return cap(m) - size })
	if i < len(a.free) {
		memory := a.free[i]
		a.free = slices.Delete(a.free, i, i+1)
		return memory[:size]
	}
	if i > 0 {
		a.free = a.free[:i-1]
	}
	return make([]float32, size)
}

// give takes memory back.
func (a *arena) give(memory []float32) {
	a.mu.Lock()
	defer a.mu.Unlock()
	i, _ := slices.BinarySearchFunc(a.free, cap(memory), func(m []float32, size int) int { return cap(m) - size })
	a.free = slices.Insert(a.free, i, memory)
}
