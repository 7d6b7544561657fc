package data_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet/data"
)

// array is the operations of an array of bytes [n, 3072], written as cPickle of Python 2 does in protocol 2.
func array(n int, values []byte) string {
	length := binary.LittleEndian.AppendUint32(nil, uint32(len(values)))
	return "cnumpy.core.multiarray\n_reconstruct\nq\x07cnumpy\nndarray\nq\x08K\x00\x85q\tU\x01bq\n\x87q\x0bRq\x0c" +
		"(K\x01M" + string(binary.LittleEndian.AppendUint16(nil, uint16(n))) + "M\x00\x0c\x86q\rcnumpy\ndtype\nq\x0eU\x02u1q\x0fK\x00K\x01\x87q\x10Rq\x11" +
		"(K\x03U\x01|q\x12NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tq\x13b\x89T" + string(length) + string(values) + "q\x14tq\x15b"
}

// pickled is a file of the version for Python with the records of one of the binary version.
func pickled(binaryFile []byte) []byte {
	var planes []byte
	labels := ""
	for record := range slices.Chunk(binaryFile, recordSize) {
		labels += "K" + string(record[:1])
		planes = append(planes, record[1:]...)
	}
	return []byte("\x80\x02}q\x01(U\x0bbatch_labelq\x02U\x05batchq\x03U\x06labelsq\x04]q\x05(" + labels + "eU\x04dataq\x06" +
		array(len(binaryFile)/recordSize, planes) + "U\tfilenamesq\x16]q\x17(U\x05a.pngq\x18h\x18eu.")
}

// pythonFiles are the files of the version for Python, with the images of smallFiles.
func pythonFiles() map[string][]byte {
	files := map[string][]byte{"batches.meta": []byte("x")}
	for name, content := range smallFiles() {
		files[strings.TrimSuffix(name, ".bin")] = pickled(content)
	}
	return files
}

// The version for Python holds the same images as the binary one, and is found in the same places.
func TestCIFAR10Python(t *testing.T) {
	const pythonFolder = "cifar-10-batches-py"
	files := pythonFiles()
	archive := tarGz(t, pythonFolder+"/", files)
	for _, tt := range []struct {
		name, folder string // of the files, below the root
		files        map[string][]byte
		path         string // that is read, below the root
	}{
		{"the folder", ".", files, "."},
		{"the folder above", pythonFolder, files, "."},
		{"the folder two above", "cifar-10-python/" + pythonFolder, files, "."},
		{"a folder of another name", "cifar", files, "."},
		{"the archive", ".", map[string][]byte{"any.name": archive}, "any.name"},
		{"the folder above the archive", ".", map[string][]byte{"cifar-10-python.tar.gz": archive}, "."},
		{"an archive that a browser has unzipped", ".", map[string][]byte{"cifar-10-python.tar": unzipped(t, archive)}, "."},
		{"beside the binary one, which is read", ".", map[string][]byte{
			"cifar-10-python.tar.gz": []byte("not read"), "cifar-10-binary.tar.gz": tarGz(t, folderName+"/", smallFiles()),
		}, "."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			root := t.TempDir()
			writeFolder(t, filepath.Join(root, tt.folder), tt.files)
			train, test, err := data.ReadCIFAR10(filepath.Join(root, tt.path), records)
			if err != nil {
				t.Fatal(err)
			}
			checkSmall(t, train, 0, 5)
			checkSmall(t, test, 5, 6)
			t.Setenv("FASTRESNET_DATA", filepath.Join(root, tt.path))
			if train, _, err := data.ReadCIFAR10("", records); err != nil || train.Len() != 5*records {
				t.Errorf("by the environment: %v, %v", train, err)
			}
		})
	}
}

// Of CIFAR-100 each image has two labels; its files for Python have names that many others have, too.
func TestCIFAR100Python(t *testing.T) {
	file := func(coarse, fine string) []byte {
		n := len(fine)
		labels := func(key, values string) string {
			ops := ""
			for _, v := range []byte(values) {
				ops += "K" + string([]byte{v})
			}
			return fmt.Sprintf("U%c%s](%se", len(key), key, ops)
		}
		return []byte("\x80\x02}(" + labels("coarse_labels", coarse) + labels("fine_labels", fine) +
			"U\x04data" + array(n, make([]byte, n*3072)) + "u.")
	}
	images := map[string][]byte{"train": file("\x03\x13", "\x63\x07"), "test": file("\x00", "\x05")}
	files := map[string][]byte{"train": images["train"], "test": images["test"], "meta": []byte("x")}
	text := map[string][]byte{"train": []byte("text"), "test": []byte("text")}
	root := t.TempDir()
	writeFolder(t, filepath.Join(root, "a", "train"), nil)
	writeFolder(t, filepath.Join(root, "a", "test"), nil)
	writeFolder(t, filepath.Join(root, "agnews"), text)
	if _, _, err := data.ReadCIFAR100(root, true, 2, 1); !errors.Is(err, data.ErrNotFound) || !strings.Contains(err.Error(), root+" holds neither") {
		t.Errorf("before they are there: %v", err)
	}
	writeFolder(t, filepath.Join(root, "cifar-100-python"), files)
	writeFolder(t, root, text)
	archive := tarGz(t, "cifar-100-python/", images)
	writeFolder(t, root, map[string][]byte{"archive": archive})
	archived := t.TempDir()
	writeFolder(t, archived, map[string][]byte{"cifar-100-python.tar.gz": archive})
	// Of a stranger's files, too, some are called meta.
	strangers := map[string][]byte{"train": text["train"], "test": text["test"], "meta": []byte("text")}
	writeFolder(t, filepath.Join(archived, "agnews"), strangers)
	marked := t.TempDir()
	writeFolder(t, filepath.Join(marked, "cifar-100-python"), files)
	writeFolder(t, marked, strangers)
	for _, path := range []string{root, filepath.Join(root, "archive"), archived, marked} {
		for coarse, want := range map[bool][]int{true: {3, 19, 0}, false: {99, 7, 5}} {
			train, test, err := data.ReadCIFAR100(path, coarse, 2, 1)
			if err != nil {
				t.Fatal(err)
			}
			if got := slices.Concat(train.Labels(), test.Labels()); !slices.Equal(got, want) || (len(train.Classes()) == 20) != coarse {
				t.Errorf("%s, coarse %t: labels %v of %d classes, want %v", path, coarse, got, len(train.Classes()), want)
			}
		}
	}
}

