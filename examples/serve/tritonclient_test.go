package main

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestTritonClient has a client of Triton's talk to the service, and compares what it was answered, in each of its ways
// of asking, with what the model says.
func TestTritonClient(t *testing.T) {
	python := os.Getenv("FASTRESNET_TEST_PYTHON")
	if python == "" {
		t.Skip("FASTRESNET_TEST_PYTHON is not set: no Python with requirements.txt to ask the service with")
	}
	if out, err := exec.Command(python, "-c", "import tritonclient.http").CombinedOutput(); err != nil {
		t.Skipf("FASTRESNET_TEST_PYTHON has not all of requirements.txt: %s", out)
	}
	s := newTestService(t, usual)
	url := listen(t, s).url
	set, err := data.Synthetic(20, 5)
	if err != nil {
		t.Fatal(err)
	}
	images := filepath.Join(t.TempDir(), "images")
	if err := os.WriteFile(images, set.Pixels(), 0o666); err != nil {
		t.Fatal(err)
	}
	type numbers struct{ Logits, Probabilities, Embedding [][]float64 }
	var want numbers
	var labels []string
	predictions, err := s.model.PredictDataset(t.Context(), set)
	if err != nil {
		t.Fatal(err)
	}
	vectors, err := s.model.EmbedDataset(t.Context(), set)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range predictions {
		want.Logits = append(want.Logits, doubles(p.Logits))
		want.Probabilities = append(want.Probabilities, p.Probabilities)
		want.Embedding = append(want.Embedding, doubles(vectors[i]))
		labels = append(labels, p.Label)
	}

	out, err := exec.Command(python, filepath.Join("testdata", "client.py"), strings.TrimPrefix(url, "http://"), s.name, images).Output()
	if failed := (*exec.ExitError)(nil); errors.As(err, &failed) {
		t.Fatalf("%v\n%s", err, failed.Stderr)
	}
	var got struct {
		Answers map[string]numbers
		Labels  []string
	}
	if err := errors.Join(err, json.Unmarshal(out, &got)); err != nil {
		t.Fatal(err)
	}
	if len(got.Answers) != 4 {
		t.Errorf("%d answers", len(got.Answers))
	}
	for way, answer := range got.Answers {
		if diff := cmp.Diff(want, answer, cmpopts.EquateApprox(1e-4, 1e-5)); diff != "" {
			t.Errorf("%s (-model +client):\n%s", way, diff)
		}
	}
	if diff := cmp.Diff(labels, got.Labels); diff != "" {
		t.Errorf("labels (-model +client):\n%s", diff)
	}
}

func doubles(row []float32) (all []float64) {
	for _, v := range row {
		all = append(all, float64(v))
	}
	return all
}
