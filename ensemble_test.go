package fastresnet_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/safetensors"
	"github.com/fastresnet/fastresnet/internal/testbackend"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// tinyModels are models of the tiny network that were trained from the seeds 1 to n.
func tinyModels(t *testing.T, n int, opts ...fastresnet.Option) []*fastresnet.Model {
	t.Helper()
	var models []*fastresnet.Model
	for seed := range n {
		models = append(models, train(t, synthetic(t, 40, 1), append([]fastresnet.Option{
			fastresnet.WithArchitecture(tinyNetwork()), fastresnet.WithSeed(uint64(1 + seed)),
		}, opts...)...).Model)
	}
	return models
}

// ensemble is one of models that the test closes.
func ensemble(t *testing.T, models ...*fastresnet.Model) *fastresnet.Ensemble {
	t.Helper()
	e, err := fastresnet.NewEnsemble(models...)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// evaluated is an evaluation of a model or several.
func evaluated(t *testing.T, c interface {
	Evaluate(context.Context, *data.Dataset) (fastresnet.Evaluation, error)
}, set *data.Dataset) fastresnet.Evaluation {
	t.Helper()
	e, err := c.Evaluate(context.Background(), set)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// hidden compares evaluations with what they hide, too.
var hidden = cmp.AllowUnexported(fastresnet.Evaluation{})

func TestEnsembleOfOneIsThatModel(t *testing.T) {
	set := synthetic(t, 40, 1)
	testbackend.Each(t, func(t *testing.T, backend string) {
		model := tinyModels(t, 1, fastresnet.WithBackend(backend))[0]
		one := ensemble(t, model)
		got, err := one.PredictDataset(context.Background(), set)
		if diff := cmp.Diff(predictions(t, model, set), got); err != nil || diff != "" {
			t.Errorf("error %v, predictions of the set (-model +ensemble):\n%s", err, diff)
		}
		if diff := cmp.Diff(evaluated(t, model, set), evaluated(t, one, set), hidden); diff != "" {
			t.Errorf("evaluation (-model +ensemble):\n%s", diff)
		}
		large := image.NewGray(image.Rect(0, 0, 40, 60))
		images := []image.Image{set.Image(0), large}
		want, err := model.Predict(context.Background(), images...)
		if err != nil {
			t.Fatal(err)
		}
		got, err = one.Predict(context.Background(), images...)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("error %v, predictions of images (-model +ensemble):\n%s", err, diff)
		}
		if diff := cmp.Diff(model.Classes(), one.Classes()); diff != "" {
			t.Errorf("classes (-model +ensemble):\n%s", diff)
		}
	})
}

func TestEnsembleAnswersTheMeanOfProbabilities(t *testing.T) {
	set := synthetic(t, 40, 2)
	models := tinyModels(t, 3)
	// Networks and test views may differ.
	models = append(models, train(t, synthetic(t, 40, 1), fastresnet.WithTestViews(fastresnet.FlipViews)).Model)
	together := ensemble(t, models...)
	got, err := together.PredictDataset(context.Background(), set)
	if err != nil {
		t.Fatal(err)
	}
	want := make([][]float64, set.Len())
	for _, m := range models {
		for i, p := range predictions(t, m, set) {
			if want[i] == nil {
				want[i] = make([]float64, len(p.Probabilities))
			}
			for class, q := range p.Probabilities {
				want[i][class] += q / float64(len(models))
			}
		}
	}
	right, loss := 0., 0.
	for i, p := range got {
		if diff := cmp.Diff(want[i], p.Probabilities, near); diff != "" {
			t.Errorf("image %d (-mean +ensemble):\n%s", i, diff)
		}
		if p.Probability != slices.Max(p.Probabilities) || p.Probability != p.Probabilities[p.Class] || p.Label != set.Classes()[p.Class] {
			t.Errorf("image %d: %+v", i, p)
		}
		if p.Class == set.Label(i) {
			right++
		}
		loss -= math.Log(want[i][set.Label(i)])
	}
	e := evaluated(t, together, set)
	n := float64(set.Len())
	if diff := cmp.Diff([]float64{loss / n, right / n}, []float64{e.Loss, e.Accuracy}, near); diff != "" {
		t.Errorf("loss and accuracy (-from predictions +got):\n%s", diff)
	}

	slices.Reverse(models)
	turned := ensemble(t, models...)
	if diff := cmp.Diff(e, evaluated(t, turned, set), hidden, near); diff != "" {
		t.Errorf("evaluation (-in order +in reverse):\n%s", diff)
	}
}

// A probability too small for a float64 has a loss all the same.
func TestEnsembleLossIsFinite(t *testing.T) {
	f := opened(t, tinyFile(t))
	for _, tensor := range f.Tensors {
		for i := range tensor.Data {
			if tensor.Name == "classifier/weight" {
				tensor.Data[i] *= 1e6
			}
		}
	}
	var file bytes.Buffer
	if err := safetensors.Write(&file, f); err != nil {
		t.Fatal(err)
	}
	sure := read(t, file.Bytes())
	set := synthetic(t, 40, 1)
	alone, twice := evaluated(t, sure, set), evaluated(t, ensemble(t, sure, sure), set)
	if alone.Loss < 1000 || math.IsInf(alone.Loss, 0) || twice.Loss != alone.Loss {
		t.Errorf("loss %g, of the one model %g; want the same, beyond the logarithms of what a float64 holds", twice.Loss, alone.Loss)
	}
}

func TestEnsembleOfModelsThatDoNotAgree(t *testing.T) {
	first := tinyModels(t, 1)[0]
	labelled := func(classes ...string) *fastresnet.Model {
		set := synthetic(t, 40, 1)
		named, err := data.New(set.Pixels(), set.Shape(), set.Labels(), classes)
		if err != nil {
			t.Fatal(err)
		}
		return train(t, named, fastresnet.WithEpochs(1)).Model
	}
	classes := first.Classes()
	other := slices.Clone(classes)
	other[3] = "lynx"
	for _, tt := range []struct {
		name   string
		models []*fastresnet.Model
		want   string // in the message
	}{
		{"no models", nil, "no models"},
		{"nil", []*fastresnet.Model{first, nil}, "model 1: invalid argument: the model is nil or zero"},
		{"zero", []*fastresnet.Model{{}, first}, "model 0: invalid argument: the model is nil or zero"},
		{"another name of a class", []*fastresnet.Model{first, first, labelled(other...)}, `model 2 does not go with model 0: its classes[3] is lynx, not ` + classes[3]},
		{"a class more", []*fastresnet.Model{first, labelled(append(slices.Clone(classes), "lynx")...)}, "classes[10] is lynx, not missing"},
		{"a class more, called missing", []*fastresnet.Model{first, labelled(append(slices.Clone(classes), "missing")...)}, "its classes[10]"},
		{"a class less, called none", []*fastresnet.Model{labelled(append(slices.Clone(classes), "none")...), first}, "classes[10] is missing, not none"},
		{"another size", []*fastresnet.Model{first, smallModel(t)}, "input.height is 16, not 32"},
		{"another resizing", []*fastresnet.Model{first, resizedBy(t, data.ResizeByPadding)}, "resizing is pad, not crop"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e, err := fastresnet.NewEnsemble(tt.models...)
			if e != nil || !errors.Is(err, fastresnet.ErrArgument) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, error %v; want ErrArgument with %q", e, err, tt.want)
			}
		})
	}
}