func TestCIFAR10PythonRefuses(t *testing.T) {
	good := pythonFiles()
	folder := func(change func(map[string][]byte)) string {
		files := pythonFiles()
		change(files)
		root := t.TempDir()
		writeFolder(t, root, files)
		return root
	}
	batch := func(content string) string {
		return folder(func(files map[string][]byte) { files["data_batch_2"] = []byte(content) })
	}
	for _, tt := range []struct {
		name, path string
		want       error
		says       string
	}{
		{"no such path", filepath.Join(t.TempDir(), "none"), data.ErrNotFound, "none"},
		{"a file is missing", folder(func(files map[string][]byte) { delete(files, "test_batch") }), data.ErrNotFound, "test_batch is missing"},
		{"cut short", batch(string(good["data_batch_2"][:5000])), data.ErrFormat, "data_batch_2: invalid data: it is cut short"},
		{"empty", batch(""), data.ErrFormat, "cut short"},
		{"text", batch("hello, this is text"), data.ErrFormat, "nothing is remembered"},
		{"an operation that they do not have", batch("\x80\x02l."), data.ErrFormat, "operation 0x6c"},
		{"a later protocol", batch("\x80\x04}."), data.ErrFormat, "protocol 4"},
		{"no dictionary", batch("\x80\x02]."), data.ErrFormat, `no "data" and "labels"`},
		{"a program", batch("\x80\x02cos\nsystem\n(U\x04exittR."), data.ErrFormat, `would call "os system"`},
		{"a call of an array", batch("\x80\x02cnumpy\nndarray\n)R."), data.ErrFormat, "would call"},
		{"a text that never ends", batch("\x80\x02T\xff\xff\xff\xffabc"), data.ErrFormat, "cut short"},
		{"an empty stack", batch("\x80\x02R."), data.ErrFormat, "makes no sense"},
		{"no mark", batch("\x80\x02e."), data.ErrFormat, "makes no sense"},
		{"a list for a key", batch("\x80\x02}(]K\x01u."), data.ErrFormat, "makes no sense"},
		{"labels of texts", batch("\x80\x02}(U\x06labels](" + strings.Repeat("U\x01x", records) + "eU\x04data" + array(records, make([]byte, records*3072)) + "u."), data.ErrFormat, "label of image 0"},
		{"a label that contains itself", batch("\x80\x02}(U\x06labels](}q\x00U\x01ah\x00s" + strings.Repeat("K\x01", records-1) + "eU\x04data" + array(records, make([]byte, records*3072)) + "u."), data.ErrFormat, "label of image 0"},
		{"a text that is made bytes again and again", batch("\x80\x02c_codecs\nencode\nq\x00X\x40\x42\x0f\x00" + strings.Repeat("a", 1_000_000) + "\x85q\x01" + strings.Repeat("h\x00h\x01R", 300)), data.ErrFormat, "too many bytes"},
		{"lists without end", batch("\x80\x02" + strings.Repeat("]", 100_000)), data.ErrFormat, "operations"},
		{"a label too large", batch("\x80\x02}(U\x06labels](" + strings.Repeat("K\x0a", records) + "eU\x04data" + array(records, make([]byte, records*3072)) + "u."), data.ErrFormat, "label of image 0"},
		{"too few labels", batch("\x80\x02}(U\x06labels](K\x01eU\x04data" + array(records, make([]byte, records*3072)) + "u."), data.ErrFormat, "1 labels"},
		{"too few images", batch("\x80\x02}(U\x06labels](" + strings.Repeat("K\x01", records) + "eU\x04data" + array(1, make([]byte, 3072)) + "u."), data.ErrFormat, "3072 values"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			train, _, err := data.ReadCIFAR10(tt.path, records)
			if train != nil || !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%v, error %v; want %v that says %q", train, err, tt.want, tt.says)
			}
		})
	}
}

func FuzzPickle(f *testing.F) {
	f.Add(pickled(bytes.Repeat([]byte{3}, 2*recordSize)))
	f.Add([]byte("\x80\x03}q\x00(X\x04\x00\x00\x00dataq\x01C\x02abq\x02u."))
	f.Add([]byte("\x80\x02c_codecs\nencode\nX\x02\x00\x00\x00\xc3\xbfX\x06\x00\x00\x00latin1\x86R."))
	f.Fuzz(func(t *testing.T, content []byte) {
		if v, err := data.ReadPickle(bytes.NewReader(content), 1<<20, 1000); err != nil && !errors.Is(err, data.ErrFormat) {
			t.Errorf("%v, %v", fmt.Sprint(v), err)
		}
	})
}
