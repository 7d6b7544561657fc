package data_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/fastresnet/fastresnet/data"
)

func TestCIFAR10BadArchive(t *testing.T) {
	sound := tarGz(t, folderName+"/", smallFiles())
	flipped := bytes.Clone(sound)
	flipped[len(flipped)-8] ^= 1 // the checksum of the whole, at the very end
	twice := smallFiles()
	twice["../"+folderName+"/test_batch.bin"] = twice["test_batch.bin"]
	large := smallFiles()
	large["a"] = make([]byte, 20<<20) // more than any archive of the set has besides the files

	tests := []struct {
		name    string
		content []byte
		says    []string
	}{
		{"empty", nil, []string{"cut short"}},
		{"neither gzip nor tar", []byte("<html>404 Not Found</html>"), []string{"not a sound .tar.gz"}},
		{"neither, and longer", bytes.Repeat([]byte("<html>"), 1000), []string{"not a sound .tar.gz"}},
		{"not tar", zipped(t, bytes.Repeat([]byte("x"), 1024)), []string{"not a sound .tar.gz"}},
		{"a .tar, cut at half", unzipped(t, sound)[:10_000], []string{".bin", "record"}},
		{"cut at half", sound[:len(sound)/2], []string{".bin", "record"}},
		{"cut before the checksum", sound[:len(sound)-8], []string{"cut short"}},
		{"wrong checksum", flipped, []string{"not a sound .tar.gz", "checksum"}},
		{"more after the end", append(bytes.Clone(sound), "more than a header"...), []string{"not a sound .tar.gz"}},
		{"a file twice", tarGz(t, folderName+"/", twice), []string{"test_batch.bin is there twice"}},
		{"too much besides the files", tarGz(t, "", large), []string{"unpacks to more than"}},
		{"a link for a file", zipped(t, tarHeader(t, tar.Header{
			Name: "test_batch.bin", Typeflag: tar.TypeSymlink, Linkname: "/dev/zero",
		})), []string{"test_batch.bin is not a regular file"}},
		{"a huge size", zipped(t, tarHeader(t, tar.Header{
			Name: "test_batch.bin", Typeflag: tar.TypeReg, Size: 1 << 40,
		})), []string{"test_batch.bin", "1099511627776 bytes"}},
		{"a huge size of another file", zipped(t, tarHeader(t, tar.Header{
			Name: "readme.html", Typeflag: tar.TypeReg, Size: 1 << 40,
		})), []string{"cut short"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "cifar.tar.gz")
			if err := os.WriteFile(path, test.content, 0o644); err != nil {
				t.Fatal(err)
			}
			_, _, err := data.ReadCIFAR10(path, records)
			checkError(t, err, data.ErrFormat, append(test.says, path)...)
		})
	}
}

// unzipped returns the content of a gzip stream.
func unzipped(t testing.TB, packed []byte) []byte {
	t.Helper()
	zip, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(zip)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// zipped returns the content as a gzip stream.
func zipped(t testing.TB, content []byte) []byte {
	t.Helper()
	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	if _, err := zip.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}

// tarHeader returns a tar that ends after one header.
func tarHeader(t testing.TB, header tar.Header) []byte {
	t.Helper()
	var packed bytes.Buffer
	archive := tar.NewWriter(io.Writer(&packed))
	if err := archive.WriteHeader(&header); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}

// FuzzArchive reads whatever it is given as an archive: it is sound, or the error says so.
func FuzzArchive(f *testing.F) {
	sound := tarGz(f, folderName+"/", smallFiles())
	f.Add(sound)
	f.Add(unzipped(f, sound))
	f.Add(tarGz(f, "cifar-10-batches-py/", pythonFiles()))
	f.Add([]byte("<html>404 Not Found</html>"))
	f.Fuzz(func(t *testing.T, content []byte) {
		path := filepath.Join(t.TempDir(), "cifar.tar.gz")
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
		train, test, err := data.ReadCIFAR10(path, records)
		switch {
		case err == nil && (train.Len() != 5*records || test.Len() != records):
			t.Errorf("%v and %v, and no error", train, test)
		case err != nil && !errors.Is(err, data.ErrFormat) && !errors.Is(err, data.ErrNotFound):
			t.Errorf("the error wraps no sentinel: %v", err)
		}
	})
}
