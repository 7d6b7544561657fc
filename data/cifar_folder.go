package data

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// readFolder reads a version's files in a folder, after it has found them there and of the right size.
func (c cifar) readFolder(folder string, v cifarVersion) (*batches, error) {
	problems := make([]error, len(v.files))
	for i, name := range v.files {
		info, err := fileIn(folder, name)
		if err == nil {
			err = c.checkSize(i, v, info.Size())
		}
		problems[i] = err
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	b := c.newBatches()
	read := func(i int) error {
		file, err := os.Open(filepath.Join(folder, v.files[i]))
		if err != nil {
			return err
		}
		return errors.Join(b.read(i, v, file), file.Close())
	}
	var readers sync.WaitGroup
	for i := range v.files {
		readers.Go(func() { problems[i] = read(i) })
		if v.oneByOne {
			readers.Wait()
		}
	}
	readers.Wait()
	return b, errors.Join(problems...)
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
