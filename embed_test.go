package fastresnet_test

import (
	"bytes"
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/engine/enginetest"
	"github.com/fastresnet/fastresnet/internal/testbackend"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// The classifier's weights make the logits of a vector, once it has its length again, which is not known: it is the one
// that fits best.
func TestEmbeddingsMakeTheLogits(t *testing.T) {
	set := synthetic(t, 60, 1) // more than a batch
	flips := fastresnet.WithTestViews(fastresnet.FlipViews)
	for _, tt := range []struct {
		name, backend string
		options       []fastresnet.Option
	}{
		{"dawn", "go", []fastresnet.Option{fastresnet.WithArchitecture(narrow(layers.Dawn()))}},
		{"resnet9", "go", []fastresnet.Option{fastresnet.WithArchitecture(narrow(layers.ResNet9())), flips}},
		{"airbench94", "go", []fastresnet.Option{fastresnet.WithRecipe(fastresnet.Airbench94Muon()), fastresnet.WithWidth(4), fastresnet.WithPeakRate(0.1)}},
		// The designs on XLA are a test of the engine.
		{"a small network on XLA", "xla", []fastresnet.Option{fastresnet.WithArchitecture(tinyNetwork()), flips}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.backend == "xla" {
				tt.backend = testbackend.XLA(t)
			}
			model := train(t, set, append(tt.options, fastresnet.WithBackend(tt.backend), fastresnet.WithBatchSize(40), fastresnet.WithEpochs(1))...).Model
			predictions, err := model.PredictDataset(context.Background(), set)
			if err != nil {
				t.Fatal(err)
			}
			vectors, err := model.EmbedDataset(context.Background(), set)
			if err != nil {
				t.Fatal(err)
			}
			if len(vectors) != set.Len() {
				t.Fatalf("%d vectors for %d images", len(vectors), set.Len())
			}
			values, _ := model.Variables()
			for i, v := range vectors {
				if len(v) != model.EmbeddingSize() || math.Abs(length(v)-1) > 1e-6 {
					t.Fatalf("image %d: a vector of %d numbers and length %g, want %d and 1", i, len(v), length(v), model.EmbeddingSize())
				}
				bias := centred(enginetest.Classify(model.Network(), values, make([]float32, len(v))))
				slope := centred(enginetest.Classify(model.Network(), values, v))
				logs := make([]float32, len(bias)) // the logits, but for a number that is the same for all
				for c, p := range predictions[i].Probabilities {
					logs[c] = float32(math.Log(p))
				}
				want := centred(logs)
				var product, square, largest float64
				for c := range want {
					slope[c] -= bias[c]
					product += (want[c] - bias[c]) * slope[c]
					square += slope[c] * slope[c]
					largest = max(largest, math.Abs(want[c]))
				}
				for c := range want {
					if got := bias[c] + product/square*slope[c]; math.Abs(got-want[c]) > 1e-4*largest {
						t.Fatalf("image %d, class %d: logit %g by the vector, %g by the model", i, c, got, want[c])
					}
				}
			}
			alone, err := model.Embed(context.Background(), set.Image(3))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(vectors[3:4], alone, cmpopts.EquateApprox(0, 1e-4)); diff != "" {
				t.Errorf("vectors (-of a batch +of one image):\n%s", diff)
			}
		})
	}
}

// narrow is a design of width 4.
func narrow(d layers.Design) layers.Design {
	d.Width = 4
	return d
}

// centred is what is left of numbers without their mean.
func centred(all []float32) []float64 {
	mean := 0.
	for _, v := range all {
		mean += float64(v) / float64(len(all))
	}
	var rest []float64
	for _, v := range all {
		rest = append(rest, float64(v)-mean)
	}
	return rest
}

func length(v []float32) float64 {
	sum := 0.
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	return math.Sqrt(sum)
}

// Vectors and predictions that are asked for at the same time are those that are asked for alone.
func TestConcurrentEmbeddings(t *testing.T) {
	const callers, images = 60, 20
	set := synthetic(t, images, 1)
	model := train(t, set, fastresnet.WithEpochs(1)).Model
	var vectors [images][][]float32
	var predictions [images][]fastresnet.Prediction
	for i := range images {
		var errs [2]error
		vectors[i], errs[0] = model.Embed(context.Background(), set.Image(i))
		predictions[i], errs[1] = model.Predict(context.Background(), set.Image(i))
		if err := errors.Join(errs[:]...); err != nil {
			t.Fatal(err)
		}
	}
	near := cmpopts.EquateApprox(1e-4, 1e-6) // few images are computed in another way than many
	release := model.Hold()                  // so that they all wait at the same time
	var wg sync.WaitGroup
	for caller := range callers {
		i := caller % images
		wg.Go(func() {
			var want, got any = vectors[i], nil
			var err error
			if caller%3 == 0 {
				want = predictions[i]
				got, err = model.Predict(context.Background(), set.Image(i))
			} else {
				got, err = model.Embed(context.Background(), set.Image(i))
			}
			if diff := cmp.Diff(want, got, near); err != nil || diff != "" {
				t.Errorf("caller %d: %v, (-alone +together):\n%s", caller, err, diff)
			}
		})
	}
	await(t, model, callers)
	release()
	wg.Wait()
}

