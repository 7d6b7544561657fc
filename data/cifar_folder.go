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
func (c cifar) readFolder(folder string) (*batches, error) {
	problems := make([]error, len(c.files))
	for i, f := range c.files {
		problems[i] = c.checkFile(folder, f)
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	b := c.newBatches()
	var readers sync.WaitGroup
	for i, f := range c.files {
		readers.Go(func() {
			file, err := os.Open(filepath.Join(folder, f.name))
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
func (c cifar) checkFile(folder string, f cifarFile) error {
	info, err := fileIn(folder, f.name)
	if err != nil {
		return err
	}
	return c.checkSize(f, info.Size())
}

// fileIn describes a file in a folder. What is there but is none is an error: a pipe would wait for somebody who writes to it.
func fileIn(folder, name string) (fs.FileInfo, error) {
	info, err := os.Stat(filepath.Join(folder, name))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%w: %s is missing", ErrNotFound, name)
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%w: %s is not a regular file", ErrFormat, name)
	}
	return info, nil
}

// checkSize reports a size in bytes other than the records'.
func (c cifar) checkSize(f cifarFile, size int64) error {
	record := int64(c.record())
	want := int64(f.records) * record
	switch {
	case size < want:
		return fmt.Errorf("%w: %s: %d bytes, want %d: ends at or within record %d",
			ErrFormat, f.name, size, want, size/record)
	case size > want:
		return fmt.Errorf("%w: %s: %d bytes, want %d: goes on at record %d",
			ErrFormat, f.name, size, want, f.records)
	}
	return nil
}
