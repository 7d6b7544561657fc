package engine

import "github.com/fastresnet/fastresnet/layers"

// Together is what a sequence of layers begins with that an engine may compute together: a convolution, a norm, an activation
// behind the norm, and a max pool. Any of them may be missing.
type Together struct {
	Conv       *layers.Conv
	Norm       *layers.BatchNorm
	Activation layers.Layer
	Pool       *layers.MaxPool
	Layers     int // how many they are
}

// TogetherOf finds it.
func TogetherOf(sequence []layers.Layer) (t Together) {
	next := func() layers.Layer {
		if t.Layers < len(sequence) {
			return sequence[t.Layers]
		}
		return nil
	}
	if l, is := next().(layers.Conv); is {
		t.Conv = &l
		t.Layers++
	}
	if l, is := next().(layers.BatchNorm); is {
		t.Norm = &l
		t.Layers++
		switch l := next().(type) {
		case layers.ReLU, layers.CELU, layers.GELU, layers.SiLU:
			t.Activation = l
			t.Layers++
		}
	}
	if l, is := next().(layers.MaxPool); is {
		t.Pool = &l
		t.Layers++
	}
	return t
}

// PicksFirst says whether the pool can pick from the norm's input: an activation that rises, or none, makes the most of what is the
// most before it.
func (t Together) PicksFirst() bool {
	if t.Norm == nil || t.Pool == nil {
		return false
	}
	switch t.Activation.(type) {
	case nil, layers.ReLU, layers.CELU:
		return true
	}
	return false
}
