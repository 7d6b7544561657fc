package engine

import "github.com/fastresnet/fastresnet/layers"

// Fusion is what a sequence of layers begins with that an engine may compute together: a convolution, a norm, an activation
// behind the norm, and a max pool. Any of them may be missing.
type Fusion struct {
	Conv       *layers.Conv
	Norm       *layers.BatchNorm
	Activation layers.Layer
	Pool       *layers.MaxPool
	Layers     int // how many they are
}

// FusionOf is what a sequence begins with; it has no layers where nothing can be computed together.
func FusionOf(sequence []layers.Layer) (f Fusion) {
	next := func() layers.Layer {
		if f.Layers < len(sequence) {
			return sequence[f.Layers]
		}
		return nil
	}
	if l, is := next().(layers.Conv); is {
		f.Conv = &l
		f.Layers++
	}
	if l, is := next().(layers.BatchNorm); is {
		f.Norm = &l
		f.Layers++
		switch l := next().(type) {
		case layers.ReLU, layers.CELU, layers.GELU, layers.SiLU:
			f.Activation = l
			f.Layers++
		}
	}
	if l, is := next().(layers.MaxPool); is {
		f.Pool = &l
		f.Layers++
	}
	return f
}

// PicksFirst says whether the pool can pick from the norm's input: an activation that rises, or none, makes the most of what is the
// most before it.
func (f Fusion) PicksFirst() bool {
	if f.Norm == nil || f.Pool == nil {
		return false
	}
	switch f.Activation.(type) {
	case nil, layers.ReLU, layers.CELU:
		return true
	}
	return false
}
