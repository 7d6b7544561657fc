package fastresnet_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/internal/safetensors"
)

// stoppedRun is a run of a tiny network that was stopped after step 2 of 4 of its second epoch, and its checkpoint.
func stoppedRun(t testing.TB, extra ...fastresnet.Option) (options []fastresnet.Option, name string, file safetensors.File) {
	t.Helper()
	options = []fastresnet.Option{
		fastresnet.WithDataset(synthetic(t, 64, 1), synthetic(t, 16, 2)), fastresnet.WithBackend("go"),
		fastresnet.WithArchitecture(tinyNetwork()), fastresnet.WithBatchSize(16), fastresnet.WithEpochs(3),
		fastresnet.WithAveraging(fastresnet.Averaging{Every: 2, Decay: 0.5}), fastresnet.WithResume(),
	}
	options = append(options, extra...)
	folder := t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	r, err := fastresnet.Train(ctx, append(options, fastresnet.WithCheckpoint(folder, 1), stopAfter(6, cancel))...)
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	r.Model.Close()
	name = "checkpoint-00002-0000002.safetensors"
	content, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	return options, name, opened(t, content)
}

// resumed resumes a run from one checkpoint, whose checksum is right whatever is in it.
func resumed(t testing.TB, options []fastresnet.Option, name string, file safetensors.File) error {
	t.Helper()
	var content bytes.Buffer
	if err := safetensors.Write(&content, file); err != nil {
		t.Skip(err)
	}
	return resumedFrom(t, options, name, content.Bytes())
}

// resumedFrom resumes a run from a checkpoint's content.
func resumedFrom(t testing.TB, options []fastresnet.Option, name string, content []byte) error {
	t.Helper()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, name), content, 0o666); err != nil {
		t.Fatal(err)
	}
	r, err := fastresnet.Train(context.Background(), append(options, fastresnet.WithCheckpoint(folder, 1))...)
	if r != nil {
		r.Model.Close()
	}
	return err
}

func TestHostileCheckpoints(t *testing.T) {
	options, name, good := stoppedRun(t)
	if err := resumed(t, options, name, good); err != nil {
		t.Fatalf("unchanged: %v", err)
	}
	progress := func(old, new string) func(*safetensors.File) {
		return func(f *safetensors.File) {
			text := f.Metadata["progress"]
			if !strings.Contains(text, old) {
				t.Fatalf("no %s in %s", old, text)
			}
			f.Metadata["progress"] = strings.Replace(text, old, new, 1)
		}
	}
	replace := func(f *safetensors.File, pattern, new string) {
		text := f.Metadata["progress"]
		f.Metadata["progress"] = regexp.MustCompile(pattern).ReplaceAllString(text, new)
		if f.Metadata["progress"] == text {
			t.Fatalf("no %s in %s", pattern, text)
		}
	}
	value := func(tensor string, v float64) func(*safetensors.File) {
		return func(f *safetensors.File) {
			for i := range f.Tensors {
				if strings.HasPrefix(f.Tensors[i].Name, tensor) {
					f.Tensors[i].Data[0] = float32(v)
					return
				}
			}
			t.Fatalf("no %s", tensor)
		}
	}
	tests := []struct {
		label  string
		change func(*safetensors.File)
		says   string
	}{
		{"nothing", func(f *safetensors.File) { f.Metadata["progress"] = "{}" }, "it is of another run"},
		{"what steers a terminal", progress(`"seed":"1"`, `"seed":"\u001b[2J"`), `seed was "\x1b[2J", is 1`},
		{"an epoch before the history's", progress(`"state":{"epoch":2`, `"state":{"epoch":1`), "epoch 1"},
		{"an epoch far ahead", progress(`"state":{"epoch":2`, `"state":{"epoch":1000000000`), "epoch 1000000000"},
		{"a negative epoch", progress(`"state":{"epoch":2`, `"state":{"epoch":-2`), "epoch -2"},
		{"the end of an epoch before the first", func(f *safetensors.File) {
			replace(f, `"epochs":\[.*\],"train_ns"`, `"epochs":[],"train_ns"`)
			replace(f, `"epoch":2,"steps":2,"average_steps":6`, `"epoch":0,"steps":4,"average_steps":0`)
		}, "epoch 0"},
		{"negative steps", progress(`"steps":2`, `"steps":-2`), "step -2"},
		{"more steps than an epoch has", progress(`"steps":2`, `"steps":5`), "step 5 of 4"},
		{"averages over other steps", progress(`"average_steps":6`, `"average_steps":7`), "over 7 steps"},
		{"a history that is missing", progress(`"epochs":`, `"epoch_list":`), "epoch_list"},
		{"null for the history", progress(`"epochs":[{`, `"epochs":null,"total_ns":1,"epochs":[{`), "twice"},
		{"null for a time", progress(`"epoch_train_ns":`, `"epoch_train_ns":null,"epoch_train":`), "epoch_train_ns: null"},
		{"a history of another number", progress(`"number":1`, `"number":7`), "number is 7"},
		{"an epoch that is not whole", progress(`"number":1`, `"partial":true,"number":1`), "not whole"},
		{"a negative accuracy", progress(`"train_accuracy":`, `"train_accuracy":-1`), "accuracies of -"},
		{"a negative time", progress(`"train_time_ns":`, `"train_time_ns":-`), "of training"},
		{"a negative total", progress(`"total_ns":`, `"total_ns":-`), "for the whole run"},
		{"more images than there are", progress(`"images":64`, `"images":65`), "65 images of 64"},
		{"fewer images than there are", progress(`"images":64`, `"images":48`), "48 images of 64"},
		{"figures of a test that there was none of", progress(`"tested":true`, `"tested":false`), "tested: false, with a test loss of"},
		{"a negative loss", progress(`"train_loss":`, `"train_loss":-`), "losses of -"},
		{"a weight that is no number", value("variables/", math.NaN()), "not finite"},
		{"an infinite velocity", value("velocities/", math.Inf(1)), "not finite"},
		{"an average that is no number", value("averages/", math.NaN()), "not finite"},
		{"metrics that are no numbers", value("metrics", math.NaN()), "metrics are not finite"},
		{"no metrics", func(f *safetensors.File) {
			for i := range f.Tensors {
				if f.Tensors[i].Name == "metrics" {
					f.Tensors = append(f.Tensors[:i:i], f.Tensors[i+1:]...)
					return
				}
			}
		}, "0 metrics"},
		{"a tensor too many", func(f *safetensors.File) {
			f.Tensors = append(f.Tensors, safetensors.Tensor{Name: "variables/zz", Shape: []int{1}, Data: []float32{1}})
		}, "variables/zz"},
		{"a tensor of another shape", func(f *safetensors.File) { f.Tensors[0].Shape = append(f.Tensors[0].Shape, 1) }, "has the shape"},
		{"a tensor of float16", func(f *safetensors.File) { f.Tensors[0].Type = safetensors.F16 }, "is F16"},
		{"a tensor too few", func(f *safetensors.File) { f.Tensors = f.Tensors[1:] }, "need"},
		{"no progress", func(f *safetensors.File) { delete(f.Metadata, "progress") }, "EOF"},
	}
	for _, tt := range tests {
		t.Run(tt.label, func(t *testing.T) {
			file := opened(t, bytesOf(t, good))
			tt.change(&file)
			err := resumed(t, options, name, file)
			if !errors.Is(err, fastresnet.ErrCheckpoint) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error %v, want ErrCheckpoint that says %q", err, tt.says)
			}
		})
	}
}

