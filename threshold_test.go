package fastresnet_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestEvaluationThreshold(t *testing.T) {
	// By probability: right at 0.9, wrong at 0.8, right at 0.7, 0.7 and 0.6, wrong at 0.5.
	e := fastresnet.NewEvaluation([]string{"a", "b"}, []int{0, 1, 0, 1, 1, 1},
		[][]float64{{0.9, 0.1}, {0.8, 0.2}, {0.7, 0.3}, {0.3, 0.7}, {0.4, 0.6}, {0.5, 0.5}})
	wrong := fastresnet.NewEvaluation([]string{"a", "b"}, []int{1}, [][]float64{{0.9, 0.1}})
	labels := slices.Concat(make([]int, 7), slices.Repeat([]int{1}, 18)) // 7 of 25 are right, and all equally probable
	some := fastresnet.NewEvaluation([]string{"a", "b"}, labels, slices.Repeat([][]float64{{0.9, 0.1}}, 25))
	for _, tt := range []struct {
		name                  string
		e                     fastresnet.Evaluation
		wanted                float64
		probability, answered float64
		ok                    bool
	}{
		{"all", e, 0.5, 0.5, 1, true},
		{"most", e, 0.8, 0.6, 5. / 6, true},
		{"only the surest", e, 1, 0.9, 1. / 6, true},
		{"a share that is reached exactly", some, 0.28, 0.9, 1, true}, // 0.28*25 rounds up
		{"a share that is just missed", some, math.Nextafter(0.28, 1), 0, 0, false},
		{"none is right", wrong, 0.5, 0, 0, false},
		{"any will do", wrong, 0, 0.9, 1, true},
		{"no images", fastresnet.Evaluation{}, 0.5, 0, 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			probability, answered, ok := tt.e.ThresholdFor(tt.wanted)
			if probability != tt.probability || answered != tt.answered || ok != tt.ok {
				t.Errorf("%g, %g, %t; want %g, %g, %t", probability, answered, ok, tt.probability, tt.answered, tt.ok)
			}
		})
	}
}

func TestAtThreshold(t *testing.T) {
	// By probability: right at 0.9, wrong at 0.8, right at 0.7.
	e := fastresnet.NewEvaluation([]string{"a", "b"}, []int{0, 1, 1}, [][]float64{{0.9, 0.1}, {0.8, 0.2}, {0.3, 0.7}})
	for threshold, want := range map[float64][2]int{0: {3, 2}, 0.7: {3, 2}, 0.75: {2, 1}, 0.8: {2, 1}, 0.85: {1, 1}, 1: {0, 0}} {
		if answered, right := e.AtThreshold(threshold); [2]int{answered, right} != want {
			t.Errorf("%g: %d answered and %d right, want %d", threshold, answered, right, want)
		}
	}
	if answered, right := (fastresnet.Evaluation{}).AtThreshold(0.5); answered != 0 || right != 0 {
		t.Errorf("of no images: %d answered and %d right", answered, right)
	}
}

// An evaluation knows what the threshold leaves of the answers, as predictions do.
func TestEvaluationWithThreshold(t *testing.T) {
	set := synthetic(t, 40, 1)
	model := train(t, set).Model
	ctx := context.Background()
	known, err := model.PredictDataset(ctx, set)
	if err != nil {
		t.Fatal(err)
	}
	together, err := fastresnet.NewEnsemble(model)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []struct {
		name     string
		set      func(float64) error
		evaluate func(context.Context, *data.Dataset) (fastresnet.Evaluation, error)
	}{{"a model", model.SetThreshold, model.Evaluate}, {"an ensemble", together.SetThreshold, together.Evaluate}} {
		for _, tt := range []struct {
			name      string
			threshold float64
		}{{"none", 0}, {"some", known[0].Probability}, {"all", 1}} {
			t.Run(m.name+" that leaves out "+tt.name, func(t *testing.T) {
				if err := m.set(tt.threshold); err != nil {
					t.Fatal(err)
				}
				got, err := m.evaluate(ctx, set)
				if err != nil {
					t.Fatal(err)
				}
				unknown, right, all := 0, 0., 0.
				for i, p := range known {
					hit := 0.
					if p.Class == set.Label(i) {
						hit = 1
					}
					all += hit
					if p.Probability < tt.threshold {
						unknown++
					} else {
						right += hit
					}
				}
				want, line := fastresnet.Evaluation{Loss: got.Loss, Accuracy: all / 40, Threshold: tt.threshold, Unknown: unknown}, ""
				if tt.threshold > 0 {
					line = fmt.Sprintf("threshold %g: %d unknown", tt.threshold, unknown)
				}
				if answered := set.Len() - unknown; answered > 0 {
					want.AnsweredAccuracy = right / float64(answered)
					if tt.threshold > 0 {
						line += fmt.Sprintf(", %.2f %% of the other %d right", 100*want.AnsweredAccuracy, answered)
					}
				}
				if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(fastresnet.Evaluation{})); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				if second := strings.Split(got.String(), "\n")[1]; second != line {
					t.Errorf("the second line is %q, want %q", second, line)
				}
			})
		}
	}
}

func TestThreshold(t *testing.T) {
	set := synthetic(t, 40, 1)
	model := train(t, set).Model
	ctx := context.Background()
	known, err := model.PredictDataset(ctx, set)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range known {
		if p.Unknown {
			t.Fatal("a prediction is unknown, and there is no threshold")
		}
	}
	threshold := known[0].Probability
	if err := model.SetThreshold(threshold); err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if err := model.Write(&file); err != nil {
		t.Fatal(err)
	}
	loaded, err := fastresnet.ReadModel(&file)
	if err != nil {
		t.Fatal(err)
	}
	defer loaded.Close()
	for name, m := range map[string]*fastresnet.Model{"trained": model, "loaded": loaded} {
		got, err := m.PredictDataset(ctx, set)
		if err != nil {
			t.Fatal(err)
		}
		unknown := 0
		for i, p := range got {
			if p.Unknown != (p.Probability < threshold) {
				t.Errorf("%s: image %d: %+v", name, i, p)
			}
			if p.Unknown {
				unknown++
			}
		}
		if got[0].Unknown || unknown == 0 || m.Threshold() != threshold {
			t.Errorf("%s: %d are unknown, the threshold is %g", name, unknown, m.Threshold())
		}
	}
	for _, bad := range []float64{-0.1, 1.1, math.NaN()} {
		if err := model.SetThreshold(bad); !errors.Is(err, fastresnet.ErrArgument) {
			t.Errorf("%g: %v", bad, err)
		}
	}
	if err := (*fastresnet.Model)(nil).SetThreshold(0.5); !errors.Is(err, fastresnet.ErrArgument) {
		t.Errorf("of no model: %v", err)
	}
}
