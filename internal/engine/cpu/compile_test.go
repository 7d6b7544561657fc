package cpu

import (
	"errors"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/engine/cpu/kernels"
	"github.com/fastresnet/fastresnet/layers"
)

// newLayer stands for a layer that package layers has and this one does not lower yet.
type newLayer struct{ layers.ReLU }

func TestLowerSaysWhatItCannotCompute(t *testing.T) {
	in := newTensor(kernels.Available()[0], data.Shape{Height: 4, Width: 4, Channels: 2}, 1)
	in.fixed = true
	for label, sequence := range map[string][]layers.Layer{
		"in the sequence": {layers.ReLU{}, newLayer{}},
		"in a branch":     {layers.Residual{Branch: []layers.Layer{newLayer{}}}},
		"in a shortcut":   {layers.Residual{Shortcut: []layers.Layer{newLayer{}}}},
		// Its filters come from the images, and nothing sends a gradient to those.
		"whitening what a layer makes": {layers.Conv{Name: "conv", Out: 2, Kernel: 3, Stride: 1}, layers.PatchWhitening{}},
	} {
		if _, _, err := lower(sequence, in, nil); !errors.Is(err, ErrUnsupported) {
			t.Errorf("%s: error %v, want ErrUnsupported", label, err)
		}
	}
}
