package checkpoint_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/fastresnet/fastresnet/internal/checkpoint"
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

// The last two are kept, and what is not a checkpoint; what a killed process left half-written is not.
func TestFolderKeepsTheLastTwo(t *testing.T) {
	path := t.TempDir()
	for _, name := range []string{".atomic-0123.tmp", "notes.txt"} {
		if err := os.WriteFile(filepath.Join(path, name), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	f, err := checkpoint.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	for i, at := range [][2]int{{1, 97}, {2, 5}, {2, 97}, {10, 1}} { // 10 sorts behind 2
		if _, err := f.Save(at[0], at[1], content(float32(i))); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"checkpoint-00002-0000097.safetensors", "checkpoint-00010-0000001.safetensors", "notes.txt"}
	if diff := cmp.Diff(want, names(t, path)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
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
			f, err := checkpoint.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			if file, _, err := f.Newest(nil); file != "" || err != nil {
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
			var aside []string
			file, got, err := f.Newest(func(file string, reason error) {
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
			if diff := cmp.Diff(tt.behind, names(t, path)); diff != "" {
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
