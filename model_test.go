package fastresnet_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"math"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/testbackend"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestPredictionsFitTheEvaluation(t *testing.T) {
	set := synthetic(t, 40, 1)
	testbackend.Each(t, func(t *testing.T, backend string) {
		model := train(t, set, fastresnet.WithBackend(backend)).Model
		predictions, err := model.PredictDataset(context.Background(), set)
		if err != nil {
			t.Fatal(err)
		}
		right, loss := 0, 0.0
		for i, p := range predictions {
			var total float64
			for _, q := range p.Probabilities {
				total += q
				if q > p.Probability {
					t.Errorf("image %d: class %d has probability %g, another has %g", i, p.Class, p.Probability, q)
				}
			}
			if math.Abs(total-1) > 1e-9 {
				t.Errorf("image %d: the probabilities add up to %g", i, total)
			}
			if p.Label != set.Classes()[p.Class] {
				t.Errorf("image %d: class %d is labelled %q", i, p.Class, p.Label)
			}
			if p.Class == set.Label(i) {
				right++
			}
			loss -= math.Log(p.Probabilities[set.Label(i)])
		}
		got, err := model.Evaluate(context.Background(), set)
		if err != nil {
			t.Fatal(err)
		}
		n := float64(set.Len())
		want := []float64{loss / n, float64(right) / n}
		if diff := cmp.Diff(want, []float64{got.Loss, got.Accuracy}, cmpopts.EquateApprox(1e-6, 0)); diff != "" {
			t.Errorf("evaluation (-from predictions +got):\n%s", diff)
		}

		one, err := model.Predict(context.Background(), set.Image(0), set.Image(1))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(predictions[:2], one, cmpopts.EquateApprox(1e-4, 1e-6)); diff != "" {
			t.Errorf("images and their pixels in a set (-set +images):\n%s", diff)
		}
	})
}

