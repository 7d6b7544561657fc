package fastresnet_test

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/draw"
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
	"github.com/fastresnet/fastresnet/data"
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

// TestPythonRunsTheExport runs the Python of docs/export.md on models with six views, and expects what the model itself
// predicts, and how similar it finds the images: nearly so of pictures of other proportions, which are scaled. They need not be
// square, or in colour.
func TestPythonRunsTheExport(t *testing.T) {
	python := os.Getenv("FASTRESNET_TEST_PYTHON")
	if python == "" {
		t.Skip("FASTRESNET_TEST_PYTHON is not set: no Python with internal/onnx/requirements.txt to run the export with")
	}
	for _, tt := range []struct {
		name              string
		resizing          data.Resizing
		grey              bool
		height            int // of the pictures, which are 32 wide
		threshold, within float64
	}{
		{"the right size", data.ResizeByCropping, false, 32, 0, 1e-4},
		{"grey, and the right size, which is no square", data.ResizeByCropping, true, 24, 0, 1e-4},
		{"cropped", data.ResizeByCropping, false, 16, 0, 0.02},
		{"stretched", data.ResizeByStretching, false, 16, 0, 0.02},
		{"padded, and none certain enough", data.ResizeByPadding, false, 16, 1, 1e-4},
	} {
		t.Run(tt.name, func(t *testing.T) {
			set := synthetic(t, 64, 1)
			if tt.grey {
				set = greyTops(t, set, 24)
			}
			set, err := set.WithResizing(tt.resizing)
			if err != nil {
				t.Fatal(err)
			}
			model := train(t, set, fastresnet.WithRecipe(fastresnet.Airbench94Muon()), fastresnet.WithWidth(8), fastresnet.WithBatchSize(16)).Model
			if err := model.SetThreshold(tt.threshold); err != nil {
				t.Fatal(err)
			}
			var pictures []image.Image
			for i := range 2 {
				var p draw.Image = image.NewRGBA(image.Rect(0, 0, 32, tt.height))
				if tt.grey {
					p = image.NewGray(p.Bounds())
				}
				draw.Draw(p, p.Bounds(), set.Image(i), image.Point{}, draw.Src)
				pictures = append(pictures, p)
			}
			testPython(t, python, model, pictures, tt.within)
		})
	}
}

// greyTops are the upper rows of a set's images in grey, by their first channel.
func greyTops(t *testing.T, set *data.Dataset, height int) *data.Dataset {
	t.Helper()
	in, pixels := set.Shape(), set.Pixels()
	shape := data.Shape{Height: height, Width: in.Width, Channels: 1}
	grey := make([]uint8, 0, set.Len()*shape.Size())
	for i := range set.Len() {
		for place := range shape.Size() {
			grey = append(grey, pixels[i*in.Size()+place*in.Channels])
		}
	}
	tops, err := data.New(grey, shape, set.Labels(), set.Classes())
	if err != nil {
		t.Fatal(err)
	}
	return tops
}

// testPython compares what the Python of docs/export.md prints about two pictures with what the model says.
func testPython(t *testing.T, python string, model *fastresnet.Model, pictures []image.Image, within float64) {
	t.Helper()
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
		if err := png.Encode(&picture, pictures[i]); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, name), picture.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	predictions, err := model.Predict(t.Context(), pictures...)
	if err != nil {
		t.Fatal(err)
	}
	vectors, err := model.Embed(t.Context(), pictures...)
	if err != nil {
		t.Fatal(err)
	}
	similarity := 0.
	for i, v := range vectors[0] {
		similarity += float64(v) * float64(vectors[1][i])
	}
	command := exec.Command(python, "-c", string(pythonIn(t, "docs/export.md")))
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
	if _, err := fmt.Sscanf(lines[len(predictions)], "similarity %g", &theirs); err != nil || math.Abs(theirs-similarity) > within {
		t.Errorf("Python says %s (%v), the model's similarity is %.4f", lines[len(predictions)], err, similarity)
	}
	for i, p := range predictions {
		want := p.Label
		if p.Unknown {
			want = "unknown"
		}
		last := strings.LastIndex(lines[i], " ") // names of classes have spaces too
		probability, err := strconv.ParseFloat(lines[i][last+1:], 64)
		if err != nil {
			t.Fatal(err)
		}
		if label := lines[i][:last]; label != want || math.Abs(probability-p.Probability) > within {
			t.Errorf("image %d: Python says %s, the model %s %.4f", i, lines[i], want, p.Probability)
		}
	}
}

// What the graph does not do is in the metadata: an entry is two strings with their lengths.
func TestExportSaysHowPicturesAreResized(t *testing.T) {
	set, err := synthetic(t, 20, 1).WithResizing(data.ResizeByPadding)
	if err != nil {
		t.Fatal(err)
	}
	model := train(t, set, fastresnet.WithArchitecture(linear()), fastresnet.WithEpochs(1)).Model
	if err := model.SetThreshold(0.5); err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if err := model.ExportONNX(&file); err != nil {
		t.Fatal(err)
	}
	for _, entry := range []string{"\n\x08resizing\x12\x03pad", "\n\x09threshold\x12\x030.5"} {
		if !bytes.Contains(file.Bytes(), []byte(entry)) {
			t.Errorf("the file has no %q", entry)
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
