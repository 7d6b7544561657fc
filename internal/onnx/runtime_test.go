package onnx_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/fastresnet/fastresnet/internal/engine"
	_ "github.com/fastresnet/fastresnet/internal/engine/cpu" // registers "go"
	"github.com/fastresnet/fastresnet/internal/golden"
	"github.com/fastresnet/fastresnet/internal/onnx"
)

// TestRuntimeAgrees has ONNX's checker look at the files, and ONNX Runtime compute the logits and embeddings of random
// images in batches of several sizes: they are those of the engine.
func TestRuntimeAgrees(t *testing.T) {
	python := os.Getenv("FASTRESNET_TEST_PYTHON")
	if python == "" {
		t.Skip("FASTRESNET_TEST_PYTHON is not set: no Python with requirements.txt to run the files with")
	}
	const images = 16
	sizes := []int{1, 5, images}
	folder := t.TempDir()
	want, embedding := map[string][]float32{}, map[string][]float32{}
	cases := modelCases(t)
	for _, c := range cases {
		m := c.model(t)
		path := filepath.Join(folder, c.name)
		for path, content := range map[string][]byte{path + ".onnx": written(t, m), path + ".images": c.images(images)} {
			if err := os.WriteFile(path, content, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		want[c.name] = compute(t, m, engine.Logits, c.images(images))
		embedding[c.name] = compute(t, m, engine.Features, c.images(images))
		for row := range slices.Chunk(embedding[c.name], len(embedding[c.name])/images) {
			toUnitLength(row)
		}
	}
	arguments := []string{"run.py", folder}
	for _, size := range sizes {
		arguments = append(arguments, fmt.Sprint(size))
	}
	if out, err := exec.Command(python, arguments...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			want, classes := want[c.name], c.network.Classes()
			if spread := golden.MaxRelativeError(want[:len(want)-classes], want[classes:]); spread < 0.1 && !c.alike {
				t.Fatalf("the logits of neighbouring images differ by %.2g: too little to tell right from wrong", spread)
			}
			for _, size := range sizes {
				got := floats(t, filepath.Join(folder, fmt.Sprintf("%s.%d.logits", c.name, size)))
				e := golden.MaxRelativeError(got, want)
				t.Logf("batches of %d: max|a-b|/max|b| = %.2g", size, e)
				if !(e <= 1e-5) {
					t.Errorf("batches of %d: logits differ by %.2g", size, e)
				}
				probabilities := floats(t, filepath.Join(folder, fmt.Sprintf("%s.%d.probabilities", c.name, size)))
				if e := golden.MaxRelativeError(probabilities, softmax(want, classes)); !(e <= 1e-3) {
					t.Errorf("batches of %d: probabilities differ by %.2g", size, e)
				}
				embedded := floats(t, filepath.Join(folder, fmt.Sprintf("%s.%d.embedding", c.name, size)))
				if e := golden.MaxRelativeError(embedded, embedding[c.name]); !(e <= 1e-5) {
					t.Errorf("batches of %d: embeddings differ by %.2g", size, e)
				}
			}
		})
	}
}

// compute computes an output in pure Go.
func compute(t *testing.T, m onnx.Model, output engine.Output, pixels []uint8) []float32 {
	t.Helper()
	device, err := engine.Open("go", engine.Opening{})
	if err != nil {
		t.Fatal(err)
	}
	defer device.Close()
	variables, err := m.Network.Variables()
	if err != nil {
		t.Fatal(err)
	}
	weights, err := device.Upload(variables, m.Values)
	if err != nil {
		t.Fatal(err)
	}
	defer weights.Close()
	e := engine.NewEvaluator(device, engine.Config{Network: m.Network, Normalization: m.Normalization, Views: m.Views, Batch: 16})
	defer e.Close()
	out, err := e.Compute(context.Background(), weights, output, pixels)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// toUnitLength scales a vector to length 1, unless it is all zeros.
func toUnitLength(v []float32) {
	var sum float64
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	for i := range v {
		if sum > 0 {
			v[i] = float32(float64(v[i]) / math.Sqrt(sum))
		}
	}
}

func softmax(logits []float32, classes int) []float32 {
	var all []float32
	for row := range slices.Chunk(logits, classes) {
		var sum float64
		for _, l := range row {
			sum += math.Exp(float64(l))
		}
		for _, l := range row {
			all = append(all, float32(math.Exp(float64(l))/sum))
		}
	}
	return all
}

// floats reads a file of little-endian float32.
func floats(t *testing.T, path string) []float32 {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	values := make([]float32, len(raw)/4)
	for i := range values {
		values[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
	}
	return values
}
