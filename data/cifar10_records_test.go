package data_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"testing/iotest"

	"github.com/fastresnet/fastresnet/data"
)

// A file may change after its size was looked at, so reading it finds the same faults.
func TestReadRecords(t *testing.T) {
	whole := smallFiles()["test_batch.bin"]
	broken := errors.New("broken disk")
	tests := []struct {
		name string
		r    io.Reader
		want error // nothing if it can be read
		says []string
	}{
		{"whole", bytes.NewReader(whole), nil, nil},
		{"whole, in small pieces", iotest.HalfReader(bytes.NewReader(whole)), nil, nil},
		{"nothing", bytes.NewReader(nil), data.ErrFormat, []string{"record 0"}},
		{"cut inside a record", bytes.NewReader(whole[:35*recordSize+1]), data.ErrFormat, []string{"record 35"}},
		{"cut between records", bytes.NewReader(whole[:32*recordSize]), data.ErrFormat, []string{"record 32"}},
		{"too long", io.MultiReader(bytes.NewReader(whole), bytes.NewReader(whole)), data.ErrFormat, []string{"record 40"}},
		{"broken in a record", io.MultiReader(bytes.NewReader(whole[:recordSize]), iotest.ErrReader(broken)),
			broken, []string{"record 1"}},
		{"broken at the end", io.MultiReader(bytes.NewReader(whole), iotest.ErrReader(broken)),
			broken, []string{"after the last record"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := data.ReadRecords(test.r, make([]uint8, records*3*32*32), make([]int, records))
			if test.want != nil {
				checkError(t, err, test.want, test.says...)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

// zeros is an endless file of label 0 and black pixels that counts what is read of it.
type zeros struct{ read int }

func (z *zeros) Read(p []byte) (int, error) {
	clear(p)
	z.read += len(p)
	return len(p), nil
}

func TestReadRecordsIsBounded(t *testing.T) {
	var endless zeros
	err := data.ReadRecords(&endless, make([]uint8, records*3*32*32), make([]int, records))
	checkError(t, err, data.ErrFormat, "record 40")
	if want := records*recordSize + 1; endless.read != want {
		t.Errorf("%d bytes were read, want %d", endless.read, want)
	}
}

func TestCIFAR10NotAFile(t *testing.T) {
	root := t.TempDir()
	writeFolder(t, root, smallFiles())
	inner := filepath.Join(root, "data_batch_1.bin")
	if err := errors.Join(os.Remove(inner), os.Mkdir(inner, 0o755)); err != nil {
		t.Fatal(err)
	}
	_, _, err := data.ReadCIFAR10(root, records)
	checkError(t, err, data.ErrFormat, "data_batch_1.bin is not a regular file")

	_, _, err = data.ReadCIFAR10(os.DevNull, records)
	checkError(t, err, data.ErrFormat, os.DevNull)
}