// Vectors while the model is trained on are of one epoch's weights, however many batches they take, and of the last
// one's at the end.
func TestConcurrentEmbeddingsWhileTraining(t *testing.T) {
	set := synthetic(t, 320, 1)
	var model *fastresnet.Model
	var seen, ofEpochs []float64
	embed := func() (sum float64) { // which tells vectors from others
		vectors, err := model.EmbedDataset(context.Background(), set)
		if err != nil {
			t.Error(err)
		}
		for i, v := range vectors {
			sum += float64(i+1) * float64(v[0])
		}
		return sum
	}
	var wg sync.WaitGroup
	ended := make(chan struct{})
	train(t, set, fastresnet.WithEpochs(3), fastresnet.WithDataset(first(t, set, 64), first(t, set, 64)),
		fastresnet.WithProgress(fastresnet.Observer{Start: func(r *fastresnet.Result) {
			model = r.Model
			ofEpochs = append(ofEpochs, embed())
			wg.Go(func() {
				for {
					seen = append(seen, embed())
					select {
					case <-ended:
						return
					default:
					}
				}
			})
		}, Epoch: func(fastresnet.Epoch) { ofEpochs = append(ofEpochs, embed()) }}))
	close(ended)
	wg.Wait()
	for _, sum := range seen {
		if !slices.Contains(ofEpochs, sum) {
			t.Errorf("vectors are those of no epoch's weights: %g, want one of %g", sum, ofEpochs)
		}
	}
	if ofEpochs[0] == ofEpochs[1] {
		t.Error("an epoch changed nothing")
	}
	if got, want := embed(), ofEpochs[len(ofEpochs)-1]; got != want {
		t.Errorf("after training the vectors are %g, those of the last epoch %g", got, want)
	}
}

func TestEmbedErrors(t *testing.T) {
	set := synthetic(t, 20, 1)
	small, err := data.New(make([]uint8, 2*8*8*3), data.Shape{Height: 8, Width: 8, Channels: 3}, []int{0, 1}, []string{"a", "b"})
	if err != nil {
		t.Fatal(err)
	}
	model := train(t, set, fastresnet.WithArchitecture(tinyNetwork()), fastresnet.WithEpochs(1)).Model
	bodiless := tinyNetwork()
	bodiless.Layers = bodiless.Layers[4:]
	linear := train(t, set, fastresnet.WithArchitecture(bodiless), fastresnet.WithEpochs(1)).Model
	closed := train(t, set, fastresnet.WithArchitecture(tinyNetwork()), fastresnet.WithEpochs(1)).Model
	if _, err := closed.Embed(context.Background(), set.Image(0)); err != nil {
		t.Fatal(err)
	}
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	over, cancel := context.WithCancel(context.Background())
	cancel()
	for _, tt := range []struct {
		name  string
		model *fastresnet.Model
		ctx   context.Context
		set   *data.Dataset
		want  error
		size  int // of a vector
	}{
		{"images of another size", model, context.Background(), small, fastresnet.ErrImage, 2},
		{"a network without a body", linear, context.Background(), set, layers.ErrNetwork, 0},
		{"a closed model", closed, context.Background(), set, fastresnet.ErrClosed, 2},
		{"a context that is over", model, over, set, context.Canceled, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if vectors, err := tt.model.EmbedDataset(tt.ctx, tt.set); vectors != nil || !errors.Is(err, tt.want) {
				t.Errorf("EmbedDataset = %d vectors, %v; want %v", len(vectors), err, tt.want)
			}
			if tt.set == set { // Embed scales images
				if vectors, err := tt.model.Embed(tt.ctx, set.Image(0)); vectors != nil || !errors.Is(err, tt.want) {
					t.Errorf("Embed = %d vectors, %v; want %v", len(vectors), err, tt.want)
				}
			}
			if size := tt.model.EmbeddingSize(); size != tt.size {
				t.Errorf("vectors of %d numbers, want %d", size, tt.size)
			}
		})
	}
	if vectors, err := model.Embed(context.Background(), nil); vectors != nil || !errors.Is(err, fastresnet.ErrImage) {
		t.Errorf("Embed of nil = %v, %v; want ErrImage", vectors, err)
	}
	if vectors, err := model.Embed(context.Background()); vectors != nil || err != nil {
		t.Errorf("Embed of nothing = %v, %v", vectors, err)
	}
}

// Features that are all 0 have no direction, and those that are not finite no vector.
func TestEmbeddingsOfUnusualFeatures(t *testing.T) {
	image := synthetic(t, 10, 1).Image(0)
	testbackend.Each(t, func(t *testing.T, backend string) {
		for _, tt := range []struct {
			name   string
			values map[string]float32
			vector []float32
			err    error
		}{
			{"zeros", map[string]float32{"norm/scale": 0, "norm/bias": 0}, []float32{0, 0}, nil},
			{"tiny", map[string]float32{"norm/scale": 0, "norm/bias": 1e-36}, []float32{math.Sqrt2 / 2, math.Sqrt2 / 2}, nil},
			{"infinite", map[string]float32{"norm/scale": 0, "norm/bias": 3e38}, nil, fastresnet.ErrDiverged},
		} {
			model, err := fastresnet.ReadModel(bytes.NewReader(withWeights(t, tt.values)), fastresnet.WithBackend(backend))
			if err != nil {
				t.Fatal(err)
			}
			defer model.Close()
			vectors, err := model.Embed(context.Background(), image)
			if !errors.Is(err, tt.err) {
				t.Errorf("%s: error %v, want %v", tt.name, err, tt.err)
			}
			var want [][]float32
			if tt.vector != nil {
				want = [][]float32{tt.vector}
			}
			if diff := cmp.Diff(want, vectors, cmpopts.EquateApprox(0, 1e-6)); diff != "" {
				t.Errorf("%s: vectors (-want +got):\n%s", tt.name, diff)
			}
		}
	})
}
