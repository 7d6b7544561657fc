package fastresnet

import "sync"

// history is the record of a run, which the run writes and its model reads at any time.
type history struct {
	mu     sync.Mutex
	record Record
}

// change has f write to the record.
func (h *history) change(f func(*Record)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f(&h.record)
}

// known is a copy of the record as it is now.
func (h *history) known() Record {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.record.clone()
}
