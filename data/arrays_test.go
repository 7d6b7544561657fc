package data_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/google/go-cmp/cmp"
)

// idx is an array of bytes as an IDX file.
func idx(values []uint8, dims ...int) []byte {
	b := []byte{0, 0, 8, byte(len(dims))}
	for _, d := range dims {
		b = binary.BigEndian.AppendUint32(b, uint32(d))
	}
	return append(b, values...)
}

// npy is an array as an .npy file.
func npy(dtype, shape string, values []byte) []byte {
	header := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", dtype, shape)
	header += strings.Repeat(" ", 64-(10+len(header)+1)%64) + "\n"
	b := append([]byte("\x93NUMPY\x01\x00"), byte(len(header)), byte(len(header)>>8))
	return append(append(b, header...), values...)
}

// npz is arrays as an .npz file.
func npz(t testing.TB, arrays map[string][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, content := range arrays {
		f, err := w.Create(name + ".npy")
		if err == nil {
			_, err = f.Write(content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gzipped(t testing.TB, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// write writes files into a new folder, which it returns.
func write(t testing.TB, files map[string][]byte) string {
	t.Helper()
	folder := t.TempDir()
	for name, content := range files {
		path := filepath.Join(folder, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, content, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// ascending are the bytes from 0 on.
func ascending(n int) []uint8 {
	b := make([]uint8, n)
	for i := range b {
		b[i] = uint8(i)
	}
	return b
}

// Two images of 2x3 pixels, of the classes 1 and 0, in every format.
func TestArrays(t *testing.T) {
	pixels := ascending(12)
	labels64 := []byte{1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
	folder := write(t, map[string][]byte{
		"images": idx(pixels, 2, 2, 3), "labels": idx([]uint8{1, 0}, 2),
		"images.gz": gzipped(t, idx(pixels, 2, 2, 3)), "labels.gz": gzipped(t, idx([]uint8{1, 0}, 2)),
		"colour": idx(ascending(36), 2, 2, 3, 3),
		"x.npy":  npy("|u1", "2, 2, 3", pixels), "y.npy": npy("<i8", "2,", labels64), "y2.npy": npy("|u1", "2, 1", []byte{1, 0}),
		"big.npy":    npy(">i4", "2,", []byte{0, 0, 0, 1, 0, 0, 0, 0}),
		"colour.npy": npy("|u1", "2, 2, 3, 3", ascending(36)), "channels.npy": npy("|u1", "2, 4, 3, 5", ascending(120)),
		"narrow.npy": npy("|u1", "2, 3, 4, 5", ascending(120)), "row.npy": npy("|u1", "2, 1, 7, 4", ascending(56)),
		"set.npz": npz(t, map[string][]byte{"x_train": npy("|u1", "2, 2, 3", pixels), "y_train": npy("<i8", "2,", labels64)}),
	})
	at := func(name string) string { return filepath.Join(folder, name) }
	grey, colour := data.Shape{Height: 2, Width: 3, Channels: 1}, data.Shape{Height: 2, Width: 3, Channels: 3}
	for _, tt := range []struct {
		name  string
		read  func() (*data.Dataset, error)
		shape data.Shape
	}{
		{"IDX", func() (*data.Dataset, error) { return data.IDX(at("images"), at("labels"), nil) }, grey},
		{"IDX, packed", func() (*data.Dataset, error) { return data.IDX(at("images.gz"), at("labels.gz"), nil) }, grey},
		{"IDX, in colour", func() (*data.Dataset, error) { return data.IDX(at("colour"), at("labels"), nil) }, colour},
		{"NPY", func() (*data.Dataset, error) { return data.NPY(at("x.npy"), at("y.npy"), nil) }, grey},
		{"NPY, a column of labels", func() (*data.Dataset, error) { return data.NPY(at("x.npy"), at("y2.npy"), nil) }, grey},
		{"NPY, big-endian labels", func() (*data.Dataset, error) { return data.NPY(at("x.npy"), at("big.npy"), nil) }, grey},
		{"NPY, in colour", func() (*data.Dataset, error) { return data.NPY(at("colour.npy"), at("y.npy"), nil) }, colour},
		{"NPY, images of many channels", func() (*data.Dataset, error) { return data.NPY(at("channels.npy"), at("y.npy"), nil) }, data.Shape{Height: 4, Width: 3, Channels: 5}},
		{"NPY, narrow images of three rows", func() (*data.Dataset, error) { return data.NPY(at("narrow.npy"), at("y.npy"), nil) }, data.Shape{Height: 3, Width: 4, Channels: 5}},
		{"NPY, images of one row", func() (*data.Dataset, error) { return data.NPY(at("row.npy"), at("y.npy"), nil) }, data.Shape{Height: 1, Width: 7, Channels: 4}},
		{"NPZ", func() (*data.Dataset, error) { return data.NPZ(at("set.npz"), "x_train", "y_train", nil) }, grey},
	} {
		t.Run(tt.name, func(t *testing.T) {
			set, err := tt.read()
			if err != nil {
				t.Fatal(err)
			}
			if set.Shape() != tt.shape || !bytes.Equal(set.Pixels(), ascending(2*tt.shape.Size())) {
				t.Errorf("%v: %v", set, set.Pixels())
			}
			if diff := cmp.Diff([]int{1, 0}, set.Labels()); diff != "" {
				t.Errorf("labels (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]string{"0", "1"}, set.Classes()); diff != "" {
				t.Errorf("classes (-want +got):\n%s", diff)
			}
		})
	}
}

// Files that NumPy itself has written: testdata/make.py.
func TestNumPysOwnFiles(t *testing.T) {
	for _, name := range []string{"plain.npz", "packed.npz"} {
		set, err := data.NPZ(filepath.Join("testdata", name), "x_train", "y_train", []string{"cat", "dog"})
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(set.Pixels(), ascending(72)) || !slices.Equal(set.Labels(), []int{1, 0}) || set.Shape() != (data.Shape{Height: 4, Width: 3, Channels: 3}) {
			t.Errorf("%s: %v, labels %v, pixels %v", name, set, set.Labels(), set.Pixels())
		}
	}
}

func TestMNIST(t *testing.T) {
	folder := write(t, map[string][]byte{
		"train-images-idx3-ubyte": idx(ascending(12), 3, 2, 2), "train-labels-idx1-ubyte.gz": gzipped(t, idx([]uint8{2, 0, 1}, 3)),
		"t10k-images-idx3-ubyte.gz": gzipped(t, idx(ascending(8), 2, 2, 2)), "t10k-labels-idx1-ubyte": idx([]uint8{0, 1}, 2),
	})
	train, test, err := data.MNIST(folder, nil)
	if err != nil {
		t.Fatal(err)
	}
	if train.Len() != 3 || test.Len() != 2 || !slices.Equal(train.Classes(), []string{"0", "1", "2"}) || !slices.Equal(test.Classes(), train.Classes()) {
		t.Errorf("%v, %v", train, test)
	}
	named, _, err := data.MNIST(folder, []string{"shirt", "shoe", "bag"})
	if err != nil || named.Classes()[2] != "bag" {
		t.Errorf("with names: %v, %v", named, err)
	}
	if _, _, err := data.MNIST(t.TempDir(), nil); !errors.Is(err, data.ErrNotFound) {
		t.Errorf("in an empty folder: %v", err)
	}
}

// What no buffer of a program of 32 bits can hold is an error there, not a panic.
func TestArraysOf32Bits(t *testing.T) {
	if strconv.IntSize > 32 {
		t.Skip("it needs a processor of 32 bits")
	}
	const images, side = 1 << 10, 1 << 10
	header := idx(nil, images, side, side)
	path := filepath.Join(t.TempDir(), "images")
	if err := os.WriteFile(path, header, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, int64(len(header))+images*side*side); err != nil { // which takes no disk
		t.Fatal(err)
	}
	_, err := data.IDX(path, path, nil)
	checkError(t, err, data.ErrFormat, "more than the 1073740799 bytes that a program of 32 bits can read")
}

// Each is an error of its own kind that names the file.
func TestArraysRefuse(t *testing.T) {
	images, labels := idx(ascending(12), 2, 2, 3), idx([]uint8{1, 0}, 2)
	x, y := npy("|u1", "2, 2, 3", ascending(12)), npy("|u1", "2,", []byte{1, 0})
	change := func(b []byte, at int, to byte) []byte {
		b = bytes.Clone(b)
		b[at] = to
		return b
	}
	for _, tt := range []struct {
		name           string
		images, labels []byte // nil: no file
		classes        []string
		want           error
		says           string
	}{
		{"IDX: no images", nil, labels, nil, data.ErrNotFound, "there is no"},
		{"IDX: no labels", images, nil, nil, data.ErrNotFound, "there is no"},
		{"IDX: empty", []byte{}, labels, nil, data.ErrFormat, "cut short"},
		{"IDX: text", []byte("hello, this is text"), labels, nil, data.ErrFormat, "no IDX file"},
		{"IDX: cut in its header", images[:9], labels, nil, data.ErrFormat, "cut short"},
		{"IDX: cut in its values", images[:20], labels, nil, data.ErrFormat, "cut short"},
		{"IDX: too long", append(bytes.Clone(images), 0), labels, nil, data.ErrFormat, "goes on"},
		{"IDX: of floats", change(images, 2, 13), labels, nil, data.ErrFormat, "type 0x0d"},
		{"IDX: seven dimensions", change(images, 3, 7), labels, nil, data.ErrFormat, "no IDX file"},
		{"IDX: claims terabytes", change(images, 4, 0x7f), labels, nil, data.ErrFormat, "cut short"},
		{"IDX: claims more than can be", append([]byte{0, 0, 8, 3}, bytes.Repeat([]byte{0x7f}, 12)...), labels, nil, data.ErrFormat, "shape"},
		{"IDX: no images in it", idx(nil, 0, 2, 2), labels, nil, data.ErrFormat, "shape"},
		{"IDX: labels for images", labels, labels, nil, data.ErrFormat, "[n, height, width]"},
		{"IDX: images for labels", images, images, nil, data.ErrFormat, "need [2]"},
		{"IDX: fewer labels", images, idx([]uint8{1}, 1), nil, data.ErrFormat, "need [2]"},
		{"IDX: a label that is no class", images, labels, []string{"a"}, data.ErrFormat, "label 1 of image 0"},
		{"IDX: a class twice", images, labels, []string{"a", "a"}, data.ErrFormat, "a"},
		{"IDX: broken gzip", gzipped(t, images)[:20], labels, nil, data.ErrFormat, "images"},
		{"IDX: gzip with a wrong checksum", change(gzipped(t, images), len(gzipped(t, images))-6, 7), labels, nil, data.ErrFormat, "images"},
		{"NPY: empty", nil, y, nil, data.ErrNotFound, "there is no"},
		{"NPY: text", []byte("\x93NUMPX and text"), y, nil, data.ErrFormat, "no .npy file"},
		{"NPY: version 9", change(x, 6, 9), y, nil, data.ErrFormat, "version 1 to 3"},
		{"NPY: cut in its header", x[:30], y, nil, data.ErrFormat, "cut short"},
		{"NPY: cut in its values", x[:len(x)-1], y, nil, data.ErrFormat, "12 bytes"},
		{"NPY: too long", append(bytes.Clone(x), 0), y, nil, data.ErrFormat, "goes on"},
		{"NPY: no dictionary", append([]byte("\x93NUMPY\x01\x00\x04\x00"), "none"...), y, nil, data.ErrFormat, "header"},
		{"NPY: a huge header", append([]byte("\x93NUMPY\x02\x00"), 0xff, 0xff, 0xff, 0xff), y, nil, data.ErrFormat, "header of"},
		{"NPY: of objects", npy("|O", "2,", nil), y, nil, data.ErrFormat, "numbers"},
		{"NPY: of floats", npy("<f4", "2, 2, 3", make([]byte, 48)), y, nil, data.ErrFormat, "array [2 2 3] of type <f4"},
		{"NPY: of doubles", npy("<f8", "2, 2, 3", make([]byte, 96)), y, nil, data.ErrFormat, `(255*x).round().astype("uint8")`},
		{"NPY: channels first", npy("|u1", "2, 3, 5, 6", make([]byte, 180)), y, nil, data.ErrFormat, "transpose(0, 2, 3, 1)"},
		{"NPY: one channel first", npy("|u1", "2, 1, 5, 5", make([]byte, 50)), y, nil, data.ErrFormat, "transpose(0, 2, 3, 1)"},
		{"NPY: columns first", bytes.Replace(x, []byte("False"), []byte("True "), 1), y, nil, data.ErrFormat, "Fortran"},
		{"NPY: a shape that is none", npy("|u1", "2, 0, 3", nil), y, nil, data.ErrFormat, "shape"},
		{"NPY: claims terabytes", npy("|u1", "2000000000, 2000, 2000", nil), y, nil, data.ErrFormat, "shape"},
		{"NPY: flat images", npy("|u1", "12,", ascending(12)), y, nil, data.ErrFormat, "[n, height, width]"},
		{"NPY: labels that are floats", x, npy("<f8", "2,", make([]byte, 16)), nil, data.ErrFormat, "integers"},
		{"NPY: fewer labels", x, npy("|u1", "1,", []byte{0}), nil, data.ErrFormat, "need [2]"},
		{"NPY: a label below 0", x, npy("|i1", "2,", []byte{0, 0xff}), nil, data.ErrFormat, "label -1 of image 1: labels count from 0"},
		{"NPY: a huge label", x, npy("<u8", "2,", bytes.Repeat([]byte{0xff}, 16)), nil, data.ErrFormat, "label 9223372036854775807 of image 0, and no names"},
		{"NPY: a huge label, and classes", x, npy("<u4", "2,", []byte{0, 0, 0, 0, 0, 0, 0, 0xff}), []string{"a"}, data.ErrFormat, "label 4278190080 of image 1 is not in 0 to 0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			files := map[string][]byte{}
			if tt.images != nil {
				files["images"] = tt.images
			}
			if tt.labels != nil {
				files["labels"] = tt.labels
			}
			folder := write(t, files)
			read := data.IDX
			if strings.HasPrefix(tt.name, "NPY") {
				read = data.NPY
			}
			set, err := read(filepath.Join(folder, "images"), filepath.Join(folder, "labels"), tt.classes)
			if set != nil || !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.says) || !strings.Contains(err.Error(), folder) {
				t.Errorf("set %v, error %v; want %v that says %q and names the file", set, err, tt.want, tt.says)
			}
		})
	}
}

func TestNPZRefuses(t *testing.T) {
	good := npz(t, map[string][]byte{"x": npy("|u1", "2, 2, 3", ascending(12)), "y": npy("|u1", "2,", []byte{1, 0})})
	folder := write(t, map[string][]byte{"good.npz": good, "text.npz": []byte("hello"), "cut.npz": good[:len(good)/2]})
	for _, tt := range []struct {
		file, images string
		want         error
		says         string
	}{
		{"none.npz", "x", data.ErrNotFound, "there is no"},
		{"text.npz", "x", data.ErrFormat, "no .npz file"},
		{"cut.npz", "x", data.ErrFormat, "no .npz file"},
		{"good.npz", "z", data.ErrNotFound, `["x" "y"]`},
	} {
		t.Run(tt.file+" "+tt.images, func(t *testing.T) {
			set, err := data.NPZ(filepath.Join(folder, tt.file), tt.images, "y", nil)
			if tt.says == `["x" "y"]` && err != nil && strings.Contains(err.Error(), `["y" "x"]`) {
				tt.says = `["y" "x"]` // the order of the file
			}
			if set != nil || !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("set %v, error %v; want %v that says %q", set, err, tt.want, tt.says)
			}
		})
	}
}

// An image of CIFAR-100 has two labels.
func TestCIFAR100(t *testing.T) {
	record := func(coarse, fine, value byte) []byte {
		return append([]byte{coarse, fine}, bytes.Repeat([]byte{value}, 3*32*32)...)
	}
	train, test := slices.Concat(record(3, 99, 1), record(19, 0, 2)), record(0, 5, 3)
	folder := write(t, map[string][]byte{"cifar-100-binary/train.bin": train, "cifar-100-binary/test.bin": test})
	for _, tt := range []struct {
		coarse bool
		want   []string
	}{{false, []string{"worm", "apple", "bed"}}, {true, []string{"food_containers", "vehicles_2", "aquatic_mammals"}}} {
		trainSet, testSet, err := data.ReadCIFAR100(folder, tt.coarse, 2, 1)
		if err != nil {
			t.Fatal(err)
		}
		both, err := data.Concat(trainSet, testSet)
		if err != nil {
			t.Fatal(err)
		}
		var labels []string
		for _, label := range both.Labels() {
			labels = append(labels, both.Classes()[label])
		}
		if diff := cmp.Diff(tt.want, labels); diff != "" {
			t.Errorf("coarse: %t, labels (-want +got):\n%s", tt.coarse, diff)
		}
		if p := both.Pixels(); p[0] != 1 || p[3072] != 2 || p[6144] != 3 {
			t.Errorf("pixels %d, %d, %d", p[0], p[3072], p[6144])
		}
	}
	bad := write(t, map[string][]byte{"train.bin": slices.Concat(record(3, 100, 1), record(19, 0, 2)), "test.bin": test})
	if _, _, err := data.ReadCIFAR100(bad, false, 2, 1); !errors.Is(err, data.ErrFormat) || !strings.Contains(err.Error(), "record 0: label 100") {
		t.Errorf("label 100: %v", err)
	}
	if _, _, err := data.CIFAR100(folder, false); !errors.Is(err, data.ErrFormat) || !strings.Contains(err.Error(), "CIFAR-100") {
		t.Errorf("files that are too short: %v", err)
	}
}

func FuzzArrays(f *testing.F) {
	f.Add(idx(ascending(12), 2, 2, 3), idx([]uint8{1, 0}, 2))
	f.Add(npy("|u1", "2, 2, 3", ascending(12)), npy("<i8", "2,", make([]byte, 16)))
	f.Add(npz(f, map[string][]byte{"x": npy("|u1", "2, 2, 3", ascending(12)), "y": npy("|u1", "2,", []byte{1, 0})}), []byte{})
	f.Add(gzipped(f, idx(ascending(12), 2, 2, 3)), gzipped(f, idx([]uint8{1, 0}, 2)))
	f.Fuzz(func(t *testing.T, images, labels []byte) {
		folder := write(t, map[string][]byte{"images": images, "labels": labels})
		x, y := filepath.Join(folder, "images"), filepath.Join(folder, "labels")
		for name, read := range map[string]func() (*data.Dataset, error){
			"IDX": func() (*data.Dataset, error) { return data.IDX(x, y, nil) },
			"NPY": func() (*data.Dataset, error) { return data.NPY(x, y, nil) },
			"NPZ": func() (*data.Dataset, error) { return data.NPZ(x, "x", "y", nil) },
		} {
			set, err := read()
			if (set == nil) == (err == nil) || err != nil && !errors.Is(err, data.ErrFormat) && !errors.Is(err, data.ErrNotFound) {
				t.Errorf("%s: set %v, error %v", name, set, err)
			}
		}
	})
}
