package engine

import (
	"math"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/whitening"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/google/go-cmp/cmp"
	"gonum.org/v1/gonum/stat"
)

func wide(v []float32) []float64 {
	w := make([]float64, len(v))
	for i := range v {
		w[i] = float64(v[i])
	}
	return w
}

// TestInitialWeights looks at each kind of start.
func TestInitialWeights(t *testing.T) {
	set := synthetic(t, 20)
	whitening := layers.PatchWhitening{Name: "w", WhiteningSettings: layers.WhiteningSettings{Kernel: 3, Epsilon: 1e-2, Images: 10}}
	both := layers.PatchWhitening{Name: "both", WhiteningSettings: layers.WhiteningSettings{
		Kernel: 2, Epsilon: 5e-4, Images: 15, Unpadded: true, Negatives: true}}
	n := set.Normalization()
	weights := initialWeights(t, []layers.Variable{
		{Name: "spread", Dims: []int{1000}, Mean: 0.5, Spread: 0.5},
		{Name: "constant", Dims: []int{3}, Mean: 1},
		{Name: "identity", Dims: []int{3, 3, 3, 2}, Spread: 0.5, Identity: true},
		{Name: "w/weight", Dims: []int{27, 3, 3, 3}, Whitening: &whitening},
		{Name: "both/weight", Dims: []int{24, 2, 2, 3}, Whitening: &both},
		{Name: "unit", Dims: []int{10, 7}, Spread: 0.25, UnitDeviation: true},
		{Name: "unit of one", Dims: []int{1, 1}, Spread: 0.25, UnitDeviation: true},
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
	if diff := cmp.Diff(patchWhitening(t, set, n, 3, 1e-2, 10), weights["w/weight"]); diff != "" {
		t.Errorf("whitening (-want +got):\n%s", diff)
	}
	filters := patchWhitening(t, set, n, 2, 5e-4, 15)
	if diff := cmp.Diff(filters, weights["both/weight"][:144]); diff != "" {
		t.Errorf("whitening of both signs, the first half (-want +got):\n%s", diff)
	}
	for i, v := range weights["both/weight"][144:] {
		if v != -filters[i] {
			t.Fatalf("value %d of the negative filters is %g, want %g", i, v, -filters[i])
		}
	}
	if d := stat.StdDev(wide(weights["unit"]), nil); math.Abs(d-1) > 1e-6 {
		t.Errorf("the standard deviation is %g, want 1", d)
	}
	if v := weights["unit of one"][0]; v == 0 || math.Abs(float64(v)) > 0.25 {
		t.Errorf("a value without deviation is %g, want it as it was drawn", v)
	}
}

// initialWeights are those that nothing interrupts.
func initialWeights(t testing.TB, variables []layers.Variable, seed uint64, train *data.Dataset, n data.Normalization) map[string][]float32 {
	t.Helper()
	weights, err := InitialWeights(t.Context(), variables, Config{Seed: seed, Normalization: n}, train)
	if err != nil {
		t.Fatal(err)
	}
	return weights
}

func patchWhitening(t testing.TB, set *data.Dataset, n data.Normalization, kernel int, epsilon float64, images int) []float32 {
	t.Helper()
	filters, err := whitening.Filters(t.Context(), set, n, kernel, epsilon, images)
	if err != nil {
		t.Fatal(err)
	}
	return filters
}
