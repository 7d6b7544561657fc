package fastresnet_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/safetensors"
	"github.com/fastresnet/fastresnet/internal/testbackend"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// written is what a model writes.
func written(t *testing.T, m *fastresnet.Model, opts ...fastresnet.SaveOption) []byte {
	t.Helper()
	var file bytes.Buffer
	if err := m.Write(&file, opts...); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// read is the model of a file, in pure Go.
func read(t *testing.T, file []byte) *fastresnet.Model {
	t.Helper()
	m, err := fastresnet.ReadModel(bytes.NewReader(file), fastresnet.WithBackend("go"))
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

// doubling is tinyNetwork with a residual block of which both paths are the image as it is.
func doubling() layers.Network {
	n := tinyNetwork()
	n.Layers = slices.Insert(n.Layers, 3, layers.Layer(layers.Residual{}))
	return n
}

// linear is a network that is a classifier and nothing else.
func linear() layers.Network {
	return layers.Network{Name: "linear", Input: data.Shape{Height: 32, Width: 32, Channels: 3}, Layers: []layers.Layer{
		layers.GlobalMeanPool{},
		layers.Linear{Name: "classifier", Out: 10},
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
		{"a network of one's own", []fastresnet.Option{fastresnet.WithArchitecture(tinyNetwork())}},
		{"an average", []fastresnet.Option{fastresnet.WithAveraging(fastresnet.Averaging{Every: 2, Decay: 0.9})}},
		{"a block whose branch is empty", []fastresnet.Option{fastresnet.WithArchitecture(doubling())}},
		{"a design without stages", []fastresnet.Option{fastresnet.WithArchitecture(layers.Design{Name: "stem", Width: 2})}},
		{"a start that takes nothing", []fastresnet.Option{
			fastresnet.WithInitialModel(train(t, renamed(t, set), fastresnet.WithArchitecture(linear())).Model), fastresnet.WithEpochs(1)}},
		{"six views", []fastresnet.Option{fastresnet.WithRecipe(fastresnet.Airbench94Muon())}},
	} {
		t.Run(test.name, func(t *testing.T) {
			saved := train(t, set, test.options...)
			file := written(t, saved.Model)
			loaded := read(t, file)
			if diff := cmp.Diff(predictions(t, saved.Model, set), predictions(t, loaded, set)); diff != "" {
				t.Errorf("predictions (-saved +loaded):\n%s", diff)
			}
			if diff := cmp.Diff(saved.Record, loaded.Record(), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("record (-saved +loaded):\n%s", diff)
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

// A variable's longest name, and one that begins as those of the last step do, are in files of every kind.
func TestFilesHoldTheLongestNames(t *testing.T) {
	set, long := synthetic(t, 40, 1), strings.Repeat("ä", 496)+"a" // 1,000 bytes with "/weight"
	n := tinyNetwork()
	n.Layers[0] = layers.Conv{Name: long, Out: 2, Kernel: 3, Stride: 2}
	n.Layers[4] = layers.Linear{Name: "last", Out: 10}
	model := train(t, set, fastresnet.WithArchitecture(n), fastresnet.WithAveraging(fastresnet.Averaging{Every: 1, Decay: 0.5}),
		fastresnet.WithBestWeights(), fastresnet.WithCheckpoint(t.TempDir(), 1)).Model
	for _, storage := range storages {
		loaded := read(t, written(t, model, fastresnet.WithStorage(storage)))
		if diff := cmp.Diff(n, loaded.Network()); diff != "" {
			t.Errorf("network as %s (-saved +loaded):\n%s", storage, diff)
		}
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
		if diff := cmp.Diff(set.Normalization(), loaded.Normalization()); diff != "" {
			t.Errorf("normalisation (-of the set +loaded):\n%s", diff)
		}
		name, description := saved.Device()
		if r := saved.Record(); name != r.Backend || description != r.Device {
			t.Errorf("the trained model computes with %s, %s, the run with %s, %s", name, description, r.Backend, r.Device)
		}
		if name, description := loaded.Device(); name != "go" || !strings.Contains(description, "pure Go") {
			t.Errorf("the loaded model computes with %s, %s, want pure Go", name, description)
		}
	})
}

func TestModelFileLeavesOwnAugmentationsOut(t *testing.T) {
	saved := train(t, synthetic(t, 20, 1), fastresnet.WithAugmentations(data.Crop{Pad: 2}, own{}, data.FlipLR{}))
	want := data.Augmentations{data.Crop{Pad: 2}, data.FlipLR{}}
	if diff := cmp.Diff(want, read(t, written(t, saved.Model)).Record().Recipe.Augmentations); diff != "" {
		t.Errorf("augmentations (-want +got):\n%s", diff)
	}
	if got := len(saved.Model.Record().Recipe.Augmentations); got != 3 {
		t.Errorf("the model that was saved has %d augmentations afterwards, want 3", got)
	}
}

// The last step's weights of a run with an average are those of the run without.
func TestModelFileHasTheLastWeightsToo(t *testing.T) {
	set := synthetic(t, 40, 1)
	tensors := func(opts ...fastresnet.Option) map[string][]float32 {
		file, err := safetensors.Read(bytes.NewReader(written(t, train(t, set, opts...).Model)), nil)
		if err != nil {
			t.Fatal(err)
		}
		values := map[string][]float32{}
		for _, tensor := range file.Tensors {
			values[tensor.Name] = tensor.Data
		}
		return values
	}
	plain, averaged := tensors(), tensors(fastresnet.WithAveraging(fastresnet.Averaging{Every: 1, Decay: 0.9}))
	if len(averaged) != 2*len(plain) {
		t.Errorf("%d tensors, want %d", len(averaged), 2*len(plain))
	}
	for name, want := range plain {
		if diff := cmp.Diff(want, averaged["last/"+name]); diff != "" {
			t.Errorf("last/%s (-run without an average +file):\n%s", name, diff)
		}
		if slices.Equal(want, averaged[name]) {
			t.Errorf("%s is the last step's, not the average", name)
		}
	}
}

func TestModelKnowsItsRunAsFarAsItIs(t *testing.T) {
	set := synthetic(t, 40, 1)
	var model *fastresnet.Model
	var files [][]byte
	result := train(t, set,
		fastresnet.WithProgress(fastresnet.Observer{Start: func(r *fastresnet.Result) {
			model = r.Model
			files = append(files, written(t, model))
		}, Epoch: func(e fastresnet.Epoch) {
			got := model.Record()
			if diff := cmp.Diff(e, got.Epochs[len(got.Epochs)-1]); diff != "" {
				t.Errorf("the last epoch (-callback +model):\n%s", diff)
			}
			got.Epochs[0].Number, got.Recipe.Schedule[0].Rate = -1, -1 // a copy's
			files = append(files, written(t, model))
		}}))
	for i, file := range files {
		if got := len(read(t, file).Record().Epochs); got != i {
			t.Errorf("the file after %d epochs has %d", i, got)
		}
	}
	got := model.Record()
	if result.Model != model {
		t.Error("the result's model is another")
	}
	if diff := cmp.Diff(result.Record, got); diff != "" {
		t.Errorf("record (-Train's +the model's):\n%s", diff)
	}
}

// A diverged run has losses that JSON cannot hold, and weights that are no use.
func TestModelFileOfADivergedRun(t *testing.T) {
	result, err := fastresnet.Train(context.Background(), fastresnet.WithDataset(synthetic(t, 64, 1), nil), fastresnet.WithBackend("go"),
		fastresnet.WithArchitecture(tinyNetwork()), fastresnet.WithBatchSize(16), fastresnet.WithEpochs(2), fastresnet.WithPeakRate(1e30))
	if !errors.Is(err, fastresnet.ErrDiverged) {
		t.Fatalf("error %v, want ErrDiverged", err)
	}
	defer result.Model.Close()
	if _, err := json.Marshal(result); err != nil {
		t.Errorf("the result as JSON: %v", err)
	}
	path := filepath.Join(t.TempDir(), "model.safetensors")
	if err := os.WriteFile(path, []byte("old"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := result.Model.Save(path); !errors.Is(err, fastresnet.ErrDiverged) {
		t.Errorf("error %v, want ErrDiverged", err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "old" {
		t.Errorf("the file is now %.20q, %v", text, err)
	}
}

func TestRecordAsJSON(t *testing.T) {
	for name, loss := range map[string]float64{"finite": 1.5, "not a number": math.NaN()} {
		want := fastresnet.Record{Recipe: fastresnet.ResNet9Epochs24(), Epochs: []fastresnet.Epoch{{
			Number: 1, TrainLoss: loss, TestLoss: 2.5, Tested: true, TrainTime: time.Second}}}
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var got fastresnet.Record
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateNaNs(), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestSaveWhereNoFileCanBe(t *testing.T) {
	model := train(t, synthetic(t, 20, 1)).Model
	folder := t.TempDir()
	if err := model.Save(filepath.Join(folder, "missing", "model")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing folder: error %v, want fs.ErrNotExist", err)
	}
	if err := model.Write(full{}); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("a full disk: error %v, want ENOSPC", err)
	}
	if err := model.Close(); err != nil {
		t.Fatal(err)
	}
	if err := model.Save(filepath.Join(folder, "model")); !errors.Is(err, fastresnet.ErrClosed) {
		t.Errorf("a closed model: error %v, want ErrClosed", err)
	}
	if entries, err := os.ReadDir(folder); err != nil || len(entries) > 0 {
		t.Errorf("the folder has %v, %v", entries, err)
	}
}

// full is a disk with no room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

func TestSaveToAFolderThatCannotBeWritten(t *testing.T) {
	if os.Getuid() <= 0 {
		t.Skip("root, and whoever is on Windows, writes to any folder")
	}
	model := train(t, synthetic(t, 20, 1)).Model
	folder := t.TempDir()
	path := filepath.Join(folder, "model")
	if err := model.Save(path); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(folder, 0o555); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(folder, 0o755) }) // or nobody could remove it
	if err := model.Save(path); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("error %v, want fs.ErrPermission", err)
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the file has changed, or %v", err)
	}
}

func TestLoadOptions(t *testing.T) {
	set := synthetic(t, 20, 1)
	file := written(t, train(t, set, fastresnet.WithArchitecture(tinyNetwork())).Model)
	for _, test := range []struct {
		name   string
		option fastresnet.LoadOption
		want   error
	}{
		{"none", nil, nil},
		{"logger", fastresnet.WithLogger(slog.New(slog.DiscardHandler)), nil},
		{"download", fastresnet.WithPluginDownload(), nil},
		{"float32", fastresnet.WithPrecision(fastresnet.Float32), nil},
		{"bfloat16 in pure Go", fastresnet.WithPrecision(fastresnet.BFloat16), fastresnet.ErrOption},
		{"no precision", fastresnet.WithPrecision("float8"), fastresnet.ErrOption},
		{"no backend", fastresnet.WithBackend("abacus"), fastresnet.ErrBackend},
	} {
		model, err := fastresnet.ReadModel(bytes.NewReader(file), fastresnet.WithBackend("go"), test.option)
		if !errors.Is(err, test.want) || (model == nil) != (test.want != nil) {
			t.Errorf("%s: model %v, error %v, want %v", test.name, model, err, test.want)
		}
		if model != nil {
			model.Close()
		}
	}
}

// A file says which augmentations of one's own the recipe had, though it cannot hold them.
func TestOwnAugmentationsAreNamed(t *testing.T) {
	set := synthetic(t, 40, 1)
	model := train(t, set, fastresnet.WithEpochs(1), fastresnet.WithAugmentations(data.Crop{Pad: 2}, own{})).Model
	var file bytes.Buffer
	if err := model.Write(&file); err != nil {
		t.Fatal(err)
	}
	loaded, err := fastresnet.ReadModel(&file)
	if err != nil {
		t.Fatal(err)
	}
	defer loaded.Close()
	r := loaded.Record()
	if diff := cmp.Diff([]string{own{}.String()}, r.OwnAugmentations); diff != "" {
		t.Errorf("own augmentations (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(data.Augmentations{data.Crop{Pad: 2}}, r.Recipe.Augmentations); diff != "" {
		t.Errorf("the others (-want +got):\n%s", diff)
	}
}
