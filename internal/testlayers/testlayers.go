// Package testlayers has a layer of every type, for tests of what is made of them.
package testlayers

import (
	"reflect"
	"testing"

	"github.com/fastresnet/fastresnet/layers"
)

// Complete wants a layer of every type among the cases of a test.
func Complete(t *testing.T, cases ...[]layers.Layer) {
	t.Helper()
	have := map[reflect.Type]bool{}
	for len(cases) > 0 {
		for _, l := range cases[0] {
			have[reflect.TypeOf(l)] = true
			if block, is := l.(layers.Residual); is {
				cases = append(cases, block.Branch, block.Shortcut)
			}
		}
		cases = cases[1:]
	}
	for _, l := range Every() {
		if !have[reflect.TypeOf(l)] {
			t.Errorf("no case of this test has a %T", l)
			have[reflect.TypeOf(l)] = true // once is enough
		}
	}
}

// Deepest is blocks in each other's shortcuts, as deep as a network's may be. The innermost is empty.
func Deepest() layers.Residual {
	block := layers.Residual{}
	for range 16 {
		block = layers.Residual{Shortcut: []layers.Layer{block}}
	}
	return block
}

// Every has a layer of each type, and of every setting one where it is not at its zero value. A test of package layers
// wants them to be complete.
func Every() []layers.Layer {
	return []layers.Layer{
		layers.PatchWhitening{Name: "whitening", WhiteningSettings: layers.WhiteningSettings{
			Kernel: 2, Epsilon: 0.1, Images: 7, Unpadded: true, Negatives: true, Bias: true, ZeroBias: true}},
		layers.Conv{Name: "conv", Out: 3, Kernel: 3, Stride: 2, Identity: true},
		layers.BatchNorm{Name: "norm", NormSettings: layers.NormSettings{
			Groups: 2, FrozenScale: true, LowPrecision: true, Epsilon: 1e-12, Momentum: 0.4}},
		layers.BatchNorm{Name: "random", NormSettings: layers.NormSettings{RandomScale: true}},
		layers.ReLU{}, layers.CELU{Alpha: 0.3}, layers.GELU{}, layers.SiLU{},
		layers.MaxPool{Size: 2, Floor: true},
		layers.Residual{
			Branch:   []layers.Layer{layers.Conv{Name: "branch", Out: 3, Kernel: 1, Stride: 1}},
			Shortcut: []layers.Layer{layers.Residual{Branch: []layers.Layer{layers.Scale{Factor: -1}}}},
		},
		layers.GlobalMaxMeanPool{},
		layers.Residual{Branch: []layers.Layer{layers.Conv{Name: "pooled", Out: 6, Kernel: 1, Stride: 1}}},
		layers.GlobalMeanPool{}, layers.GlobalMaxPool{},
		layers.Linear{Name: "classifier", Out: 2, Bias: true, UnitStart: true},
		layers.Scale{Factor: 0.125},
	}
}
