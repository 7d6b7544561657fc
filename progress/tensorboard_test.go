package progress_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/progress"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestTensorBoardReads has TensorBoard itself read the files of a run that was cut short, and went on in the same folder.
func TestTensorBoardReads(t *testing.T) {
	python := os.Getenv("FASTRESNET_TEST_PYTHON")
	if python == "" {
		t.Skip("FASTRESNET_TEST_PYTHON is not set: no Python with requirements.txt to read the files with")
	}
	if out, err := exec.Command(python, "-c", "import tensorboard").CombinedOutput(); err != nil {
		t.Skipf("FASTRESNET_TEST_PYTHON has no TensorBoard, as requirements.txt names it: %s", out)
	}
	folder, checkpoints := t.TempDir(), t.TempDir()
	before := time.Now()
	var steps []fastresnet.Progress
	run := func(stop int) *fastresnet.Result {
		board, err := progress.TensorBoard(folder)
		if err != nil {
			t.Fatal(err)
		}
		return follow(t, 3, stop, fastresnet.WithCheckpoint(checkpoints, 1), fastresnet.WithResume(),
			fastresnet.WithProgress(board, fastresnet.Observer{Step: func(p fastresnet.Progress) { steps = append(steps, p) }}))
	}
	first := run(2)         // before the test of the first epoch
	time.Sleep(time.Second) // TensorBoard takes files in the order of their seconds
	result := run(0)

	command := exec.Command(python, "read.py", folder)
	var errs strings.Builder
	command.Stderr = &errs
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, &errs)
	}
	var got struct {
		Scalars map[string][][3]float64 // step, value, wall time
		Texts   map[string][]string
	}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}

	want := map[string][][2]float64{}
	add := func(tag string, step int, value float64) {
		want[tag] = append(want[tag], [2]float64{float64(step), value})
	}
	for _, p := range steps {
		at := 2*(p.Epoch-1) + p.Step
		add("learning rate", at, p.Rate)
		add("epoch loss so far", at, p.Loss)
		if p.ImagesPerSecond > 0 {
			add("images per second", at, p.ImagesPerSecond)
		}
	}
	for _, e := range append(first.Epochs, result.Epochs...) {
		add("train/loss", 2*e.Number, e.TrainLoss)
		add("train/accuracy", 2*e.Number, e.TrainAccuracy)
	}
	for _, e := range result.Epochs {
		add("test/loss", 2*e.Number, e.TestLoss)
		add("test/accuracy", 2*e.Number, e.TestAccuracy)
	}
	have := map[string][][2]float64{}
	for tag, values := range got.Scalars {
		for _, v := range values {
			have[tag] = append(have[tag], [2]float64{v[0], v[1]})
			if at := time.UnixMicro(int64(1e6 * v[2])); at.Before(before) || at.After(time.Now()) {
				t.Errorf("%s: the time %v is not that of the run", tag, at)
			}
		}
	}
	if diff := cmp.Diff(want, have, cmpopts.EquateApprox(1e-6, 0)); diff != "" {
		t.Errorf("scalars (-want +TensorBoard's):\n%s", diff)
	}
	var recipe fastresnet.Recipe
	if texts := got.Texts["recipe"]; len(texts) != 1 || json.Unmarshal([]byte(texts[0]), &recipe) != nil || recipe.Name != result.Recipe.Name {
		t.Errorf("texts %q, want the recipe", got.Texts)
	}
}
