package fastresnet

import (
	"sync"

	"github.com/fastresnet/fastresnet/internal/engine"
)

// generations are the weights of a model: the current ones, and those before them as long as somebody answers by them. Its lock
// is held for moments, so that neither a run that changes the weights nor a caller who wants answers waits for the other.
type generations struct {
	mu      sync.Mutex
	current *generation         // nil before the first, and once closed
	holders map[*generation]int // of those that are not closed: how many hold each, the model being one for the current one
	closed  bool
}

// generation is what a model computes with until it is given others.
type generation struct {
	of      *generations
	weights engine.Weights
	last    engine.Weights // those of the last step where the weights are their averages, else nil
}

// use makes these weights the current ones. Once closed it closes them, and reports false.
func (g *generations) use(weights, last engine.Weights) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		closeAll(weights, last)
		return false
	}
	if g.current != nil {
		g.release(g.current)
	}
	g.current = &generation{g, weights, last}
	if g.holders == nil {
		g.holders = map[*generation]int{}
	}
	g.holders[g.current] = 1
	return true
}

// hold returns the current weights, which the caller is to release; nil once closed.
func (g *generations) hold() *generation {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.current != nil {
		g.holders[g.current]++
	}
	return g.current
}

// hold has somebody more hold weights that the caller holds.
func (w *generation) hold() {
	w.of.mu.Lock()
	defer w.of.mu.Unlock()
	if !w.of.closed {
		w.of.holders[w]++
	}
}

// release lets go of weights that were held. The last to do so closes them.
func (w *generation) release() {
	w.of.mu.Lock()
	defer w.of.mu.Unlock()
	if !w.of.closed {
		w.of.release(w)
	}
}

// release is that of a generation. The lock is held.
func (g *generations) release(w *generation) {
	var lost error // a panic of an engine, which here may be on a goroutine of the model's own
	defer guard(&lost)
	if g.holders[w]--; g.holders[w] == 0 {
		delete(g.holders, w)
		closeAll(w.weights, w.last)
	}
}

// close closes all of them, whoever holds them: nobody may be computing.
func (g *generations) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for w := range g.holders {
		closeAll(w.weights, w.last)
	}
	g.current, g.holders, g.closed = nil, nil, true
}

func closeAll(all ...engine.Weights) {
	for _, w := range all {
		if w != nil {
			w.Close()
		}
	}
}
