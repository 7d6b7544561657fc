package data

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// readFolder reads the files in a folder, all at once, after it has found them there and of the
// right size.
func readFolder(folder string, records int) (*batches, error) {
	problems := make([]error, len(cifar10Files))
	for i, name := range cifar10Files {
		problems[i] = checkFile(folder, name, records)
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	b := newBatches(records)
	var readers sync.WaitGroup
	for i, name := range cifar10Files {
		readers.Go(func() {
			file, err := os.Open(filepath.Join(folder, name))
			if err != nil {
				problems[i] = err
				return
			}
			problems[i] = errors.Join(b.read(i, file), file.Close())
		})
	}
	readers.Wait()
	return b, errors.Join(problems...)
}

// checkFile reports a file that is missing or not of the size that its records have.
func checkFile(folder, name string, records int) error {
	info, err := os.Stat(filepath.Join(folder, name))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: %s is missing", ErrNotFound, name)
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%w: %s is not a regular file", ErrFormat, name)
	}
	return checkSize(name, info.Size(), records)
}

// checkSize reports a size in bytes other than the records'.
func checkSize(name string, size int64, records int) error {
	want := int64(records) * cifar10Record
	switch {
	case size < want:
		return fmt.Errorf("%w: %s: %d bytes, want %d: ends at or within record %d",
			ErrFormat, name, size, want, size/cifar10Record)
	case size > want:
		return fmt.Errorf("%w: %s: %d bytes, want %d: goes on at record %d",
			ErrFormat, name, size, want, records)
	}
	return nil
}
