package fastresnet_test

import (
	"errors"
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/google/go-cmp/cmp"
)

// Weights are all variables in their sizes, and a copy.
func TestWeights(t *testing.T) {
	model := train(t, synthetic(t, 16, 1), fastresnet.WithArchitecture(tinyNetwork()), fastresnet.WithEpochs(1)).Model
	weights, err := model.Weights()
	if err != nil {
		t.Fatal(err)
	}
	variables, err := model.Network().Variables()
	if err != nil {
		t.Fatal(err)
	}
	want, got := map[string]int{}, map[string]int{}
	for _, v := range variables {
		want[v.Name] = v.Size()
	}
	for name, values := range weights {
		got[name] = len(values)
	}
	if diff := cmp.Diff(want, got); diff != "" || len(want) == 0 {
		t.Errorf("sizes (-want +got):\n%s", diff)
	}
	first := variables[0].Name
	before := weights[first][0]
	weights[first][0]++
	again, err := model.Weights()
	if err != nil || again[first][0] != before {
		t.Errorf("the model's weights changed from %g to %g, error %v", before, again[first][0], err)
	}
	if err := model.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := model.Weights(); !errors.Is(err, fastresnet.ErrClosed) {
		t.Errorf("of a closed model: %v", err)
	}
}
