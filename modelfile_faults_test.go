package fastresnet_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/safetensors"
	"github.com/fastresnet/fastresnet/layers"
)

// tinyFile is the file of a tiny model with an average.
func tinyFile(t testing.TB, opts ...fastresnet.SaveOption) []byte {
	t.Helper()
	result, err := fastresnet.Train(context.Background(), fastresnet.WithDataset(synthetic(t, 16, 1), nil), fastresnet.WithBackend("go"),
		fastresnet.WithArchitecture(tinyNetwork()), fastresnet.WithBatchSize(16), fastresnet.WithEpochs(1), fastresnet.WithTestViews(fastresnet.FlipViews),
		fastresnet.WithAveraging(fastresnet.Averaging{Every: 1, Decay: 0.9}))
	if err != nil {
		t.Fatal(err)
	}
	defer result.Model.Close()
	var file bytes.Buffer
	if err := result.Model.Write(&file, opts...); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// opened is what a file holds, to be changed.
func opened(t testing.TB, file []byte) safetensors.File {
	t.Helper()
	f, err := safetensors.Read(bytes.NewReader(file), nil)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// readError is the error of reading content as a model.
func readError(content []byte) error {
	model, err := fastresnet.ReadModel(bytes.NewReader(content), fastresnet.WithBackend("go"))
	if err == nil {
		model.Close()
	}
	return err
}

func TestReadRefuses(t *testing.T) {
	file := tinyFile(t)
	document := func(old, new string) func(*safetensors.File) {
		return func(f *safetensors.File) {
			text := f.Metadata["model"]
			if !strings.Contains(text, old) {
				t.Fatalf("%q is not in %s", old, text)
			}
			f.Metadata["model"] = strings.ReplaceAll(text, old, new) // in the recipe too
		}
	}
	metadata := func(name, value string) func(*safetensors.File) {
		return func(f *safetensors.File) { f.Metadata[name] = value }
	}
	none := func(name string) func(*safetensors.File) {
		return func(f *safetensors.File) { delete(f.Metadata, name) }
	}
	for _, test := range []struct {
		name   string
		change func(*safetensors.File)
		want   error
		text   string
	}{
		{"another program's file", none("fastresnet"), fastresnet.ErrForeign, "metadata"},
		{"a file of another kind", none("model"), fastresnet.ErrForeign, "no model"},
		{"a newer format", metadata("fastresnet", "4"), fastresnet.ErrNewer, "update it"},
		{"an older format", metadata("fastresnet", "1"), fastresnet.ErrForeign, "version 1, of an earlier version"},
		{"no version", metadata("fastresnet", "one"), fastresnet.ErrCorrupt, `"one"`},
		{"a version in other digits", metadata("fastresnet", "02"), fastresnet.ErrCorrupt, `"02"`},
		{"a version with a sign", metadata("fastresnet", "+3"), fastresnet.ErrCorrupt, `"+3"`},
		{"the last step's weights in the narrow format", metadata("fastresnet", "3"), fastresnet.ErrCorrupt, "last/"},
		{"version 0", metadata("fastresnet", "0"), fastresnet.ErrCorrupt, `"0"`},
		{"no document", metadata("model", ""), fastresnet.ErrCorrupt, "EOF"},
		{"an empty document", metadata("model", "{}"), fastresnet.ErrCorrupt, "input shape"},
		{"two documents", func(f *safetensors.File) { f.Metadata["model"] += "{}" }, fastresnet.ErrCorrupt, "behind its end"},
		{"an unknown field", document(`"classes":`, `"more":1,"classes":`), fastresnet.ErrCorrupt, "more"},
		{"a field in other letters", document(`"classes":`, `"Classes":["a"],"classes":`), fastresnet.ErrCorrupt, "Classes"},
		{"an unknown field of an epoch", document(`{"number":1,`, `{"number":1,"more":1,`), fastresnet.ErrCorrupt, "more"},
		{"a field twice", document(`"seed":1`, `"seed":1,"seed":2`), fastresnet.ErrCorrupt, "twice"},
		{"null for classes", document(`"test_views":"flip","result"`, `"test_views":null,"result"`), fastresnet.ErrCorrupt, "test_views: null"},
		{"an unknown layer", document(`"type":"celu"`, `"type":"selu"`), fastresnet.ErrCorrupt, "selu"},
		{"a network that cannot be", document(`"stride":2`, `"stride":7`), fastresnet.ErrCorrupt, "stride 7"},
		{"a huge network", document(`{"type":"global_mean_pool"}`, `{"type":"global_mean_pool"},
			{"type":"conv","name":"a","out":60000,"kernel":1,"stride":1},{"type":"conv","name":"b","out":60000,"kernel":1,"stride":1}`),
			fastresnet.ErrTooLarge, "parameters"},
		{"a class too many", document(`"classes":[`, `"classes":["one more",`), fastresnet.ErrCorrupt, "11 names"},
		{"a class without a name", document(`"classes":["disc"`, `"classes":[""`), fastresnet.ErrCorrupt, "class 0 is empty"},
		{"two classes of one name", document(`"classes":["disc","ring"`, `"classes":["ring","ring"`), fastresnet.ErrCorrupt, "classes 0 and 1"},
		{"a mean too many", document(`"mean":[`, `"mean":[1,`), fastresnet.ErrCorrupt, "4 means"},
		{"a deviation of 0", func(f *safetensors.File) {
			before, after, _ := strings.Cut(f.Metadata["model"], `"std":[`)
			f.Metadata["model"] = before + `"std":[0,1,1` + after[strings.Index(after, "]"):]
		}, fastresnet.ErrCorrupt, "deviation 0"},
		{"other views than the recipe's", document(`"test_views":"flip","result"`, `"test_views":"","result"`), fastresnet.ErrCorrupt, "test views"},
		{"unknown views", func(f *safetensors.File) {
			f.Metadata["model"] = strings.ReplaceAll(f.Metadata["model"], `"test_views":"flip"`, `"test_views":"sideways"`)
		}, fastresnet.ErrCorrupt, "sideways"},
		{"moved views of images of one row", func(f *safetensors.File) {
			document(`"test_views":"flip"`, `"test_views":"six"`)(f)
			document(`"height":32`, `"height":1`)(f)
		}, fastresnet.ErrCorrupt, `views "six" of images of 1x32x3`},
		{"no result", func(f *safetensors.File) {
			before, _, _ := strings.Cut(f.Metadata["model"], `"result":`)
			f.Metadata["model"] = before + `"result":null}`
		}, fastresnet.ErrCorrupt, "no result"},
		{"a result of other types", document(`"seed":1`, `"seed":"one"`), fastresnet.ErrCorrupt, "seed"},
		{"unknown weights", document(`"weights":"averaged"`, `"weights":"best"`), fastresnet.ErrCorrupt, "best"},
		{"an unexpected average", document(`"weights":"averaged"`, `"weights":"last"`), fastresnet.ErrCorrupt, "last/"},
		{"no batch size", document(`"batch_size":16`, `"batch_size":0`), fastresnet.ErrCorrupt, "batch size 0"},
		{"a tensor less", func(f *safetensors.File) { f.Tensors = f.Tensors[1:] }, fastresnet.ErrCorrupt, "conv/weight"},
		{"a last tensor less", func(f *safetensors.File) { f.Tensors = f.Tensors[:len(f.Tensors)-1] }, fastresnet.ErrCorrupt, "last/classifier/bias"},
		{"a tensor more", func(f *safetensors.File) {
			f.Tensors = append(f.Tensors, safetensors.Tensor{Name: "more", Data: []float32{1}})
		}, fastresnet.ErrCorrupt, `"more"`},
		{"another shape", func(f *safetensors.File) { f.Tensors[0].Shape = []int{3, 3, 3, 2} }, fastresnet.ErrCorrupt, "[3 3 3 2]"},
		{"not a number", func(f *safetensors.File) { f.Tensors[1].Data[0] = float32(math.NaN()) }, fastresnet.ErrCorrupt, "finite"},
		{"a negative variance", func(f *safetensors.File) { f.Tensors[4].Data[0] = -1 }, fastresnet.ErrCorrupt, "negative variance"},
		{"a negative variance at last", func(f *safetensors.File) { f.Tensors[11].Data[1] = -1e-30 }, fastresnet.ErrCorrupt, "negative variance"},
		{"a factor beyond float32", document(`{"type":"global_mean_pool"}`, `{"type":"global_mean_pool"},{"type":"scale","factor":1e300}`),
			fastresnet.ErrCorrupt, "factor 1e+300"},
		{"an alpha that is 0 as a float32", document(`"alpha":0.3`, `"alpha":1e-300`), fastresnet.ErrCorrupt, "alpha 1e-300"},
		{"an epsilon that is 0 as a float32", document(`"name":"norm"`, `"name":"norm","epsilon":1e-300`), fastresnet.ErrCorrupt, "epsilon 1e-300"},
		{"a deviation without reciprocal", func(f *safetensors.File) {
			before, after, _ := strings.Cut(f.Metadata["model"], `"std":[`)
			f.Metadata["model"] = before + `"std":[1e-40,1,1` + after[strings.Index(after, "]"):]
		}, fastresnet.ErrCorrupt, "reciprocal"},
		{"infinite at last", func(f *safetensors.File) { f.Tensors[len(f.Tensors)-1].Data[0] = float32(math.Inf(1)) }, fastresnet.ErrCorrupt, "finite"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := opened(t, file)
			test.change(&f)
			var sealed bytes.Buffer
			if err := safetensors.Write(&sealed, f); err != nil {
				t.Fatal(err)
			}
			if err := readError(sealed.Bytes()); !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.text) {
				t.Errorf("error %v, want %v that says %q", err, test.want, test.text)
			}
		})
	}
}

