package fastresnet_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/internal/safetensors"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// storages are all of them.
var storages = []fastresnet.Storage{fastresnet.StoreFloat32, fastresnet.StoreFloat16, fastresnet.StoreInt8}

// tensorsOf are the tensors of a file by their names.
func tensorsOf(t *testing.T, file []byte) map[string]safetensors.Tensor {
	t.Helper()
	byName := map[string]safetensors.Tensor{}
	for _, tensor := range opened(t, file).Tensors {
		byName[tensor.Name] = tensor
	}
	return byName
}

// What is read from a narrow file answers nearly as the model does that wrote it, knows the same of its run, and writes
// the same file.
func TestStorage(t *testing.T) {
	set := synthetic(t, 40, 1)
	for _, run := range []struct {
		name    string
		options []fastresnet.Option
	}{
		{"resnet9", nil},
		{"an average", []fastresnet.Option{fastresnet.WithAveraging(fastresnet.Averaging{Every: 2, Decay: 0.9})}},
		{"whitening", []fastresnet.Option{fastresnet.WithRecipe(fastresnet.Airbench94Muon())}},
	} {
		saved := train(t, set, run.options...)
		plain := written(t, saved.Model)
		for _, test := range []struct {
			storage   fastresnet.Storage
			weights   int     // bytes of one
			tolerance float64 // of probabilities
		}{
			{fastresnet.StoreFloat16, 2, 2e-3},
			{fastresnet.StoreInt8, 1, 5e-2},
		} {
			t.Run(run.name+" "+string(test.storage), func(t *testing.T) {
				file := written(t, saved.Model, fastresnet.WithStorage(test.storage))
				loaded := read(t, file)
				got, want := predictions(t, loaded, set), predictions(t, saved.Model, set)
				for i := range got {
					if diff := cmp.Diff(want[i].Probabilities, got[i].Probabilities, cmpopts.EquateApprox(0, test.tolerance)); diff != "" {
						t.Fatalf("probabilities of image %d (-saved +loaded):\n%s", i, diff)
					}
				}
				if diff := cmp.Diff(saved.Record, loaded.Record(), cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("record (-saved +loaded):\n%s", diff)
				}
				if !bytes.Equal(file, written(t, loaded, fastresnet.WithStorage(test.storage))) {
					t.Error("the loaded model writes another file")
				}
				compareTensors(t, tensorsOf(t, plain), tensorsOf(t, file), test.weights)
			})
		}
	}
}

// compareTensors expects those of a narrow file to be the plain one's, rounded if they are filters that were trained, or
// linear weights.
func compareTensors(t *testing.T, plain, narrow map[string]safetensors.Tensor, size int) {
	t.Helper()
	for name, want := range plain {
		got, is := narrow[name]
		if of, last := strings.CutPrefix(name, "last/"); last && plain[of].Name == of {
			if is {
				t.Errorf("the file has %s", name)
			}
			continue
		}
		wide := len(want.Shape) == 1 || strings.HasSuffix(name, "whitening/weight")
		if wantSize := map[bool]int{true: 4, false: size}[wide]; got.Type.Size() != wantSize {
			t.Errorf("%s takes %d bytes a value, want %d", name, got.Type.Size(), wantSize)
			continue
		}
		scales, scaled := narrow[name+"/int8_scale"]
		for i, v := range want.Data {
			g, within := float64(got.Data[i]), 0.0
			switch {
			case scaled:
				scale := float64(scales.Data[i/(len(want.Data)/want.Shape[0])])
				g, within = g*scale, scale/2
			case !wide:
				within = math.Max(math.Abs(float64(v))*0x1p-11, 0x1p-25)
			}
			if d := math.Abs(g - float64(v)); !(d <= within) {
				t.Fatalf("%s[%d] is %g in the plain file and %g in the other, want no more than %g between them", name, i, v, g, within)
			}
		}
	}
}

// A file without WithStorage is one of float32, in the format that programs before there was another read.
func TestStorageByDefault(t *testing.T) {
	model := train(t, synthetic(t, 20, 1)).Model
	file := written(t, model)
	for name, option := range map[string]fastresnet.SaveOption{"nil": nil, "float32": fastresnet.WithStorage(fastresnet.StoreFloat32)} {
		if !bytes.Equal(file, written(t, model, option)) {
			t.Errorf("with the option %s the file is another", name)
		}
	}
	if !bytes.Equal(file, written(t, model, fastresnet.WithStorage(fastresnet.StoreInt8), fastresnet.WithStorage(fastresnet.StoreFloat32))) {
		t.Error("of two storages the last one does not count")
	}
}

func TestFormatVersion(t *testing.T) {
	set := synthetic(t, 20, 1)
	average := fastresnet.WithAveraging(fastresnet.Averaging{Every: 1, Decay: 0.9})
	for _, test := range []struct {
		name    string
		options []fastresnet.Option
		through fastresnet.Storage // of the file that the model is loaded from
		storage fastresnet.Storage
		want    string
	}{
		{"float32", nil, "float32", "float32", "2"},
		{"float16", nil, "float32", "float16", "3"},
		{"int8", nil, "float32", "int8", "3"},
		{"float32 again", nil, "int8", "float32", "2"},
		{"an average", []fastresnet.Option{average}, "float32", "float32", "2"},
		{"an average whose last weights are lost", []fastresnet.Option{average}, "float16", "float32", "3"},
	} {
		t.Run(test.name, func(t *testing.T) {
			first := written(t, train(t, set, append(test.options, fastresnet.WithArchitecture(tinyNetwork()))...).Model, fastresnet.WithStorage(test.through))
			model := read(t, first)
			file := written(t, model, fastresnet.WithStorage(test.storage))
			if got := opened(t, file).Metadata["fastresnet"]; got != test.want {
				t.Errorf("format version %q, want %q", got, test.want)
			}
			if again := read(t, file); test.storage == fastresnet.StoreFloat32 {
				if diff := cmp.Diff(predictions(t, model, set), predictions(t, again, set)); diff != "" {
					t.Errorf("predictions (-before +after):\n%s", diff)
				}
			}
		})
	}
}

