package fastresnet_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/png"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet"
)

// pythonIn is the Python in a page of Markdown, one piece behind the other.
func pythonIn(t *testing.T, page string) []byte {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var python []byte
	for _, piece := range regexp.MustCompile("(?s)```python\n(.*?)```").FindAllSubmatch(text, -1) {
		python = append(python, piece[1]...)
	}
	if python == nil {
		t.Fatalf("%s has no Python", page)
	}
	return python
}

// TestPythonRunsTheExport runs the Python of docs/export.md on a model with six views, and expects what the model
// itself predicts, and how similar it finds the images.
func TestPythonRunsTheExport(t *testing.T) {
	python := os.Getenv("FASTRESNET_TEST_PYTHON")
	if python == "" {
		t.Skip("FASTRESNET_TEST_PYTHON is not set: no Python with internal/onnx/requirements.txt to run the export with")
	}
	program := pythonIn(t, "docs/export.md")
	set := synthetic(t, 64, 1)
	model := train(t, set, fastresnet.WithRecipe(airbench(t)), fastresnet.WithWidth(8), fastresnet.WithBatchSize(16)).Model
	folder := t.TempDir()
	var file bytes.Buffer
	if err := model.ExportONNX(&file); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "model.onnx"), file.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{"one.png", "two.png"} {
		var picture bytes.Buffer
		if err := png.Encode(&picture, set.Image(i)); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, name), picture.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	predictions, err := model.Predict(context.Background(), set.Image(0), set.Image(1))
	if err != nil {
		t.Fatal(err)
	}
	vectors, err := model.Embed(context.Background(), set.Image(0), set.Image(1))
	if err != nil {
		t.Fatal(err)
	}
	similarity := 0.
	for i, v := range vectors[0] {
		similarity += float64(v) * float64(vectors[1][i])
	}
	command := exec.Command(python, "-c", string(program))
	command.Dir = folder
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) != len(predictions)+1 {
		t.Fatalf("printed %q, want a line for each of %d images, and one more", out, len(predictions))
	}
	var theirs float64
	if _, err := fmt.Sscanf(lines[len(predictions)], "similarity %g", &theirs); err != nil || math.Abs(theirs-similarity) > 1e-4 {
		t.Errorf("Python says %s (%v), the model's similarity is %.4f", lines[len(predictions)], err, similarity)
	}
	for i, p := range predictions {
		last := strings.LastIndex(lines[i], " ") // names of classes have spaces too
		probability, err := strconv.ParseFloat(lines[i][last+1:], 64)
		if err != nil {
			t.Fatal(err)
		}
		if label := lines[i][:last]; label != p.Label || math.Abs(probability-p.Probability) > 1e-4 {
			t.Errorf("image %d: Python says %s, the model %s %.4f", i, lines[i], p.Label, p.Probability)
		}
	}
}

func TestExportOfAClosedModel(t *testing.T) {
	model := train(t, synthetic(t, 20, 1), fastresnet.WithEpochs(1)).Model
	if err := model.Close(); err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if err := model.ExportONNX(&file); !errors.Is(err, fastresnet.ErrClosed) {
		t.Errorf("error %v, want ErrClosed", err)
	}
	if file.Len() > 0 {
		t.Errorf("%d bytes are written", file.Len())
	}
}
