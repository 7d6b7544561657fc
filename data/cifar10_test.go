package data_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"image/color"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/google/go-cmp/cmp"
)

const (
	recordSize = 1 + 3*32*32
	records    = 40 // a small file's, more than are read together
	folderName = "cifar-10-batches-bin"
)

var fileNames = []string{
	"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin",
	"test_batch.bin",
}

// pixel is the value of a pixel in the small files: different for neighbours, files and records.
func pixel(file, record, y, x, c int) uint8 {
	return uint8(100*c + 3*y + 5*x + 7*record + 11*file)
}

// smallFiles makes the six files, of so many records each; record r of file f has label (f+r)%10.
func smallFiles() map[string][]byte {
	files := map[string][]byte{}
	for f, name := range fileNames {
		content := make([]byte, 0, records*recordSize)
		for r := range records {
			content = append(content, byte((f+r)%10))
			for c := range 3 {
				for i := range 32 * 32 {
					content = append(content, pixel(f, r, i/32, i%32, c))
				}
			}
		}
		files[name] = content
	}
	return files
}

// writeFolder writes the files into folder, which it makes.
func writeFolder(t *testing.T, folder string, files map[string][]byte) {
	t.Helper()
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// tarGz packs the files, the last name first, each in the folder.
func tarGz(t testing.TB, folder string, files map[string][]byte) []byte {
	t.Helper()
	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	archive := tar.NewWriter(zip)
	names := slices.Sorted(maps.Keys(files))
	slices.Reverse(names)
	for _, name := range names {
		header := tar.Header{Name: folder + name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(files[name]))}
		if err := archive.WriteHeader(&header); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Write(files[name]); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(archive.Close(), zip.Close()); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}

func TestCIFAR10Places(t *testing.T) {
	files := smallFiles()
	tests := []struct {
		name  string
		build func(t *testing.T, root string) (path string)
	}{
		{"the folder itself", func(t *testing.T, root string) string {
			writeFolder(t, root, files)
			return root
		}},
		{"the folder above", func(t *testing.T, root string) string {
			writeFolder(t, filepath.Join(root, folderName), files)
			return root
		}},
		{"the archive", func(t *testing.T, root string) string {
			writeFolder(t, root, map[string][]byte{"any.name": tarGz(t, folderName+"/", files)})
			return filepath.Join(root, "any.name")
		}},
		{"an archive with other files", func(t *testing.T, root string) string {
			more := maps.Clone(files)
			more["readme.html"], more["batches.meta.txt"] = []byte("<html>"), []byte("airplane\n")
			writeFolder(t, root, map[string][]byte{"a.tgz": tarGz(t, "./"+folderName+"/", more)})
			return filepath.Join(root, "a.tgz")
		}},
		{"an archive without the folder", func(t *testing.T, root string) string {
			writeFolder(t, root, map[string][]byte{"a.tgz": tarGz(t, "", files)})
			return filepath.Join(root, "a.tgz")
		}},
		{"an archive with absolute names", func(t *testing.T, root string) string {
			writeFolder(t, root, map[string][]byte{"a.tgz": tarGz(t, "/home/me/data/"+folderName+"/", files)})
			return filepath.Join(root, "a.tgz")
		}},
		{"an archive with the folder one level down", func(t *testing.T, root string) string {
			writeFolder(t, root, map[string][]byte{"a.tgz": tarGz(t, "cifar10/"+folderName+"/", files)})
			return filepath.Join(root, "a.tgz")
		}},
		{"an archive that a browser has unzipped", func(t *testing.T, root string) string {
			writeFolder(t, root, map[string][]byte{"cifar-10-binary.tar": unzipped(t, tarGz(t, folderName+"/", files))})
			return root
		}},
		{"the folder two above", func(t *testing.T, root string) string {
			writeFolder(t, filepath.Join(root, "cifar-10-binary", folderName), files)
			return root
		}},
		{"a folder of another name", func(t *testing.T, root string) string {
			writeFolder(t, filepath.Join(root, "cifar"), files)
			return root
		}},
		{"the folder above the archive", func(t *testing.T, root string) string {
			writeFolder(t, root, map[string][]byte{"cifar-10-binary.tar.gz": tarGz(t, folderName+"/", files)})
			return root
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			train, test, err := data.ReadCIFAR10(test.build(t, t.TempDir()), records)
			if err != nil {
				t.Fatal(err)
			}
			checkSmall(t, train, 0, 5)
			checkSmall(t, test, 5, 6)
		})
	}
}

// checkSmall compares a set with the small files from one up to another.
func checkSmall(t *testing.T, set *data.Dataset, from, to int) {
	t.Helper()
	var pixels []uint8
	var labels []int
	for f := from; f < to; f++ {
		for r := range records {
			labels = append(labels, (f+r)%10)
			for i := range 32 * 32 {
				for c := range 3 {
					pixels = append(pixels, pixel(f, r, i/32, i%32, c))
				}
			}
		}
	}
	if diff := cmp.Diff(data.Shape{Height: 32, Width: 32, Channels: 3}, set.Shape()); diff != "" {
		t.Errorf("shape (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(labels, set.Labels()); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
	if !bytes.Equal(pixels, set.Pixels()) { // a diff of so many pixels would take minutes
		t.Error("pixels are not those of the files")
	}
	if got, want := set.Image(1).At(2, 3), (color.NRGBA{
		R: pixel(from, 1, 3, 2, 0), G: pixel(from, 1, 3, 2, 1), B: pixel(from, 1, 3, 2, 2), A: 255,
	}); got != want {
		t.Errorf("pixel of image 1 at x 2, y 3 is %v, want %v", got, want)
	}
}

func TestCIFAR10BadFiles(t *testing.T) {
	const size = records * recordSize
	tests := []struct {
		name   string
		change func(files map[string][]byte)
		want   error
		says   []string
	}{
		{"cut inside a record", func(files map[string][]byte) {
			files["data_batch_2.bin"] = files["data_batch_2.bin"][:17*recordSize+5]
		}, data.ErrFormat, []string{"data_batch_2.bin", "record 17"}},
		{"cut between records", func(files map[string][]byte) {
			files["test_batch.bin"] = files["test_batch.bin"][:size-recordSize]
		}, data.ErrFormat, []string{"test_batch.bin", "record 39"}},
		{"empty", func(files map[string][]byte) {
			files["data_batch_1.bin"] = nil
		}, data.ErrFormat, []string{"data_batch_1.bin", "record 0"}},
		{"one byte too long", func(files map[string][]byte) {
			files["data_batch_5.bin"] = append(files["data_batch_5.bin"], 0)
		}, data.ErrFormat, []string{"data_batch_5.bin", "record 40"}},
		{"label out of range", func(files map[string][]byte) {
			files["data_batch_3.bin"][33*recordSize] = 10
		}, data.ErrFormat, []string{"data_batch_3.bin", "record 33", "label 10"}},
		{"missing", func(files map[string][]byte) {
			delete(files, "data_batch_4.bin")
			delete(files, "data_batch_5.bin")
		}, data.ErrNotFound, []string{"data_batch_4.bin is missing", "data_batch_5.bin is missing"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			files := smallFiles()
			test.change(files)
			root := t.TempDir()
			writeFolder(t, filepath.Join(root, "folder"), files)
			writeFolder(t, root, map[string][]byte{"archive": tarGz(t, folderName+"/", files)})
			for _, form := range []string{"folder", "archive"} {
				path := filepath.Join(root, form)
				_, _, err := data.ReadCIFAR10(path, records)
				checkError(t, err, test.want, append(test.says, path)...)
			}
		})
	}
}

// checkError checks what err wraps and that its message says all of these.
func checkError(t *testing.T, err, want error, says ...string) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error is %v, want one that wraps %q", err, want)
	}
	for _, text := range says {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("error is %q, want it to say %q", err, text)
		}
	}
}