// PyTorch reads a tensor only where its values are aligned: an odd number of halves must not come before whole ones.
func TestTensorsAreAligned(t *testing.T) {
	network := tinyNetwork() // whose first filters are 54 values
	model := train(t, synthetic(t, 20, 1), fastresnet.WithArchitecture(network)).Model
	for _, storage := range storages {
		file := written(t, model, fastresnet.WithStorage(storage))
		var header map[string]json.RawMessage
		if err := json.NewDecoder(bytes.NewReader(file[8:])).Decode(&header); err != nil {
			t.Fatal(err)
		}
		for name, tensor := range tensorsOf(t, file) {
			var entry struct {
				Offsets []int `json:"data_offsets"`
			}
			if err := json.Unmarshal(header[name], &entry); err != nil {
				t.Fatal(err)
			}
			if entry.Offsets[0]%tensor.Type.Size() != 0 {
				t.Errorf("%s: %s of %v is at %d", storage, name, tensor.Type, entry.Offsets[0])
			}
		}
	}
}

func TestUnknownStorage(t *testing.T) {
	model := train(t, synthetic(t, 20, 1)).Model
	for _, storage := range []fastresnet.Storage{"", "bfloat16", "INT8"} {
		var file bytes.Buffer
		path := filepath.Join(t.TempDir(), "model")
		for of, err := range map[string]error{
			"Write": model.Write(&file, fastresnet.WithStorage(storage)),
			"Save":  model.Save(path, fastresnet.WithStorage(storage)),
		} {
			if !errors.Is(err, fastresnet.ErrOption) || !strings.Contains(err.Error(), `"int8"`) {
				t.Errorf("%s of storage %q: error %v, want ErrOption that names those there are", of, storage, err)
			}
		}
		if _, err := os.Stat(path); err == nil || file.Len() > 0 {
			t.Errorf("storage %q: something was written", storage)
		}
	}
}

// A weight that float16 cannot hold is an error, and no infinity in a file. int8 has a scale.
func TestStorageOfLargeWeights(t *testing.T) {
	set := synthetic(t, 20, 1)
	f := opened(t, written(t, train(t, set, fastresnet.WithArchitecture(tinyNetwork())).Model))
	f.Tensors[0].Data[0] = 65520
	model := read(t, bytesOf(t, f))

	path := filepath.Join(t.TempDir(), "model")
	if err := os.WriteFile(path, []byte("old"), 0o666); err != nil {
		t.Fatal(err)
	}
	half := fastresnet.WithStorage(fastresnet.StoreFloat16)
	var file bytes.Buffer
	for of, err := range map[string]error{"Write": model.Write(&file, half), "Save": model.Save(path, half)} {
		if !errors.Is(err, fastresnet.ErrOption) || !strings.Contains(err.Error(), `"conv/weight"`) {
			t.Errorf("%s: error %v, want ErrOption that names the tensor", of, err)
		}
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "old" || file.Len() > 0 {
		t.Errorf("the file is now %.20q, %v, and %d bytes are written", text, err, file.Len())
	}
	got := tensorsOf(t, written(t, model, fastresnet.WithStorage(fastresnet.StoreInt8)))["conv/weight/int8_scale"].Data[0]
	if want := float32(65520. / 127); !(math.Abs(float64(got-want)) < 0.02) {
		t.Errorf("the scale is %g, want %g", got, want)
	}
}

// The filters of a patch whitening are float32 in all files.
func TestNarrowWhitening(t *testing.T) {
	f := opened(t, written(t, train(t, synthetic(t, 40, 1), fastresnet.WithRecipe(fastresnet.Airbench94Muon())).Model, fastresnet.WithStorage(fastresnet.StoreFloat16)))
	const name = "prep/whitening/weight"
	i := slices.IndexFunc(f.Tensors, func(t safetensors.Tensor) bool { return t.Name == name })
	f.Tensors[i].Type = safetensors.F16
	if err := readError(bytesOf(t, f)); !errors.Is(err, fastresnet.ErrCorrupt) || !strings.Contains(err.Error(), name) {
		t.Errorf("error %v, want ErrCorrupt that names the tensor", err)
	}
}

// A variance may be far beyond float16.
func TestStorageLeavesVariancesBe(t *testing.T) {
	f := opened(t, written(t, train(t, synthetic(t, 20, 1), fastresnet.WithArchitecture(tinyNetwork())).Model))
	const variance = 123456789
	for i := range f.Tensors {
		if f.Tensors[i].Name == "norm/variance" {
			f.Tensors[i].Data[0] = variance
		}
	}
	for _, storage := range storages {
		file := written(t, read(t, bytesOf(t, f)), fastresnet.WithStorage(storage))
		if got := tensorsOf(t, file)["norm/variance"].Data[0]; got != variance {
			t.Errorf("%s: the variance is %g, want %d", storage, got, variance)
		}
	}
}
