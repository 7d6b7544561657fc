package main

import (
	"image"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/examples/internal/program"
	"github.com/fastresnet/fastresnet/internal/testpicture"
)

// A picture that can be read, but is too long for a model that stretches, is named, and has no say about those beside it.
func TestNotForTheModel(t *testing.T) {
	set, err := data.Synthetic(64, 1)
	if err == nil {
		set, err = set.WithResizing(data.ResizeByStretching)
	}
	if err != nil {
		t.Fatal(err)
	}
	result, err := fastresnet.Train(t.Context(), fastresnet.WithDataset(set, nil), fastresnet.WithBackend("go"),
		fastresnet.WithWidth(2), fastresnet.WithBatchSize(32), fastresnet.WithEpochs(1))
	if err != nil {
		t.Fatal(err)
	}
	defer result.Model.Close()
	model := filepath.Join(t.TempDir(), "stretch.safetensors")
	if err := result.Model.Save(model); err != nil {
		t.Fatal(err)
	}

	good := testpicture.Encode(t, "png", testpicture.Image(32, 32))
	files(t, map[string][]byte{"a.png": good, "b.png": testpicture.Encode(t, "png", image.NewGray(image.Rect(0, 0, 1_100_000, 1))), "c.png": good})
	status, stdout, stderr := start(t.Context(), nil, "-model", model, "a.png", "b.png", "c.png")
	lines := strings.Split(strings.TrimSpace(stdout), "\n")
	if status != program.ExitFailed || len(lines) != 3 || !strings.HasPrefix(lines[1], "a.png ") || !strings.HasPrefix(lines[2], "c.png ") {
		t.Errorf("exit status %d, stdout:\n%s", status, stdout)
	}
	if !strings.HasPrefix(stderr, "predict: b.png: ") || !strings.Contains(stderr, "which is too long") || !strings.HasSuffix(stderr, "\npredict: 1 of 3 could not be read\n") {
		t.Errorf("stderr:\n%s", stderr)
	}
}