// smallModel is a model of images of half the size.
func smallModel(t *testing.T) *fastresnet.Model {
	t.Helper()
	set := synthetic(t, 40, 1)
	shape := data.Shape{Height: 16, Width: 16, Channels: 3}
	set, err := data.New(set.Pixels()[:40*shape.Size()], shape, set.Labels(), set.Classes())
	if err != nil {
		t.Fatal(err)
	}
	return train(t, set, fastresnet.WithEpochs(1)).Model
}

// resizedBy is a model of the tiny network, whose pictures were resized like that.
func resizedBy(t *testing.T, resizing data.Resizing) *fastresnet.Model {
	t.Helper()
	set, err := synthetic(t, 40, 1).WithResizing(resizing)
	if err != nil {
		t.Fatal(err)
	}
	return train(t, set, fastresnet.WithArchitecture(tinyNetwork())).Model
}

func TestEnsembleWithoutWhatItNeeds(t *testing.T) {
	set := synthetic(t, 16, 1)
	ctx := context.Background()
	var none context.Context
	made := ensemble(t, tinyModels(t, 2)...)
	for _, broken := range []struct {
		name     string
		ensemble *fastresnet.Ensemble
		ctx      context.Context
		want     string
	}{
		{"no context", made, none, "context is nil"},
		{"nil", nil, ctx, "ensemble is nil or zero"},
		{"zero", &fastresnet.Ensemble{}, ctx, "ensemble is nil or zero"},
	} {
		e := broken.ensemble
		calls := map[string]func() error{
			"Predict":        func() error { _, err := e.Predict(broken.ctx, set.Image(0)); return err },
			"PredictDataset": func() error { _, err := e.PredictDataset(broken.ctx, set); return err },
			"Evaluate":       func() error { _, err := e.Evaluate(broken.ctx, set); return err },
		}
		if broken.ctx != nil {
			calls["SetThreshold"] = func() error { return e.SetThreshold(0.5) }
			if e.Classes() != nil || e.Threshold() != 0 || e.Close() != nil {
				t.Errorf("%s: classes %q, threshold %g", broken.name, e.Classes(), e.Threshold())
			}
		}
		for name, call := range calls {
			if err := call(); !errors.Is(err, fastresnet.ErrArgument) || errors.Is(err, fastresnet.ErrInternal) || !strings.Contains(err.Error(), broken.want) {
				t.Errorf("%s, %s: error %v, want ErrArgument that says %q", broken.name, name, err, broken.want)
			}
		}
	}
}

