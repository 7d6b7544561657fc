package engine

import (
	"testing"

	"github.com/fastresnet/fastresnet/layers"
	"github.com/google/go-cmp/cmp"
)

// TestInitialWeights looks at each kind of start.
func TestInitialWeights(t *testing.T) {
	set := synthetic(t, 20)
	whitening := layers.PatchWhitening{Name: "w", WhiteningSettings: layers.WhiteningSettings{Kernel: 3, Epsilon: 1e-2, Images: 10}}
	n := set.Normalization()
	weights := InitialWeights([]layers.Variable{
		{Name: "spread", Dims: []int{1000}, Mean: 0.5, Spread: 0.5},
		{Name: "constant", Dims: []int{3}, Mean: 1},
		{Name: "identity", Dims: []int{3, 3, 3, 2}, Spread: 0.5, Identity: true},
		{Name: "w/weight", Dims: []int{27, 3, 3, 3}, Whitening: &whitening},
	}, 1, set, n)

	least, most := float32(2), float32(-1)
	for _, v := range weights["spread"] {
		least, most = min(least, v), max(most, v)
	}
	if least < 0 || least > 0.02 || most > 1 || most < 0.98 {
		t.Errorf("1000 values spread from %g to %g, want nearly 0 to 1", least, most)
	}
	if diff := cmp.Diff([]float32{1, 1, 1}, weights["constant"]); diff != "" {
		t.Errorf("constant (-want +got):\n%s", diff)
	}
	identity := make([]float32, 2*18)
	identity[8], identity[18+9] = 1, 1 // the middle pixel's own channel
	if diff := cmp.Diff(identity, weights["identity"][:36]); diff != "" {
		t.Errorf("filters of the first outputs (-want +got):\n%s", diff)
	}
	if last := weights["identity"][36:]; last[0] == 0 || last[8] == 1 {
		t.Errorf("the filter past the last input channel is %v, want random values", last)
	}
	if diff := cmp.Diff(set.PatchWhitening(n, 3, 1e-2, 10), weights["w/weight"]); diff != "" {
		t.Errorf("whitening (-want +got):\n%s", diff)
	}
}