// What has a checkpoint's name and is no file is refused, and nothing is read or written through it.
func TestHostileFolders(t *testing.T) {
	options, name, good := stoppedRun(t)
	const next = "checkpoint-00003-0000004.safetensors" // that of the run's end
	elsewhere := filepath.Join(t.TempDir(), "elsewhere")
	for _, tt := range []struct {
		label, name string
		prepare     func(path string) error
	}{
		{"a link for the next checkpoint", next, func(path string) error { return os.Symlink(elsewhere, path) }},
		{"a link for an old one", "checkpoint-00001-0000004.safetensors", func(path string) error { return os.Symlink(elsewhere, path) }},
		{"a folder", next, func(path string) error { return os.Mkdir(path, 0o777) }},
		{"a pipe", next, func(path string) error { return exec.Command("mkfifo", path).Run() }},
	} {
		t.Run(tt.label, func(t *testing.T) {
			folder := t.TempDir()
			if err := os.WriteFile(filepath.Join(folder, name), bytesOf(t, good), 0o666); err != nil {
				t.Fatal(err)
			}
			if err := tt.prepare(filepath.Join(folder, tt.name)); err != nil {
				t.Skip("there is no such thing here:", err)
			}
			_, err := fastresnet.Train(context.Background(), append(options, fastresnet.WithCheckpoint(folder, 1))...)
			if !errors.Is(err, fastresnet.ErrCheckpoint) || !strings.Contains(err.Error(), tt.name+" is not a regular file") {
				t.Errorf("error %v, want ErrCheckpoint that names %s", err, tt.name)
			}
			if _, err := os.Stat(elsewhere); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("the file elsewhere: %v, want none", err)
			}
		})
	}
}

// bytesOf is a file's bytes.
func bytesOf(t testing.TB, file safetensors.File) []byte {
	t.Helper()
	var content bytes.Buffer
	if err := safetensors.Write(&content, file); err != nil {
		t.Fatal(err)
	}
	return content.Bytes()
}

// FuzzCheckpoint changes what a checkpoint says of its run, and values in it: it is refused, or the run ends well or
// diverges.
func FuzzCheckpoint(f *testing.F) {
	options, name, good := stoppedRun(f)
	f.Add(good.Metadata["progress"], uint8(0), float32(1))
	f.Add("{}", uint8(0), float32(1))
	f.Add(strings.Replace(good.Metadata["progress"], `"steps":2`, `"steps":4`, 1), uint8(9), float32(1e30))
	f.Fuzz(func(t *testing.T, progress string, tensor uint8, value float32) {
		file := opened(t, bytesOf(t, good))
		file.Metadata["progress"] = progress
		file.Tensors[int(tensor)%len(file.Tensors)].Data[0] = value
		err := resumed(t, options, name, file)
		if err != nil && !errors.Is(err, fastresnet.ErrCheckpoint) && !errors.Is(err, fastresnet.ErrDiverged) {
			t.Errorf("%+v", err)
		}
	})
}