// TestReadRefusesNarrow has what can be wrong with the tensors of a narrow file.
func TestReadRefusesNarrow(t *testing.T) {
	files := map[fastresnet.Storage][]byte{}
	for _, storage := range storages {
		files[storage] = tinyFile(t, fastresnet.WithStorage(storage))
	}
	infinite, nan := float32(math.Inf(1)), float32(math.NaN())
	change := func(name string, change func(*safetensors.Tensor)) func(*safetensors.File) {
		return func(f *safetensors.File) {
			i := slices.IndexFunc(f.Tensors, func(t safetensors.Tensor) bool { return t.Name == name })
			change(&f.Tensors[i])
		}
	}
	value := func(name string, v float32) func(*safetensors.File) {
		return change(name, func(t *safetensors.Tensor) { t.Data[len(t.Data)-1] = v })
	}
	as := func(name string, as safetensors.Type) func(*safetensors.File) {
		return change(name, func(t *safetensors.Tensor) { t.Type, t.Data = as, make([]float32, len(t.Data)) })
	}
	version := func(number string) func(*safetensors.File) {
		return func(f *safetensors.File) { f.Metadata["fastresnet"] = number }
	}
	const weight, scales = "classifier/weight", "classifier/weight/int8_scale"
	for _, test := range []struct {
		name    string
		storage fastresnet.Storage
		change  func(*safetensors.File)
		want    error
		text    string
	}{
		{"a newer format", "int8", version("4"), fastresnet.ErrNewer, "update it"},
		{"float16 in the plain format", "float16", version("2"), fastresnet.ErrCorrupt, `"conv/weight" is F16`},
		{"int8 in the plain format", "int8", version("2"), fastresnet.ErrCorrupt, `"conv/weight" is I8`},
		{"float16 of the last step", "float32", as("last/conv/weight", safetensors.F16), fastresnet.ErrCorrupt, `"last/conv/weight" is F16`},
		{"biases in float16", "float16", as("classifier/bias", safetensors.F16), fastresnet.ErrCorrupt, `"classifier/bias" is F16`},
		{"variances in int8", "int8", as("norm/variance", safetensors.I8), fastresnet.ErrCorrupt, `"norm/variance" is I8`},
		{"scales in float16", "int8", as(scales, safetensors.F16), fastresnet.ErrCorrupt, `int8_scale" is F16`},
		{"no scales", "int8", func(f *safetensors.File) {
			f.Tensors = slices.DeleteFunc(f.Tensors, func(t safetensors.Tensor) bool { return t.Name == scales })
		}, fastresnet.ErrCorrupt, "int8_scale"},
		{"a scale less", "int8", change(scales, func(t *safetensors.Tensor) { t.Shape, t.Data = []int{9}, t.Data[1:] }), fastresnet.ErrCorrupt, "[9], want [10]"},
		{"scales of another shape", "int8", change(scales, func(t *safetensors.Tensor) { t.Shape = []int{10, 1} }), fastresnet.ErrCorrupt, "[10 1]"},
		{"scales of what has none", "float16", func(f *safetensors.File) {
			f.Tensors = append(f.Tensors, safetensors.Tensor{Name: scales, Shape: []int{10}, Data: make([]float32, 10)})
		}, fastresnet.ErrCorrupt, "int8_scale"},
		{"a scale of 0", "int8", value(scales, 0), fastresnet.ErrCorrupt, "scale 0 of channel 9"},
		{"a negative scale", "int8", value(scales, -1), fastresnet.ErrCorrupt, "scale -1"},
		{"an infinite scale", "int8", value(scales, infinite), fastresnet.ErrCorrupt, "scale +Inf"},
		{"a scale that is no number", "int8", value(scales, nan), fastresnet.ErrCorrupt, "scale NaN"},
		{"a scale that is too large", "int8", value(scales, math.MaxFloat32), fastresnet.ErrCorrupt, "not finite"},
		{"an integer without opposite", "int8", value(weight, -128), fastresnet.ErrCorrupt, "-128"},
		{"integers for float16", "float16", as(weight, safetensors.I8), fastresnet.ErrCorrupt, "int8_scale"},
		{"an infinite float16", "float16", value(weight, infinite), fastresnet.ErrCorrupt, "not finite"},
		{"a float16 that is no number", "float16", value(weight, nan), fastresnet.ErrCorrupt, "not finite"},
		{"the last step's weights", "float16", func(f *safetensors.File) {
			f.Tensors = append(f.Tensors, safetensors.Tensor{Name: "last/classifier/bias", Shape: []int{10}, Data: make([]float32, 10)})
		}, fastresnet.ErrCorrupt, "last/"},
		{"a tensor less", "float16", func(f *safetensors.File) { f.Tensors = f.Tensors[:len(f.Tensors)-1] }, fastresnet.ErrCorrupt, weight},
		{"another shape", "float16", change(weight, func(t *safetensors.Tensor) { t.Shape = []int{2, 10} }), fastresnet.ErrCorrupt, "[2 10]"},
		{"a negative variance", "int8", value("norm/variance", -1), fastresnet.ErrCorrupt, "negative variance"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := opened(t, files[test.storage])
			test.change(&f)
			if err := readError(bytesOf(t, f)); !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.text) {
				t.Errorf("error %v, want %v that says %q", err, test.want, test.text)
			}
		})
	}
}

