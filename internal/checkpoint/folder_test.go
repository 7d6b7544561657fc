package checkpoint_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet/internal/checkpoint"
	"github.com/fastresnet/fastresnet/internal/folderlock"
	"github.com/fastresnet/fastresnet/internal/safetensors"
	"github.com/google/go-cmp/cmp"
)

func content(value float32) safetensors.File {
	return safetensors.File{Metadata: map[string]string{"a": "b"},
		Tensors: []safetensors.Tensor{{Name: "x", Shape: []int{1}, Data: []float32{value}}}}
}

func names(t *testing.T, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

// open opens a folder for the time of a test.
func open(t *testing.T, path string) *checkpoint.Folder {
	t.Helper()
	f, err := checkpoint.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

// Whatever has no name of the folder's own stays, also in the way: a model of the user's, a copy, a temporary file of
// another program.
var foreign = []string{
	".checkpoint-0123456789abcdef.tmp", ".model.safetensors-0123456789abcdef.tmp", "checkpoint-0-mine.safetensors", "checkpoint-00003-0000001.safetensors.bak",
	"checkpoint-00003-0000001 (1).safetensors", "checkpoint-000003-0000001.safetensors", "checkpoint-3-1.safetensors",
	"checkpoint-best-1.safetensors", "checkpoint-good.safetensors", "notes.txt",
}

// The last two are kept, by number, and what is not the folder's own; what a killed process left half-written is not.
func TestFolderKeepsTheLastTwo(t *testing.T) {
	const leftover = ".checkpoint-00001-0000001.safetensors-0123456789abcdef.tmp"
	tests := []struct {
		label string
		saves [][2]int
		want  []string
	}{
		{"10 sorts behind 2", [][2]int{{1, 97}, {2, 5}, {2, 97}, {10, 1}},
			[]string{"checkpoint-00002-0000097.safetensors", "checkpoint-00010-0000001.safetensors"}},
		{"100,000 sorts behind 99,999", [][2]int{{99998, 1}, {99999, 1}, {100000, 1}},
			[]string{"checkpoint-99999-0000001.safetensors", "checkpoint-100000-0000001.safetensors"}},
		{"one older than those that are there", [][2]int{{5, 1}, {6, 1}, {1, 1}},
			[]string{"checkpoint-00001-0000001.safetensors", "checkpoint-00006-0000001.safetensors"}},
	}
	for _, tt := range tests {
		t.Run(tt.label, func(t *testing.T) {
			path := t.TempDir()
			for _, name := range append([]string{leftover}, foreign...) {
				if err := os.WriteFile(filepath.Join(path, name), nil, 0o666); err != nil {
					t.Fatal(err)
				}
			}
			f := open(t, path)
			if !slices.Contains(names(t, path), leftover) {
				t.Error("opening has removed something")
			}
			for i, at := range tt.saves {
				file, err := f.Save(at[0], at[1], content(float32(i)))
				if err != nil {
					t.Fatal(err)
				}
				if err := f.Prune(file); err != nil {
					t.Error(err)
				}
				if _, err := os.Stat(file); err != nil {
					t.Errorf("what has just been written: %v", err)
				}
			}
			want := slices.Sorted(slices.Values(slices.Concat(tt.want, foreign, []string{".checkpoint.lock", ".checkpoint.owner"})))
			if diff := cmp.Diff(want, names(t, path)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// What cannot be removed keeps nothing else from being so, and is removed when it can be.
func TestPruneTriesAgain(t *testing.T) {
	path := t.TempDir()
	f := open(t, path)
	const leftover = ".checkpoint-00001-0000001.safetensors-0123456789abcdef.tmp"
	inside := filepath.Join(path, leftover, "inside") // which keeps the folder around it from being removed
	if err := os.MkdirAll(inside, 0o777); err != nil {
		t.Fatal(err)
	}
	save := func(epoch int) string {
		file, err := f.Save(epoch, 1, content(1))
		if err != nil {
			t.Fatal(err)
		}
		return file
	}
	save(1)
	save(2)
	if err := f.Prune(save(3)); err == nil || !strings.Contains(err.Error(), leftover) {
		t.Errorf("error %v, want one that names %s", err, leftover)
	}
	want := []string{"checkpoint-00002-0000001.safetensors", "checkpoint-00003-0000001.safetensors"}
	if diff := cmp.Diff(slices.Concat([]string{leftover, ".checkpoint.lock", ".checkpoint.owner"}, want), names(t, path)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if err := os.Remove(inside); err != nil {
		t.Fatal(err)
	}
	if err := f.Prune(filepath.Join(path, want[1])); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(slices.Concat([]string{".checkpoint.lock", ".checkpoint.owner"}, want), names(t, path)); diff != "" {
		t.Errorf("in the end (-want +got):\n%s", diff)
	}
}

// Nothing foreign is read either.
func TestNewestLeavesForeignFiles(t *testing.T) {
	path := t.TempDir()
	for _, name := range foreign {
		if err := os.WriteFile(filepath.Join(path, name), []byte("not a checkpoint"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	f := open(t, path)
	if file, err := f.Newest(nil, nil); file != "" || err != nil {
		t.Errorf("%q, %v, want none", file, err)
	}
}

// A second one is refused, with who has the folder, and changes nothing there; when the first has ended it is not.
func TestFolderIsOneRuns(t *testing.T) {
	path := t.TempDir()
	const unfinished = ".checkpoint-00001-0000001.safetensors-0123456789abcdef.tmp"
	first, err := checkpoint.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(path, unfinished), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	before := names(t, path)
	_, err = checkpoint.Open(path)
	if !errors.Is(err, folderlock.ErrInUse) || !strings.Contains(err.Error(), fmt.Sprintf("process %d on", os.Getpid())) {
		t.Errorf("error %v, want %v by this process", err, folderlock.ErrInUse)
	}
	if diff := cmp.Diff(before, names(t, path)); diff != "" {
		t.Errorf("files (-before +after):\n%s", diff)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, path)
}

func TestNewest(t *testing.T) {
	const older, newer = "checkpoint-00001-0000001.safetensors", "checkpoint-00002-0000001.safetensors"
	tests := map[string]struct {
		spoil  []string
		want   string
		err    error
		behind []string
	}{
		"the newest":     {nil, newer, nil, []string{older, newer}},
		"the one before": {[]string{newer}, older, nil, []string{older, newer + ".damaged"}},
		"none that is whole": {[]string{older, newer}, "", safetensors.ErrTruncated,
			[]string{older, newer}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			path := t.TempDir()
			f := open(t, path)
			if file, err := f.Newest(nil, nil); file != "" || err != nil {
				t.Fatalf("in an empty folder: %q, %v", file, err)
			}
			values := map[string]float32{older: 1, newer: 2}
			for epoch, name := range []string{older, newer} {
				if _, err := f.Save(epoch+1, 1, content(values[name])); err != nil {
					t.Fatal(err)
				}
			}
			for _, name := range tt.spoil {
				if err := os.Truncate(filepath.Join(path, name), 150); err != nil {
					t.Fatal(err)
				}
			}
			refuse := errors.New("of another run")
			if _, err := f.Newest(func(r io.Reader) error {
				_, err := safetensors.Read(r, func(safetensors.File) error { return refuse })
				return err
			}, nil); tt.want != "" && !errors.Is(err, refuse) {
				t.Errorf("refused: error %v", err) // and nothing is set aside
			}
			var aside []string
			var got safetensors.File
			read := func(r io.Reader) (err error) { got, err = safetensors.Read(r, nil); return err }
			file, err := f.Newest(read, func(file string, reason error) {
				if reason == nil {
					t.Error("no reason")
				}
				aside = append(aside, filepath.Base(file))
			})
			if !errors.Is(err, tt.err) || (tt.err == nil) != (err == nil) {
				t.Fatalf("error %v, want %v", err, tt.err)
			}
			if tt.want == "" {
				tt.spoil = nil // they stay
			}
			if diff := cmp.Diff(tt.spoil, aside); diff != "" {
				t.Errorf("set aside (-want +got):\n%s", diff)
			}
			files := slices.DeleteFunc(names(t, path), func(name string) bool { return name[0] == '.' })
			if diff := cmp.Diff(tt.behind, files); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
			if tt.want == "" {
				return
			}
			if filepath.Base(file) != tt.want {
				t.Errorf("file %q, want %q", file, tt.want)
			}
			if diff := cmp.Diff(content(values[tt.want]).Tensors, got.Tensors); diff != "" {
				t.Errorf("tensors (-want +got):\n%s", diff)
			}
		})
	}
}
