package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet/examples/internal/program"
	"github.com/fastresnet/fastresnet/examples/internal/testmodel"
	"github.com/google/go-cmp/cmp"
)

func TestMain(m *testing.M) { os.Exit(testmodel.Main(m)) }

// exported runs the program for a model called pets, and returns the model's folder.
func exported(t *testing.T) string {
	t.Helper()
	repository := filepath.Join(t.TempDir(), "models")
	var stdout, stderr bytes.Buffer
	for range 2 { // the second time it is there
		args := []string{"-model", testmodel.Save(t, 4), "-name", "pets", repository}
		if status := run(t.Context(), args, &stdout, &stderr); status != program.ExitOK || stderr.Len() > 0 {
			t.Fatalf("exit status %d: %s", status, &stderr)
		}
	}
	folder := filepath.Join(repository, "pets")
	line := filepath.Join(folder, "1", "model.onnx") + ": version 1 of pets, for batches of up to 128 images"
	if want := line + "\n" + line + "; it replaces the one that was there\n"; stdout.String() != want {
		t.Errorf("stdout %q, want %q", &stdout, want)
	}
	return folder
}

// The names, types and dimensions of the configuration are those of the ONNX file.
func TestConfigIsThatOfTheFile(t *testing.T) {
	folder := exported(t)
	config := string(read(t, filepath.Join(folder, "config.pbtxt")))
	input, output, found := strings.Cut(config, "\noutput [")
	if !found {
		t.Fatalf("no outputs:\n%s", config)
	}
	inputs, outputs := decodeONNX(t, read(t, filepath.Join(folder, "1", "model.onnx")))
	if diff := cmp.Diff(inputs, tensors(t, input)); diff != "" {
		t.Errorf("inputs (-model.onnx +config.pbtxt):\n%s", diff)
	}
	if diff := cmp.Diff(outputs, tensors(t, output)); diff != "" {
		t.Errorf("outputs (-model.onnx +config.pbtxt):\n%s", diff)
	}
	classes := testmodel.Load(t, testmodel.Save(t, 4)).Classes()
	if diff := cmp.Diff(strings.Join(classes, "\n")+"\n", string(read(t, filepath.Join(folder, labelsFile)))); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
}

// described is what a file says of an input or output; -1 is the number of images.
type described struct {
	Name, Type string
	Dims       []int64
}

// tensors are those of a part of the configuration.
func tensors(t *testing.T, text string) (all []described) {
	t.Helper()
	for _, match := range regexp.MustCompile(`name: "(\w+)"\s+data_type: (\w+)\s+dims: \[(.*)\]`).FindAllStringSubmatch(text, -1) {
		d := described{match[1], match[2], []int64{-1}}
		for _, dim := range strings.Split(match[3], ", ") {
			n, err := strconv.ParseInt(dim, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			d.Dims = append(d.Dims, n)
		}
		all = append(all, d)
	}
	return all
}

// TestConfigIsTritons has protobuf read the configuration as Triton's own message.
func TestConfigIsTritons(t *testing.T) {
	python := os.Getenv("FASTRESNET_TEST_PYTHON")
	if python == "" {
		t.Skip("FASTRESNET_TEST_PYTHON is not set: no Python with examples/serve/requirements.txt to read the configuration with")
	}
	if out, err := exec.Command(python, "-c", "import tritonclient, google.protobuf").CombinedOutput(); err != nil {
		t.Skipf("FASTRESNET_TEST_PYTHON has not all of examples/serve/requirements.txt and protobuf: %s", out)
	}
	out, err := exec.Command(python, filepath.Join("testdata", "config.py"), filepath.Join(exported(t), "config.pbtxt")).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	const want = "pets onnxruntime 128 images logits probabilities embedding labels.txt labels.txt dynamic_batching\n"
	if string(out) != want {
		t.Errorf("Python says %q, want %q", out, want)
	}
}

// A name of a class is a line, whatever is in it.
func TestLabels(t *testing.T) {
	const want = "cat\na large dog\n"
	if got := labels([]string{"cat", "a large\ndog"}); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestMistakes has one clear line and exit status 1 for everything that a user can get wrong.
func TestMistakes(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		args []string
		want string // in the line
	}{
		{"no folder", nil, "0 arguments: need one"},
		{"an empty name", []string{""}, "need the name of a folder"},
		{"a model without a name", []string{"-name", "", "models"}, "-name: need a name"},
		{"several", []string{"-name", "a/b", "x", "y"}, "-name a/b: need"},
		{"flags at the end", []string{"models", "-name", "a"}, "3 arguments: need one"},
		{"unknown flag", []string{"-nonsense"}, "-nonsense"},
		{"no such model", []string{"-model", "nowhere", "models"}, "nowhere"},
		{"a file in the place of the folder", []string{"-model", testmodel.Save(t, 4), file}, file},
	} {
		t.Run(test.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			status := run(t.Context(), test.args, &stdout, &stderr)
			if status != program.ExitFailed || stdout.Len() > 0 {
				t.Errorf("exit status %d, stdout %q", status, &stdout)
			}
			line := stderr.String()
			if strings.Count(line, "\n") != 1 || !strings.HasPrefix(line, "export: ") || !strings.Contains(line, test.want) {
				t.Errorf("stderr is not one line about %s:\n%s", test.want, line)
			}
		})
	}
}

func TestHelp(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if status := run(t.Context(), []string{"-h"}, &stdout, &stderr); status != program.ExitOK || stderr.Len() > 0 {
		t.Errorf("exit status %d, stderr %q", status, &stderr)
	}
	for _, want := range []string{"\n  -model", "\n  -name", "config.pbtxt"} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("the usage does not have %q:\n%s", want, &stdout)
		}
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}
