package fastresnet_test

import (
	"bytes"
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/testbackend"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// meanOf is the mean of models in pure Go.
func meanOf(t *testing.T, models ...*fastresnet.Model) *fastresnet.Model {
	t.Helper()
	m, err := fastresnet.MeanOfWeights(models, fastresnet.WithBackend("go"))
	if err != nil {
		t.Fatalf("%+v", err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

// bits are the values with all that they consist of: a negative zero is another than zero.
func bits(values map[string][]float32) map[string][]uint32 {
	all := map[string][]uint32{}
	for name, own := range values {
		for _, v := range own {
			all[name] = append(all[name], math.Float32bits(v))
		}
	}
	return all
}

func TestMeanOfCopiesIsThatModel(t *testing.T) {
	set := synthetic(t, 40, 1)
	for _, tt := range []struct {
		name  string
		model *fastresnet.Model
	}{
		{"a recipe", train(t, set).Model},
		{"the average of a run", train(t, set, fastresnet.WithAveraging(fastresnet.Averaging{Every: 2, Decay: 0.9})).Model},
		{"several views", train(t, set, fastresnet.WithTestViews(fastresnet.FlipTranslateViews)).Model},
		{"zeros, negative and very large weights", read(t, withWeights(t, map[string]float32{
			"norm/bias": float32(math.Copysign(0, -1)), "norm/mean": math.MaxFloat32, "conv/weight": -1e-45, "classifier/bias": 0,
		}))},
	} {
		t.Run(tt.name, func(t *testing.T) {
			want, _ := tt.model.Variables()
			for _, copies := range []int{1, 2, 3, 7} {
				m := meanOf(t, slices.Repeat([]*fastresnet.Model{tt.model}, copies)...)
				got, last := m.Variables()
				if diff := cmp.Diff(bits(want), bits(got)); diff != "" {
					t.Errorf("%d copies: (-model +mean):\n%s", copies, diff)
				}
				if last != nil {
					t.Errorf("%d copies: there are weights of a last step", copies)
				}
				if diff := cmp.Diff(predictions(t, tt.model, set), predictions(t, m, set)); diff != "" {
					t.Errorf("%d copies: predictions (-model +mean):\n%s", copies, diff)
				}
			}
		})
	}
}

func TestMeanOfWeights(t *testing.T) {
	testbackend.Each(t, func(t *testing.T, backend string) {
		models := tinyModels(t, 3, fastresnet.WithBackend(backend))
		got, _ := meanOf(t, models...).Variables()
		want := map[string][]float32{}
		for _, m := range models {
			values, _ := m.Variables()
			for name, own := range values {
				if want[name] == nil {
					want[name] = make([]float32, len(own))
				}
				for i, v := range own {
					want[name][i] += v / 3
				}
			}
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateApprox(1e-5, 1e-7)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		slices.Reverse(models)
		turned, _ := meanOf(t, models...).Variables()
		if diff := cmp.Diff(got, turned, cmpopts.EquateApprox(1e-6, 0)); diff != "" {
			t.Errorf("(-in order +in reverse):\n%s", diff)
		}
	})
}

// The record has what is true of the mean, and so has its file.
func TestRecordOfMean(t *testing.T) {
	models := tinyModels(t, 2, fastresnet.WithBestWeights())
	if err := models[0].SetThreshold(0.5); err != nil {
		t.Fatal(err)
	}
	want := models[0].Record()
	if len(want.Epochs) == 0 || want.BestEpoch == 0 || want.Timing.Train == 0 {
		t.Fatalf("nothing to leave out: %+v", want)
	}
	want.Weights = fastresnet.MeanWeights
	want.Epochs, want.BestEpoch, want.Timing = nil, 0, fastresnet.Timing{}
	m := meanOf(t, models...)
	file := written(t, m)
	loaded := read(t, file)
	set := synthetic(t, 40, 1)
	for name, got := range map[string]*fastresnet.Model{"mean": m, "loaded": loaded} {
		if diff := cmp.Diff(want, got.Record(), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: record (-want +got):\n%s", name, diff)
		}
		if got.Threshold() != 0 || got.Record().TestAccuracy() != 0 {
			t.Errorf("%s: threshold %g, test accuracy %g; want neither", name, got.Threshold(), got.Record().TestAccuracy())
		}
		if diff := cmp.Diff(models[0].Network(), got.Network(), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: network (-first's +got):\n%s", name, diff)
		}
	}
	if diff := cmp.Diff(predictions(t, m, set), predictions(t, loaded, set)); diff != "" {
		t.Errorf("predictions (-mean +loaded):\n%s", diff)
	}
	if !bytes.Equal(file, written(t, loaded)) {
		t.Error("the loaded model writes another file")
	}
	if models[0].Threshold() != 0.5 || len(models[0].Record().Epochs) == 0 {
		t.Error("the first model has changed")
	}
}

func TestMeanOfModelsThatDoNotAgree(t *testing.T) {
	first := tinyModels(t, 1)[0]
	wider := tinyNetwork()
	wider.Layers[0] = layers.Conv{Name: "conv", Out: 4, Kernel: 3, Stride: 2}
	closed := tinyModels(t, 1)[0]
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	set := synthetic(t, 40, 1)
	relabelled, err := data.New(set.Pixels(), set.Shape(), set.Labels(), []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"})
	if err != nil {
		t.Fatal(err)
	}
	otherImages := train(t, synthetic(t, 40, 2), fastresnet.WithArchitecture(tinyNetwork())).Model
	for _, tt := range []struct {
		name   string
		models []*fastresnet.Model
		is     error
		want   string // in the message
	}{
		{"no models", nil, fastresnet.ErrArgument, "no models"},
		{"nil", []*fastresnet.Model{first, nil}, fastresnet.ErrArgument, "model 1: invalid argument: the model is nil or zero"},
		{"zero", []*fastresnet.Model{{}}, fastresnet.ErrArgument, "model 0: invalid argument: the model is nil or zero"},
		{"closed", []*fastresnet.Model{first, closed}, fastresnet.ErrClosed, "model 1: "},
		{"another network", []*fastresnet.Model{first, tinyModels(t, 1, fastresnet.WithArchitecture(wider))[0]}, fastresnet.ErrArgument,
			"model 1 does not go with model 0: its network.layers[0].out is 4, not 2"},
		{"other classes", []*fastresnet.Model{first, train(t, relabelled, fastresnet.WithArchitecture(tinyNetwork())).Model}, fastresnet.ErrArgument, "classes[0] is a, not "},
		{"another normalisation", []*fastresnet.Model{first, otherImages}, fastresnet.ErrArgument, "normalization.mean[0] is "},
		{"another resizing", []*fastresnet.Model{first, resizedBy(t, data.ResizeByStretching)}, fastresnet.ErrArgument, "resizing is stretch, not crop"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, err := fastresnet.MeanOfWeights(tt.models, fastresnet.WithBackend("go"))
			if m != nil || !errors.Is(err, tt.is) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, error %v; want %v with %q", m, err, tt.is, tt.want)
			}
		})
	}
	for name, tt := range map[string]struct {
		option fastresnet.LoadOption
		want   error
	}{
		"option":  {fastresnet.WithPrecision("float8"), fastresnet.ErrOption},
		"backend": {fastresnet.WithBackend("none"), fastresnet.ErrBackend},
		"memory":  {fastresnet.WithMemoryLimit(1), fastresnet.ErrTooLarge},
	} {
		if m, err := fastresnet.MeanOfWeights([]*fastresnet.Model{first}, tt.option); m != nil || !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, error %v; want %v", name, m, err, tt.want)
		}
	}
}

// Models that others use can be averaged.
func TestConcurrentMeanOfWeights(t *testing.T) {
	set := synthetic(t, 40, 1)
	models := tinyModels(t, 2)
	want, _ := meanOf(t, models...).Variables()
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			if _, err := models[i%2].Evaluate(context.Background(), set); err != nil {
				t.Error(err)
			}
		})
		wg.Go(func() {
			m, err := fastresnet.MeanOfWeights(models, fastresnet.WithBackend("go"))
			if err != nil {
				t.Error(err)
				return
			}
			defer m.Close()
			if got, _ := m.Variables(); !cmp.Equal(want, got) {
				t.Error("the mean is another")
			}
		})
	}
	wg.Wait()
}
