package fastresnet_test

import (
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/google/go-cmp/cmp"
)

func TestCalibration(t *testing.T) {
	// The last two are of the same bin, of which one is right; 0.75 belongs to the bin that begins with it.
	e := fastresnet.NewEvaluation([]string{"a", "b"}, []int{0, 1, 1, 0}, [][]float64{{0.75, 0.25}, {0.3, 0.7}, {0, 1}, {0.1, 0.9}})
	want := []fastresnet.CalibrationBin{
		{From: 0, To: 0.25},
		{From: 0.25, To: 0.5},
		{From: 0.5, To: 0.75, Images: 1, Right: 1, Probability: 0.7},
		{From: 0.75, To: 1, Images: 3, Right: 2, Probability: (0.75 + 1 + 0.9) / 3},
	}
	got := e.Calibration(4)
	if diff := cmp.Diff(want, got, near); diff != "" {
		t.Errorf("bins (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]float64{0, 0, 1, 2. / 3}, []float64{got[0].Accuracy(), got[1].Accuracy(), got[2].Accuracy(), got[3].Accuracy()}, near); diff != "" {
		t.Errorf("accuracies (-want +got):\n%s", diff)
	}
	if e.Calibration(0) != nil || e.Calibration(-1) != nil {
		t.Error("there are bins where none were asked for")
	}
}
