package fastresnet_test

import (
	"context"
	"image"
	"image/color"
	"math"
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/google/go-cmp/cmp"
)

// What is beside the middle square does not count.
func TestPredictTakesImagesOfAnySize(t *testing.T) {
	set := synthetic(t, 20, 1)
	model := train(t, set, fastresnet.WithEpochs(1)).Model
	small := set.Image(0)
	wide := image.NewNRGBA(image.Rect(-100, 9, -100+40, 9+32))
	for y := range 32 {
		for x := range 40 {
			wide.Set(-100+x, 9+y, color.White)
			if x >= 4 && x < 36 {
				wide.Set(-100+x, 9+y, small.At(x-4, y))
			}
		}
	}
	photograph := image.NewYCbCr(image.Rect(0, 0, 1024, 768), image.YCbCrSubsampleRatio420)
	got, err := model.Predict(context.Background(), small, wide, photograph)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 3 {
		t.Fatalf("%d predictions, want 3", len(got))
	}
	if diff := cmp.Diff(got[0], got[1]); diff != "" {
		t.Errorf("predictions (-as it is +with margins):\n%s", diff)
	}
}

func TestTop(t *testing.T) {
	p := fastresnet.Prediction{Probabilities: []float64{0.1, 0.4, 0.1, 0.4}, Labels: []string{"a", "b", "c"}}
	all := []fastresnet.Score{
		{Class: 1, Label: "b", Probability: 0.4}, {Class: 3, Probability: 0.4},
		{Class: 0, Label: "a", Probability: 0.1}, {Class: 2, Label: "c", Probability: 0.1},
	}
	for _, tt := range []struct {
		name string
		k    int
		want []fastresnet.Score
	}{
		{"some", 3, all[:3]},
		{"all", 4, all},
		{"more than there are", 5, all},
		{"none", 0, all[:0]},
		{"fewer than none", -1, all[:0]},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, p.Top(tt.k)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Probabilities are the softmax of the logits, which several models together do not have.
func TestLogits(t *testing.T) {
	set := synthetic(t, 20, 1)
	models := tinyModels(t, 2)
	for i, p := range predictions(t, models[0], set) {
		sum := 0.
		for _, l := range p.Logits {
			sum += math.Exp(float64(l))
		}
		softmax := make([]float64, len(p.Logits))
		for class, l := range p.Logits {
			softmax[class] = math.Exp(float64(l)) / sum
		}
		if diff := cmp.Diff(p.Probabilities, softmax, near); diff != "" {
			t.Errorf("image %d (-probabilities +softmax of the logits):\n%s", i, diff)
		}
	}
	several, err := ensemble(t, models...).Predict(t.Context(), set.Image(0))
	if err != nil || several[0].Logits != nil {
		t.Errorf("error %v, logits of an ensemble %v", err, several[0].Logits)
	}
}
