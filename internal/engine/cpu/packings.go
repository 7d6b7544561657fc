package cpu

import "sync"

// packings are the filters of weights that nothing changes, packed for the convolutions that take them: once for nets of
// every batch size. They are safe for concurrent use.
type packings struct {
	mu  sync.Mutex
	all map[packing][]float32
}

// packing is a variable's. Those of different algorithms have different sizes.
type packing struct {
	variable string
	size     int
}

// of are the filters of a variable, whose values are w, as a convolution takes them.
func (p *packings) of(variable string, c convolution, w []float32) []float32 {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := packing{variable, c.packedSize()}
	filters, ok := p.all[key]
	if !ok {
		filters = make([]float32, key.size)
		c.pack(filters, w)
		if p.all == nil {
			p.all = map[packing][]float32{}
		}
		p.all[key] = filters
	}
	return filters
}

// drop forgets them.
func (p *packings) drop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all = nil
}
