package fastresnet_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/hostmemory"
	"github.com/fastresnet/fastresnet/internal/safetensors"
	"github.com/fastresnet/fastresnet/layers"
)

// fileOf is the file of a model of a network for two classes, still without tensors.
func fileOf(t testing.TB, network layers.Network, batch int) safetensors.File {
	t.Helper()
	f := opened(t, tinyFile(t))
	var document map[string]any
	if err := json.Unmarshal([]byte(f.Metadata["model"]), &document); err != nil {
		t.Fatal(err)
	}
	document["network"] = network
	document["classes"] = []string{"a", "b"}
	document["normalization"] = data.Normalization{Mean: []float32{0}, Std: []float32{1}}
	result := document["result"].(map[string]any)
	result["weights"] = fastresnet.LastWeights
	result["recipe"].(map[string]any)["batch_size"] = batch
	text, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	f.Metadata["model"], f.Tensors = string(text), nil
	return f
}

// poolFile is the file of a model that pools images of size x size x 1 and classifies them: small, whatever the images are.
func poolFile(t *testing.T, size, batch int) []byte {
	t.Helper()
	f := fileOf(t, layers.Network{Name: "pool", Input: data.Shape{Height: size, Width: size, Channels: 1},
		Layers: []layers.Layer{layers.GlobalMaxPool{}, layers.Linear{Name: "classifier", Out: 2}}}, batch)
	f.Tensors = []safetensors.Tensor{{Name: "classifier/weight", Shape: []int{2, 1}, Data: []float32{1, -1}}}
	return bytesOf(t, f)
}

// A few kilobytes, with a checksum that fits, must not take all of a machine's memory: no program can recover from
// that.
func TestLoadedModelsKeepToTheMemoryLimit(t *testing.T) {
	limit := fastresnet.WithMemoryLimit
	for _, test := range []struct {
		name        string
		size, batch int
		opts        []fastresnet.LoadOption
		want        error
	}{
		{"17 GB", 8192, 1, nil, fastresnet.ErrTooLarge},
		{"4 GB", 4096, 1, nil, fastresnet.ErrTooLarge},
		{"70 MB", 512, 16, nil, nil},
		{"70 MB, above the limit", 512, 16, []fastresnet.LoadOption{limit(64 << 20)}, fastresnet.ErrTooLarge},
		{"70 MB, below the limit", 512, 16, []fastresnet.LoadOption{limit(128 << 20)}, nil},
		{"70 MB for 16 images, in batches beyond everything", 512, math.MaxInt, nil, nil},
		{"a limit that cannot be", 512, 16, []fastresnet.LoadOption{limit(-1)}, fastresnet.ErrOption},
	} {
		t.Run(test.name, func(t *testing.T) {
			model, err := fastresnet.ReadModel(bytes.NewReader(poolFile(t, test.size, test.batch)), append(test.opts, fastresnet.WithBackend("go"))...)
			if !errors.Is(err, test.want) || errors.Is(err, fastresnet.ErrInternal) {
				t.Fatalf("error %v, want %v", err, test.want)
			}
			if err != nil {
				return
			}
			defer model.Close()
			set, err := data.New(make([]uint8, 20*test.size*test.size), model.Network().Input, make([]int, 20), model.Classes())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := model.PredictDataset(context.Background(), set); err != nil {
				t.Error(err)
			}
		})
	}
}

// What a model keeps to answer about many images is a small multiple of its largest layer's output.
func TestLoadedModelsShareMemoryAmongLayers(t *testing.T) {
	const width, images = 16, 128 // as many as are computed together
	file, set := resnet9File(t, width, images), blackImages(t, images)
	before := heap()
	model, err := fastresnet.ReadModel(bytes.NewReader(file), fastresnet.WithBackend("go"))
	if err != nil {
		t.Fatal(err)
	}
	defer model.Close()
	if _, err := model.PredictDataset(context.Background(), set); err != nil {
		t.Fatal(err)
	}
	const largest = 4 * images * 32 * 32 * 2 * width
	if taken := heap() - before; taken > 3*largest { // packed weights and filters, too
		t.Errorf("the model keeps %d MB, and the largest output is %d MB", taken/1_000_000, largest/1_000_000)
	}
	runtime.KeepAlive(file)
	runtime.KeepAlive(set)
}

// resnet9File is the file of an untrained resnet9 for blackImages, which computes as many together as batch says.
func resnet9File(t testing.TB, width, batch int) []byte {
	t.Helper()
	design := layers.ResNet9()
	design.Width = width
	network, err := design.Build(data.Shape{Height: 32, Width: 32, Channels: 1}, 2)
	if err != nil {
		t.Fatal(err)
	}
	variables, err := network.Variables()
	if err != nil {
		t.Fatal(err)
	}
	f := fileOf(t, network, batch)
	for _, v := range variables {
		f.Tensors = append(f.Tensors, safetensors.Tensor{Name: v.Name, Shape: v.Dims, Data: slices.Repeat([]float32{float32(v.Mean)}, v.Size())})
	}
	return bytesOf(t, f)
}

// blackImages is a set of n images.
func blackImages(t testing.TB, n int) *data.Dataset {
	t.Helper()
	set, err := data.New(make([]uint8, n*32*32), data.Shape{Height: 32, Width: 32, Channels: 1}, make([]int, n), []string{"a", "b"})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// heap is how many bytes of Go memory are in use.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestTrainEstimatesMemory(t *testing.T) {
	set, err := data.New(make([]uint8, 1<<24), data.Shape{Height: 8, Width: 8, Channels: 1}, make([]int, 1<<18), []string{"a"})
	if err != nil {
		t.Fatal(err)
	}
	large := []fastresnet.Option{fastresnet.WithDataset(set, nil), fastresnet.WithBackend("go"), fastresnet.WithWidth(256),
		fastresnet.WithAugmentations(), fastresnet.WithBatchSize(set.Len())}
	limited := append(large, fastresnet.WithBatchSize(64), fastresnet.WithMemoryLimit(1<<30))
	for _, test := range []struct {
		name string
		opts []fastresnet.Option
		// givesBack says that what this process does not use any more may suffice.
		givesBack bool
	}{
		{"beyond the machine", large, true},
		{"beyond the limit", limited, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			if free := hostmemory.Free(); test.name == "beyond the machine" && (free == 0 || free > 200<<30) {
				t.Skip("how much memory is free is unknown here, or it is plenty")
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			result, err := fastresnet.Train(context.Background(), test.opts...)
			if result != nil || !errors.Is(err, fastresnet.ErrMemory) || !strings.Contains(err.Error(), "MiB") {
				t.Errorf("Train = %v, %v; want ErrMemory with an estimate", result, err)
			}
			runtime.ReadMemStats(&after)
			if gaveBack := after.NumForcedGC > before.NumForcedGC; gaveBack != test.givesBack {
				t.Errorf("memory was given back: %t, want %t", gaveBack, test.givesBack)
			}
		})
	}
}