// Documents of megabytes that grow when they are read: the memory and the time that they take is bounded.
func TestReadTakesLittleForABomb(t *testing.T) {
	repeat := func(text string) string { return strings.Repeat(text, 8<<20/len(text)) }
	for name, bomb := range map[string]string{
		"arrays in arrays":   repeat("["),
		"objects in objects": repeat(`{"a":`),
		"epochs":             `{"result":{"epochs":[` + repeat(`{},`) + `{}]}}`,
		"layers":             `{"network":{"name":"a","layers":[` + repeat(`{"type":"relu"},`) + `{"type":"relu"}]}}`,
		"a block's layers":   `{"network":{"layers":[` + strings.Repeat(`{"type":"residual","branch":[`, 16) + repeat(`{"type":"relu"},`) + `{}` + strings.Repeat("]}", 16) + `]}}`,
		"a layer's type":     `{"network":{"layers":[{"type":"` + repeat("a") + `"}]}}`,
	} {
		t.Run(name, func(t *testing.T) {
			var sealed bytes.Buffer
			if err := safetensors.Write(&sealed, safetensors.File{Metadata: map[string]string{"fastresnet": "2", "model": bomb}}); err != nil {
				t.Fatal(err)
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			err := readError(sealed.Bytes())
			took := time.Since(start)
			runtime.ReadMemStats(&after)
			if !errors.Is(err, fastresnet.ErrCorrupt) || len(err.Error()) > 2000 {
				t.Errorf("error of %d bytes: %.2000v", len(err.Error()), err)
			}
			if got := after.TotalAlloc - before.TotalAlloc; got > 400<<20 || took > 10*time.Second {
				t.Errorf("%d MiB allocated in %v, want less than 400 MiB and 10 s", got>>20, took)
			}
			t.Logf("%d MiB allocated in %v", (after.TotalAlloc-before.TotalAlloc)>>20, took)
		})
	}
}

// withTensor is the content of a file with one more tensor, of so many bytes of zeros.
func withTensor(t *testing.T, f safetensors.File, name string, shape ...int) []byte {
	t.Helper()
	content, size := bytesOf(t, f), 1
	for _, n := range shape {
		size *= n
	}
	headerEnd := 8 + binary.LittleEndian.Uint64(content)
	header, values := bytes.TrimRight(content[8:headerEnd], " "), content[headerEnd:]
	text, err := json.Marshal(map[string]any{"dtype": "I8", "shape": shape, "data_offsets": []int{len(values), len(values) + size}})
	if err != nil {
		t.Fatal(err)
	}
	longer := fmt.Appendf(make([]byte, 8), "%s,%q:%s}", bytes.TrimSuffix(header, []byte("}")), name, text)
	binary.LittleEndian.PutUint64(longer, uint64(len(longer)-8))
	return sealed(slices.Concat(longer, values, make([]byte, size)))
}

// Tensors that a model or a run has no use for, or that are beyond the limit, take no memory, which would be four times
// their size or more.
func TestReadTakesLittleForTensors(t *testing.T) {
	const side = 4096 // its square is 16 MiB
	wide := fileOf(t, layers.Network{Name: "wide", Input: data.Shape{Height: 1, Width: 1, Channels: 1}, Layers: []layers.Layer{
		layers.Conv{Name: "first", Out: side, Kernel: 1, Stride: 1}, layers.Conv{Name: "second", Out: side, Kernel: 1, Stride: 1},
		layers.GlobalMaxPool{}, layers.Linear{Name: "classifier", Out: 2}}}, 16)
	wide.Metadata["fastresnet"] = "3"
	wide.Tensors = []safetensors.Tensor{
		{Name: "first/weight", Shape: []int{side, 1, 1, 1}, Data: make([]float32, side)},
		{Name: "second/weight/int8_scale", Shape: []int{side}, Data: slices.Repeat([]float32{1}, side)},
		{Name: "classifier/weight", Shape: []int{2, side}, Data: make([]float32, 2*side)},
	}
	tiny := opened(t, tinyFile(t))
	options, name, checkpoint := stoppedRun(t)
	loading := func(content []byte, opts ...fastresnet.LoadOption) func() error {
		return func() error {
			_, err := fastresnet.ReadModel(bytes.NewReader(content), append(opts, fastresnet.WithBackend("go"))...)
			return err
		}
	}
	resuming := func(content []byte) func() error {
		return func() error { return resumedFrom(t, options, name, content) }
	}
	for _, test := range []struct {
		name string
		read func() error
		want error
	}{
		{"a model beyond the limit", loading(withTensor(t, wide, "second/weight", side, 1, 1, side), fastresnet.WithMemoryLimit(32<<20)), fastresnet.ErrTooLarge},
		{"a tensor that is no variable's", loading(withTensor(t, tiny, "more", side, side)), fastresnet.ErrCorrupt},
		{"a variable of another shape", loading(withTensor(t, wide, "second/weight", side*side)), fastresnet.ErrCorrupt},
		{"another program's", loading(withTensor(t, safetensors.File{}, "more", side, side)), fastresnet.ErrForeign},
		{"a checkpoint with a tensor that is not the run's", resuming(withTensor(t, checkpoint, "variables/more", side, side)), fastresnet.ErrCheckpoint},
		{"another run's checkpoint", resuming(withTensor(t, safetensors.File{Metadata: map[string]string{"fastresnet-checkpoint": "2"}}, "more", side, side)), fastresnet.ErrCheckpoint},
	} {
		t.Run(test.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			err := test.read()
			runtime.ReadMemStats(&after)
			if !errors.Is(err, test.want) {
				t.Errorf("error %v, want %v", err, test.want)
			}
			if got := after.TotalAlloc - before.TotalAlloc; got > side*side {
				t.Errorf("%d MiB allocated for a tensor of %d MiB", got>>20, side*side>>20)
			}
		})
	}
}

