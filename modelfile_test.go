package fastresnet_test

import (
	"bytes"
	"context"
	"path/filepath"
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/testbackend"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// written is what a model writes.
func written(t *testing.T, m *fastresnet.Model) []byte {
	t.Helper()
	var file bytes.Buffer
	if err := m.Write(&file); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// read is the model of a file, in pure Go.
func read(t *testing.T, file []byte) *fastresnet.Model {
	t.Helper()
	m, err := fastresnet.Read(bytes.NewReader(file), fastresnet.WithBackend("go"))
	if err != nil {
		t.Fatalf("%+v", err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

func predictions(t *testing.T, m *fastresnet.Model, set *data.Dataset) []fastresnet.Prediction {
	t.Helper()
	p, err := m.PredictDataset(context.Background(), set)
	if err != nil {
		t.Fatalf("%+v", err)
	}
	return p
}

// tinyNetwork is a network of the user's own.
func tinyNetwork() layers.Network {
	return layers.Network{Name: "own", Input: data.Shape{Height: 32, Width: 32, Channels: 3}, Layers: []layers.Layer{
		layers.Conv{Name: "conv", Out: 2, Kernel: 3, Stride: 2},
		layers.BatchNorm{Name: "norm"},
		layers.CELU{Alpha: 0.3},
		layers.GlobalMeanPool{},
		layers.Linear{Name: "classifier", Out: 10, Bias: true},
	}}
}

// What is read from a file predicts as the model does that wrote it, knows the same of its run, and writes the same
// file.
func TestModelFile(t *testing.T) {
	set := synthetic(t, 40, 1)
	for _, test := range []struct {
		name    string
		options []fastresnet.Option
	}{
		{"as the recipe is", nil},
		{"without a test set", []fastresnet.Option{fastresnet.WithDataset(set, nil)}},
		{"a network of one's own", []fastresnet.Option{fastresnet.WithNetwork(tinyNetwork())}},
		{"an average", []fastresnet.Option{fastresnet.WithAveraging(fastresnet.Averaging{Every: 2, Decay: 0.9})}},
		{"six views", []fastresnet.Option{fastresnet.WithRecipe(airbench(t))}},
	} {
		t.Run(test.name, func(t *testing.T) {
			saved := train(t, set, test.options...)
			file := written(t, saved.Model)
			loaded := read(t, file)
			if diff := cmp.Diff(predictions(t, saved.Model, set), predictions(t, loaded, set)); diff != "" {
				t.Errorf("predictions (-saved +loaded):\n%s", diff)
			}
			ignored := cmp.Options{cmpopts.IgnoreFields(fastresnet.Result{}, "Model"), cmpopts.EquateEmpty()}
			if diff := cmp.Diff(saved, loaded.Result(), ignored); diff != "" {
				t.Errorf("result (-saved +loaded):\n%s", diff)
			}
			if diff := cmp.Diff(saved.Model.Network(), loaded.Network(), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("network (-saved +loaded):\n%s", diff)
			}
			if !bytes.Equal(file, written(t, loaded)) {
				t.Error("the loaded model writes another file")
			}
		})
	}
}

func TestSaveAndLoad(t *testing.T) {
	set := synthetic(t, 40, 1)
	testbackend.Each(t, func(t *testing.T, backend string) {
		saved := train(t, set, fastresnet.WithBackend(backend)).Model
		path := filepath.Join(t.TempDir(), "model.safetensors")
		if err := saved.Save(path); err != nil {
			t.Fatal(err)
		}
		loaded, err := fastresnet.Load(path, fastresnet.WithBackend("go"))
		if err != nil {
			t.Fatal(err)
		}
		defer loaded.Close()
		if diff := cmp.Diff(predictions(t, saved, set), predictions(t, loaded, set), cmpopts.EquateApprox(0, 1e-4)); diff != "" {
			t.Errorf("predictions (-saved +loaded in pure Go):\n%s", diff)
		}
	})
}
