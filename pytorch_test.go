package fastresnet_test

import (
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/layers"
)

// TestPyTorchUsesTheModelFile loads files with the Python of docs/models.md, and expects PyTorch's logits, less what
// all classes of an image have in common, to be the model's.
func TestPyTorchUsesTheModelFile(t *testing.T) {
	python := os.Getenv("FASTRESNET_TEST_PYTHON")
	if python == "" {
		t.Skip("FASTRESNET_TEST_PYTHON is not set: no Python with internal/golden/requirements.txt to load a model with")
	}
	if out, err := exec.Command(python, "-c", "import numpy, safetensors, torch").CombinedOutput(); err != nil {
		t.Skipf("FASTRESNET_TEST_PYTHON has not all of internal/golden/requirements.txt: %v\n%s", err, out)
	}
	loader := pythonIn(t, "docs/models.md")
	set := synthetic(t, 64, 1)
	for _, test := range []struct {
		design  layers.Design
		storage fastresnet.Storage
	}{
		{layers.ResNet9(), fastresnet.StoreFloat32},
		{layers.Dawn(), fastresnet.StoreFloat32},
		{layers.Dawn(), fastresnet.StoreFloat16},
		{layers.Dawn(), fastresnet.StoreInt8},
	} {
		t.Run(test.design.Name+" "+string(test.storage), func(t *testing.T) {
			file := written(t, train(t, set, fastresnet.WithArchitecture(test.design), fastresnet.WithWidth(8)).Model, fastresnet.WithStorage(test.storage))
			folder := t.TempDir()
			files := map[string][]byte{"loader.py": loader, "model.safetensors": file, "images": set.Pixels()}
			for name, content := range files {
				if err := os.WriteFile(filepath.Join(folder, name), content, 0o666); err != nil {
					t.Fatal(err)
				}
			}
			out, err := exec.Command(python, "internal/golden/use_model_file.py", filepath.Join(folder, "loader.py"),
				filepath.Join(folder, "model.safetensors"), test.design.Name, filepath.Join(folder, "images")).CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			lines := strings.Split(strings.TrimSpace(string(out)), "\n")
			want := predictions(t, read(t, file), set)
			if len(lines) != len(want) {
				t.Fatalf("%d lines, want one for each of %d images:\n%.1000s", len(lines), len(want), out)
			}
			worst := 0.0
			for i, line := range lines {
				for class, field := range strings.Fields(line) {
					got, err := strconv.ParseFloat(field, 64)
					if err != nil {
						t.Fatal(err)
					}
					worst = max(worst, math.Abs(got-math.Log(want[i].Probabilities[class])))
				}
			}
			t.Logf("largest difference %.2g", worst)
			if !(worst <= 1e-4) {
				t.Errorf("the logarithms of probabilities differ by %.2g", worst)
			}
		})
	}
}