func TestReadRefusesForeignContent(t *testing.T) {
	long := bytes.Repeat([]byte{0xff}, 8)
	long = append(long, tinyFile(t)[8:]...)
	for _, test := range []struct {
		name    string
		content []byte
		want    error
	}{
		{"nothing", nil, fastresnet.ErrTruncated},
		{"text", []byte("a model, honestly"), fastresnet.ErrForeign},
		{"a picture", []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR"), fastresnet.ErrForeign},
		{"a header without end", long, fastresnet.ErrTooLarge},
	} {
		if err := readError(test.content); !errors.Is(err, test.want) {
			t.Errorf("%s: error %v, want %v", test.name, err, test.want)
		}
	}
	if _, err := fastresnet.Load(filepath.Join(t.TempDir(), "model")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: error %v, want fs.ErrNotExist", err)
	}
}

// fileError says whether an error is one that a bad file should make.
func fileError(err error) bool {
	for _, known := range []error{fastresnet.ErrForeign, fastresnet.ErrTruncated, fastresnet.ErrCorrupt, fastresnet.ErrTooLarge, fastresnet.ErrNewer} {
		if errors.Is(err, known) {
			return !errors.Is(err, fastresnet.ErrInternal)
		}
	}
	return false
}

func TestReadRefusesEveryFlippedByte(t *testing.T) {
	for _, storage := range storages {
		file := tinyFile(t, fastresnet.WithStorage(storage))
		for i := range file {
			flips := []byte{1, 0x80, 0xff}
			if storage != fastresnet.StoreFloat32 || i >= 1000 {
				flips = flips[:1] // what is most of the file, and of those of other storages, is as good as any other
			}
			for _, bits := range flips {
				file[i] ^= bits
				if err := readError(file); !fileError(err) {
					t.Fatalf("%s: byte %d of %d changed by %#x: error %v", storage, i, len(file), bits, err)
				}
				file[i] ^= bits
			}
		}
	}
}

func TestReadRefusesEveryTruncation(t *testing.T) {
	for _, storage := range storages {
		file := tinyFile(t, fastresnet.WithStorage(storage))
		for n := range file {
			if err := readError(file[:n]); !errors.Is(err, fastresnet.ErrTruncated) {
				t.Fatalf("%s: %d bytes of %d: error %v, want ErrTruncated", storage, n, len(file), err)
			}
		}
		if err := readError(append(file, 0)); !errors.Is(err, fastresnet.ErrCorrupt) {
			t.Errorf("%s: a byte more: error %v, want ErrCorrupt", storage, err)
		}
	}
}

// FuzzRead reads content as it is, and behind a checksum that fits it: a header with values, and a model's document
// with a tiny network's tensors. What can be read must work, and be the same when it is written and read again.
// Coverage varies from one execution to the next, so that minimising takes long: run it with -fuzzminimizetime 20x.
func FuzzRead(f *testing.F) {
	var kinds []safetensors.File
	for _, storage := range storages {
		file := tinyFile(f, fastresnet.WithStorage(storage))
		headerEnd := 8 + binary.LittleEndian.Uint64(file)
		parts := opened(f, file)
		f.Add(file[8:headerEnd], file[headerEnd:], parts.Metadata["model"])
		kinds = append(kinds, parts)
	}
	f.Fuzz(func(t *testing.T, header, values []byte, document string) {
		content := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
		content = append(append(content, header...), values...)
		readAndUse(t, content)
		readAndUse(t, sealed(content))

		for _, kind := range kinds {
			changed := safetensors.File{Metadata: map[string]string{"fastresnet": kind.Metadata["fastresnet"], "model": document}, Tensors: kind.Tensors}
			var whole bytes.Buffer
			if err := safetensors.Write(&whole, changed); err != nil {
				return // the document is not UTF-8
			}
			readAndUse(t, whole.Bytes())
		}
	})
}

// sealed is content with the checksum that it should have, where it has room for one.
func sealed(content []byte) []byte {
	const at, length = 8 + len(`{"__metadata__":{"sha256":"`), 2 * sha256.Size
	if len(content) < at+length {
		return content
	}
	content = bytes.Clone(content)
	copy(content[at:], strings.Repeat("0", length))
	sum := sha256.Sum256(content)
	hex.Encode(content[at:], sum[:])
	return content
}

// readAndUse reads content as a model, and uses the model if it is one.
func readAndUse(t *testing.T, content []byte) {
	t.Helper()
	model, err := fastresnet.ReadModel(bytes.NewReader(content), fastresnet.WithBackend("go"))
	if err != nil {
		if !fileError(err) {
			t.Fatalf("%+v", err)
		}
		return
	}
	defer model.Close()
	for _, storage := range storages {
		writeTwice(t, model, fastresnet.WithStorage(storage))
	}
	network := model.Network()
	if network.MultiplyAdds() > 1e6 || network.Input.Size() > 1e4 {
		return
	}
	set, err := data.New(make([]uint8, network.Input.Size()), network.Input, []int{0}, model.Classes())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := model.PredictDataset(context.Background(), set); err != nil && !errors.Is(err, fastresnet.ErrDiverged) {
		t.Fatalf("%+v", err)
	}
}

// writeTwice writes a model, and what is read from there, and expects the same.
func writeTwice(t *testing.T, model *fastresnet.Model, option fastresnet.SaveOption) {
	t.Helper()
	var first, second bytes.Buffer
	if err := model.Write(&first, option); errors.Is(err, fastresnet.ErrOption) {
		return // a weight is beyond float16
	} else if err != nil {
		t.Fatalf("writing: %+v", err)
	}
	again, err := fastresnet.ReadModel(bytes.NewReader(first.Bytes()), fastresnet.WithBackend("go"))
	if err != nil {
		t.Fatalf("reading again: %+v", err)
	}
	defer again.Close()
	if err := again.Write(&second, option); err != nil || !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Fatalf("written again it differs, or %v", err)
	}
}