// TestResizing has a model know how pictures were resized, after it was saved too.
// What a program prints of a result is short, and says what it is.
func TestModelsAndTimesPrint(t *testing.T) {
	set := synthetic(t, 40, 1)
	result := train(t, set)
	own := tinyNetwork()
	own.Name = ""
	other := train(t, set, fastresnet.WithArchitecture(own)).Model
	ensemble, err := fastresnet.NewEnsemble(result.Model, other)
	if err != nil {
		t.Fatal(err)
	}
	second := time.Second
	for want, printed := range map[string]fmt.Stringer{
		"resnet9, 26,340 parameters, for images of 32x32x3 in 10 classes": result.Model,
		"a network, 88 parameters, for images of 32x32x3 in 10 classes":   other,
		"2 models for images of 32x32x3 in 10 classes":                    ensemble,
		"no model":  &fastresnet.Model{},
		"no models": (*fastresnet.Ensemble)(nil),
		"45.2 s, of which 42.9 s training; 2,326 images/s": fastresnet.Timing{Train: 42900 * second / 1000, Total: 45200 * second / 1000, ImagesPerSecond: 2325.6},
		"0.0 s, of which 0.0 s training":                   fastresnet.Timing{},
	} {
		if got := fmt.Sprint(printed); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestResizing(t *testing.T) {
	for _, resizing := range []data.Resizing{data.ResizeByCropping, data.ResizeByStretching, data.ResizeByPadding} {
		model := resizedBy(t, resizing)
		file := filepath.Join(t.TempDir(), "model.safetensors")
		if err := model.Save(file); err != nil {
			t.Fatal(err)
		}
		loaded, err := fastresnet.Load(file, fastresnet.WithBackend("go"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { loaded.Close() })
		if model.Resizing() != resizing || loaded.Resizing() != resizing {
			t.Errorf("resized by %q, and by %q once it is loaded; want %q", model.Resizing(), loaded.Resizing(), resizing)
		}
		for _, other := range []data.Resizing{data.ResizeByCropping, data.ResizeByStretching, data.ResizeByPadding} {
			set, err := synthetic(t, 10, 2).WithResizing(other)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := loaded.Evaluate(context.Background(), set); (err == nil) != (resizing == other) || err != nil && !errors.Is(err, fastresnet.ErrImage) {
				t.Errorf("evaluating a model of pictures resized by %q on those resized by %q: error %v", resizing, other, err)
			}
			if _, err := loaded.PredictDataset(context.Background(), set); (err == nil) != (resizing == other) || err != nil && !errors.Is(err, fastresnet.ErrImage) {
				t.Errorf("a model of pictures resized by %q predicts those resized by %q: error %v", resizing, other, err)
			}
			if _, err := loaded.EmbedDataset(context.Background(), set); err != nil {
				t.Errorf("a model of pictures resized by %q embeds those resized by %q: error %v", resizing, other, err)
			}
		}
	}
}

func TestPredictRefusesWhatDoesNotFit(t *testing.T) {
	set := synthetic(t, 20, 1)
	model := train(t, set, fastresnet.WithEpochs(1)).Model
	grey, err := data.New(make([]uint8, 64), data.Shape{Height: 8, Width: 8, Channels: 1}, []int{0}, []string{"a"})
	if err != nil {
		t.Fatal(err)
	}
	relabelled, err := data.New(set.Pixels(), set.Shape(), make([]int, set.Len()), []string{"only"})
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	_, noPixels := model.Predict(ctx, set.Image(0), image.NewRGBA(image.Rect(0, 0, 16, 0)))
	_, missing := model.Predict(ctx, nil)
	_, wrongShape := model.PredictDataset(ctx, grey)
	_, empty := model.Evaluate(ctx, nil)
	_, wrongClasses := model.Evaluate(ctx, relabelled)
	for label, err := range map[string]error{"no pixels": noPixels, "nil": missing, "wrong shape": wrongShape, "empty": empty, "classes": wrongClasses} {
		if !errors.Is(err, fastresnet.ErrImage) {
			t.Errorf("%s: error %v, want ErrImage", label, err)
		}
	}
	if !strings.Contains(noPixels.Error(), "image 1") {
		t.Errorf("error %q does not say which image", noPixels)
	}
	if none, err := model.Predict(ctx); err != nil || len(none) != 0 {
		t.Errorf("no images: %v, %v; want nothing", none, err)
	}
}

// A picture in another colour model, or with its corner elsewhere, is the same picture.
func TestPredictTakesAnyImageType(t *testing.T) {
	set := synthetic(t, 20, 1)
	model := train(t, set, fastresnet.WithEpochs(1)).Model
	shifted := image.NewRGBA64(image.Rect(5, 7, 37, 39))
	for y := range 32 {
		for x := range 32 {
			shifted.Set(5+x, 7+y, color.RGBA64Model.Convert(set.Image(0).At(x, y)))
		}
	}
	got, err := model.Predict(context.Background(), set.Image(0), shifted)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(got[0], got[1]); diff != "" {
		t.Errorf("predictions (-NRGBA +RGBA64):\n%s", diff)
	}
}

// A model of grey images sees a colour picture's luma.
func TestGreyModelTakesColourPictures(t *testing.T) {
	colours := synthetic(t, 20, 1)
	shape := data.Shape{Height: 32, Width: 32, Channels: 1}
	var pixels []uint8
	for i := range colours.Len() {
		for y := range shape.Height {
			for x := range shape.Width {
				pixels = append(pixels, color.GrayModel.Convert(colours.Image(i).At(x, y)).(color.Gray).Y)
			}
		}
	}
	set, err := data.New(pixels, shape, colours.Labels(), colours.Classes())
	if err != nil {
		t.Fatal(err)
	}
	model := train(t, set, fastresnet.WithEpochs(1)).Model
	want, err := model.PredictDataset(context.Background(), set)
	if err != nil {
		t.Fatal(err)
	}
	got, err := model.Predict(context.Background(), colours.Image(3), set.Image(3))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]fastresnet.Prediction{want[3], want[3]}, got, cmpopts.EquateApprox(1e-4, 1e-6)); diff != "" {
		t.Errorf("predictions (-grey pixels +colour picture, grey picture):\n%s", diff)
	}
}

func TestModelIsSafeForConcurrentUse(t *testing.T) {
	set := synthetic(t, 20, 1)
	model := train(t, set, fastresnet.WithEpochs(1)).Model
	want, err := model.PredictDataset(context.Background(), set)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			got, err := model.Predict(context.Background(), set.Image(i))
			if err != nil || got[0].Class != want[i].Class {
				t.Errorf("image %d: %v, %v; want class %d", i, got, err, want[i].Class)
			}
		})
	}
	wg.Wait()
}

func TestClosedModel(t *testing.T) {
	set := synthetic(t, 20, 1)
	model := train(t, set, fastresnet.WithEpochs(1)).Model
	if err := model.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := model.Predict(context.Background(), set.Image(0)); !errors.Is(err, fastresnet.ErrClosed) {
		t.Errorf("error %v, want ErrClosed", err)
	}
}

func TestPredictStopsWithItsContext(t *testing.T) {
	set := synthetic(t, 20, 1)
	model := train(t, set, fastresnet.WithEpochs(1)).Model
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := model.PredictDataset(ctx, set); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
}

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

func TestPredictionAsJSON(t *testing.T) {
	p := fastresnet.Prediction{Class: 1, Label: "dog", Probability: 0.75, Probabilities: []float64{0.25, 0.75}, Labels: []string{"cat", "dog"}}
	unknown := p
	unknown.Unknown, unknown.Logits = true, []float32{0, 1}
	for _, tt := range []struct {
		value any
		want  string
	}{
		{p.Top(1), `[{"class":1,"label":"dog","probability":0.75}]`},
		{p, `{"class":1,"label":"dog","probability":0.75,"probabilities":[0.25,0.75],"labels":["cat","dog"]}`},
		{unknown, `{"class":1,"label":"dog","probability":0.75,"unknown":true,"probabilities":[0.25,0.75],"labels":["cat","dog"],"logits":[0,1]}`},
	} {
		if got, err := json.Marshal(tt.value); string(got) != tt.want || err != nil {
			t.Errorf("%s, %v; want %s", got, err, tt.want)
		}
	}
}
