package data

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
)

// CIFAR10Python reads CIFAR-10 in its version for Python, from the folder with its files, cifar-10-batches-py, or from the
// archive, cifar-10-python.tar.gz, as it is. It is the set of [CIFAR10]. The files are pickles, of which nothing is
// run.
//
// The error wraps [ErrNotFound] if the path or one of the files is missing, and [ErrFormat] if a file is not what it should
// be.
func CIFAR10Python(path string) (train, test *Dataset, err error) {
	return cifar10(cifar10Records).readPython(path, "labels",
		"data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch")
}

// CIFAR100Python is [CIFAR10Python] for CIFAR-100: see [CIFAR100] for coarse.
func CIFAR100Python(path string, coarse bool) (train, test *Dataset, err error) {
	key := "fine_labels"
	if coarse {
		key = "coarse_labels"
	}
	return cifar100(coarse, 50_000, 10_000).readPython(path, key, "train", "test")
}

// readPython reads the set from files of these names, in the order of its own.
func (c cifar) readPython(path, key string, names ...string) (train, test *Dataset, err error) {
	b := c.newBatches()
	if err = b.readPython(path, key, names); err != nil {
		return nil, nil, fmt.Errorf("%s: %s: %w", c.name, path, err)
	}
	return b.split()
}

func (b *batches) readPython(path, key string, names []string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: there is no such folder or archive", ErrNotFound)
	case err != nil:
		return err
	case info.Mode().IsRegular():
		limit := 2*int64(len(b.pixels)) + archiveSlack // there are names of images, too
		return eachInArchive(path, limit, func(archive *tar.Reader) error { return b.readPythonTar(archive, key, names) })
	case !info.IsDir():
		return fmt.Errorf("%w: it is neither a folder nor a file", ErrFormat)
	}
	for i, name := range names {
		if _, err := fileIn(path, name); err != nil {
			return err
		}
		file, err := os.Open(filepath.Join(path, name))
		if err != nil {
			return err
		}
		if err := errors.Join(b.readPickled(i, key, file), file.Close()); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// readPythonTar reads the files, in whatever order they come.
func (b *batches) readPythonTar(archive *tar.Reader, key string, names []string) error {
	found := make([]bool, len(names))
	for {
		header, err := archive.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		base := path.Base(header.Name)
		if i := slices.Index(names, base); i >= 0 && header.Typeflag == tar.TypeReg && !found[i] {
			found[i] = true
			if err := b.readPickled(i, key, archive); err != nil {
				return fmt.Errorf("%s: %w", base, err)
			}
		}
	}
	if i := slices.Index(found, false); i >= 0 {
		return fmt.Errorf("%w: %s is missing", ErrNotFound, names[i])
	}
	return nil
}

// readPickled reads one of the files: a dictionary with "data", an array [n, 3072] of planes, and a list of labels.
func (b *batches) readPickled(file int, key string, r io.Reader) error {
	from, to := b.starts[file], b.starts[file+1]
	n := to - from
	const operations = 32 // an image: its label and its name, in lists that are remembered
	value, err := readPickle(r, 2*int64(n)*cifarImage+archiveSlack, 1000+operations*n)
	if err != nil {
		return err
	}
	content, _ := value.(map[string]any)
	images, _ := content["data"].(*pickledArray)
	list, _ := content[key].(*[]any)
	switch {
	case images == nil || list == nil:
		return fmt.Errorf("%w: it has no %q and %q", ErrFormat, "data", key)
	case images.dtype == nil || images.dtype.name != "u1" && images.dtype.name != "|u1" || len(images.values) != n*cifarImage:
		return fmt.Errorf("%w: its data are %d values, need %d unsigned bytes", ErrFormat, len(images.values), n*cifarImage)
	case len(*list) != n:
		return fmt.Errorf("%w: it has %d labels, need %d", ErrFormat, len(*list), n)
	}
	for i, v := range *list {
		label, is := v.(int)
		if !is || label < 0 || label >= len(b.set.classes) {
			return fmt.Errorf("%w: the label of image %d is no number from 0 to %d", ErrFormat, i, len(b.set.classes)-1)
		}
		b.labels[from+i] = label
		interleave(b.pixels[(from+i)*cifarImage:(from+i+1)*cifarImage], []byte(images.values[i*cifarImage:(i+1)*cifarImage]))
	}
	return nil
}
