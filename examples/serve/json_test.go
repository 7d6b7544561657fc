package main

import (
	"bytes"
	"image"
	"image/png"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet/examples/internal/testmodel"
	"github.com/fastresnet/fastresnet/internal/safetensors"
)

// What JSON cannot hold is an error that can still be answered, not half an answer.
func TestWriteJSONRefusesNaN(t *testing.T) {
	w := httptest.NewRecorder()
	err := writeJSON(w, http.StatusOK, classification{Milliseconds: math.NaN()})
	if err == nil || w.Body.Len() > 0 || len(w.Header()) > 0 {
		t.Errorf("error %v, header %v, body %q; want an error and nothing written", err, w.Header(), w.Body)
	}
}

// A model that answers NaN is the service's fault, which it says.
func TestServiceOfAModelThatAnswersNaN(t *testing.T) {
	content, err := os.ReadFile(testmodel.Save(t, 4))
	if err != nil {
		t.Fatal(err)
	}
	model, err := safetensors.Read(bytes.NewReader(content), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, tensor := range model.Tensors {
		if strings.HasSuffix(tensor.Name, "/bias") || tensor.Name == "classifier/weight" {
			for i := range tensor.Data {
				tensor.Data[i] = 1e38
			}
		}
	}
	var file bytes.Buffer
	if err := safetensors.Write(&file, model); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "nan.safetensors")
	if err := os.WriteFile(path, file.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	url := listen(t, newService(testmodel.Load(t, path), "test", usual, slog.New(slog.DiscardHandler))).url
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 32, 32))); err != nil {
		t.Fatal(err)
	}
	r := fetch(t, "POST", url+"/classify", "image/png", &picture)
	if r.status != http.StatusInternalServerError || r.problem(t) == "" || bytes.Contains(r.body, []byte("NaN")) {
		t.Errorf("status %d, body %q; want 500 that says so", r.status, r.body)
	}
}
