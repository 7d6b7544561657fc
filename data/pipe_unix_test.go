//go:build unix

package data_test

import (
	"errors"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/fastresnet/fastresnet/data"
)

// Nobody writes to the pipes that are in a folder in place of a set's files: nothing waits for them.
func TestPipes(t *testing.T) {
	pipes := func(names ...string) (folder string) {
		folder = t.TempDir()
		for _, name := range names {
			if err := syscall.Mkfifo(filepath.Join(folder, name), 0o666); err != nil {
				t.Skip(err)
			}
		}
		return folder
	}
	folder := pipes("train-images-idx3-ubyte", "data_batch_1.bin", "cifar-10-binary.tar.gz")
	for _, tt := range []struct {
		label string
		read  func(path string) (train, test *data.Dataset, err error)
		path  string
		want  error
	}{
		{"MNIST", func(path string) (train, test *data.Dataset, err error) { return data.MNIST(path, nil) }, folder, data.ErrNotFound},
		{"for Python", data.CIFAR10, pipes("data_batch_1", "test_batch"), data.ErrFormat},
		{"the folder above an archive for Python", data.CIFAR10, pipes("cifar-10-python.tar.gz"), data.ErrFormat},
		{"binary", data.CIFAR10, folder, data.ErrFormat},
		{"an archive", data.CIFAR10, filepath.Join(folder, "cifar-10-binary.tar.gz"), data.ErrFormat},
	} {
		t.Run(tt.label, func(t *testing.T) {
			done := make(chan error, 1)
			go func() {
				_, _, err := tt.read(tt.path)
				done <- err
			}()
			select {
			case err := <-done:
				if !errors.Is(err, tt.want) {
					t.Errorf("error %v, want %v", err, tt.want)
				}
			case <-time.After(10 * time.Second):
				t.Fatal("it waits for the pipe")
			}
		})
	}
}
