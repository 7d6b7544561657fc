package cpu

import "github.com/fastresnet/fastresnet/internal/engine"

// slots are memory for the outputs of a net that only answers: an output is in a slot until the last operation that reads
// it has, and then others are.
type slots struct {
	engine.Slots
	tensors []*tensor
}

// add plans where a tensor is.
func (s *slots) add(t *tensor) {
	t.slot = s.Take(int64(t.size()))
	s.tensors = append(s.tensors, t)
}

// allocate gives the tensors their memory.
func (s *slots) allocate() {
	memory := make([][]float32, len(s.Sizes))
	for i, size := range s.Sizes {
		memory[i] = make([]float32, size)
	}
	for _, t := range s.tensors {
		t.data = memory[t.slot][:t.size()]
	}
}

// border makes what is outside of a tensor's images 0, where other tensors have been in its memory.
type border struct{ t *tensor }

func (b border) forward(*Net) { b.t.clearBorder() }

func (border) backward(*Net) {}