func TestEnsembleRefusesWhatDoesNotFit(t *testing.T) {
	set := synthetic(t, 16, 1)
	e := ensemble(t, tinyModels(t, 2)...)
	ctx := context.Background()
	grey, err := data.New(make([]uint8, 64), data.Shape{Height: 8, Width: 8, Channels: 1}, []int{0}, []string{"a"})
	if err != nil {
		t.Fatal(err)
	}
	relabelled, err := data.New(set.Pixels(), set.Shape(), make([]int, set.Len()), []string{"only"})
	if err != nil {
		t.Fatal(err)
	}
	_, missing := e.Predict(ctx, set.Image(0), nil)
	_, wrongShape := e.PredictDataset(ctx, grey)
	_, empty := e.PredictDataset(ctx, nil)
	_, wrongClasses := e.Evaluate(ctx, relabelled)
	for label, err := range map[string]error{"nil": missing, "shape": wrongShape, "empty": empty, "classes": wrongClasses} {
		if !errors.Is(err, fastresnet.ErrImage) {
			t.Errorf("%s: error %v, want ErrImage", label, err)
		}
	}
	if p, err := e.Predict(ctx); err != nil || len(p) != 0 {
		t.Errorf("no images: %v, %v; want nothing", p, err)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	for label, call := range map[string]func() error{
		"Predict":        func() error { _, err := e.Predict(ended, set.Image(0)); return err },
		"PredictDataset": func() error { _, err := e.PredictDataset(ended, set); return err },
		"Evaluate":       func() error { _, err := e.Evaluate(ended, set); return err },
	} {
		if err := call(); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: error %v, want context.Canceled", label, err)
		}
	}
}

// The error names the model that has failed.
func TestEnsembleNamesTheModel(t *testing.T) {
	set := synthetic(t, 16, 1)
	ctx := context.Background()
	endless := read(t, withWeights(t, map[string]float32{"norm/bias": 1e38, "classifier/weight": 1e38}))
	closed := tinyModels(t, 1)[0]
	good := tinyModels(t, 1)[0]
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		bad  *fastresnet.Model
		want error
	}{
		{"its answers are not finite", endless, fastresnet.ErrDiverged},
		{"it is closed", closed, fastresnet.ErrClosed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := ensemble(t, good, tt.bad).Predict(ctx, set.Image(0))
			if p != nil || !errors.Is(err, tt.want) || !strings.Contains(err.Error(), "model 1: ") {
				t.Errorf("%v, error %v; want %v of model 1", p, err, tt.want)
			}
		})
	}
}

func TestEnsembleThreshold(t *testing.T) {
	set := synthetic(t, 40, 1)
	models := tinyModels(t, 2)
	e := ensemble(t, models...)
	if err := models[0].SetThreshold(1); err != nil { // which does not count
		t.Fatal(err)
	}
	unknown := func() (n int) {
		p, err := e.PredictDataset(context.Background(), set)
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range p {
			if one.Unknown != (one.Probability < e.Threshold()) {
				t.Errorf("%+v with threshold %g", one, e.Threshold())
			}
			if one.Unknown {
				n++
			}
		}
		return n
	}
	if n := unknown(); n != 0 {
		t.Errorf("%d are unknown, and there is no threshold", n)
	}
	if err := e.SetThreshold(1); err != nil {
		t.Fatal(err)
	}
	if n := unknown(); n != set.Len() || e.Threshold() != 1 {
		t.Errorf("%d are unknown with threshold %g, want all with 1", n, e.Threshold())
	}
	for _, bad := range []float64{-0.1, 1.1, math.NaN()} {
		if err := e.SetThreshold(bad); !errors.Is(err, fastresnet.ErrArgument) {
			t.Errorf("%g: %v", bad, err)
		}
	}
}

func TestEnsembleClosesItsModels(t *testing.T) {
	set := synthetic(t, 16, 1)
	models := tinyModels(t, 2)
	e := ensemble(t, models...)
	for range 2 {
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for i, m := range models {
		if _, err := m.Predict(context.Background(), set.Image(0)); !errors.Is(err, fastresnet.ErrClosed) {
			t.Errorf("model %d: error %v, want ErrClosed", i, err)
		}
	}
	if _, err := e.Evaluate(context.Background(), set); !errors.Is(err, fastresnet.ErrClosed) {
		t.Errorf("error %v, want ErrClosed", err)
	}
}

// Many may ask an ensemble and its models at once, while another sets thresholds, and one closes it.
func TestConcurrentEnsemble(t *testing.T) {
	set := synthetic(t, 40, 1)
	models := tinyModels(t, 3)
	e := ensemble(t, models...)
	want, err := e.PredictDataset(context.Background(), set)
	if err != nil {
		t.Fatal(err)
	}
	ignoreUnknown := cmpopts.IgnoreFields(fastresnet.Prediction{}, "Unknown")
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			got, err := e.Predict(context.Background(), set.Image(i))
			if diff := cmp.Diff(want[i:i+1], got, cmpopts.EquateApprox(1e-4, 1e-6), ignoreUnknown); err != nil || diff != "" {
				t.Errorf("image %d: error %v, prediction (-alone +at once):\n%s", i, err, diff)
			}
		})
		wg.Go(func() {
			if _, err := models[i%3].Evaluate(context.Background(), set); err != nil {
				t.Error(err)
			}
		})
		wg.Go(func() {
			if err := e.SetThreshold(float64(i) / 8); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for range 4 {
		wg.Go(func() {
			for {
				_, err := e.PredictDataset(context.Background(), set)
				if errors.Is(err, fastresnet.ErrClosed) {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
	wg.Wait()
}
