package data

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// MNIST reads a data set that comes in the four files of MNIST, as Fashion-MNIST, KMNIST and others do: from a folder,
//
//	train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte
//
// each as it is or with .gz behind its name, which is then unpacked while it is read. Names of classes and errors are
// those of [IDX].
//
// Source: https://yann.lecun.com/exdb/mnist/.
func MNIST(folder string, classes []string) (train, test *Dataset, err error) {
	read := func(set string) (*Dataset, error) {
		images, err := mnistFile(folder, set+"-images-idx3-ubyte")
		if err != nil {
			return nil, err
		}
		labels, err := mnistFile(folder, set+"-labels-idx1-ubyte")
		if err != nil {
			return nil, err
		}
		return IDX(images, labels, classes)
	}
	if train, err = read("train"); err != nil {
		return nil, nil, err
	}
	if classes == nil {
		classes = train.Classes() // of which the test set may lack the last
	}
	if test, err = read("t10k"); err != nil {
		return nil, nil, err
	}
	return train, test, nil
}

// mnistFile finds a file, packed or not.
func mnistFile(folder, name string) (string, error) {
	for _, ending := range []string{"", ".gz"} {
		if _, err := fileIn(folder, name+ending); err == nil {
			return filepath.Join(folder, name+ending), nil
		}
	}
	return "", fmt.Errorf("%w: %s holds neither %s nor %[3]s.gz", ErrNotFound, folder, name)
}

// IDX reads a set from two files in the IDX format of MNIST, packed by gzip or not: images, as unsigned bytes [n, height,
// width] or [n, height, width, channels], and labels, as unsigned bytes [n]. Without classes these are called "0", "1"
// and so on, up to the highest label that there is: a test set may need those of the training set.
//
// The error wraps [ErrNotFound] if a file is missing, and [ErrFormat] if one is cut short, too long or something else, if
// their numbers differ, or if a label is not a class.
func IDX(images, labels string, classes []string) (*Dataset, error) {
	dims, pixels, err := readIDXFile(images)
	if err != nil {
		return nil, err
	}
	if len(dims) == 3 {
		dims = append(dims, 1)
	}
	if len(dims) != 4 {
		return nil, fmt.Errorf("%w: %s: an array of the shape %v, need [n, height, width] or [n, height, width, channels]", ErrFormat, images, dims)
	}
	labelDims, numbers, err := readIDXFile(labels)
	if err != nil {
		return nil, err
	}
	if len(labelDims) != 1 || labelDims[0] != dims[0] {
		return nil, fmt.Errorf("%w: %s: an array of the shape %v, need [%d] for as many images", ErrFormat, labels, labelDims, dims[0])
	}
	set, err := numbered(pixels, Shape{dims[1], dims[2], dims[3]}, numbers, classes)
	if err != nil {
		return nil, fmt.Errorf("%s, %s: %w", images, labels, err)
	}
	return set, nil
}

// numbered makes a set of labels that are numbers; without names of classes these are numbers, too.
func numbered[T uint8 | int | int64](pixels []uint8, shape Shape, numbers []T, classes []string) (*Dataset, error) {
	const most = 1 << 16 // classes that come from labels alone
	labels := make([]int, len(numbers))
	last := 0
	for i, n := range numbers {
		label := int64(n)
		switch {
		case label < 0:
			return nil, fmt.Errorf("%w: label %d of image %d: labels count from 0", ErrFormat, label, i)
		case classes == nil && label >= most:
			return nil, fmt.Errorf("%w: label %d of image %d, and no names of classes: those from %d on need some", ErrFormat, label, i, most)
		case label > math.MaxInt32: // which no class is, and no int of 32 bits may be
			return nil, fmt.Errorf("%w: label %d of image %d is not in 0 to %d", ErrFormat, label, i, len(classes)-1)
		}
		labels[i] = int(label)
		last = max(last, labels[i])
	}
	if classes == nil {
		for class := range last + 1 {
			classes = append(classes, strconv.Itoa(class))
		}
	}
	return Adopt(pixels, shape, labels, slices.Clone(classes))
}

func readIDXFile(name string) (dims []int, values []uint8, err error) {
	file, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("%w: there is no %s", ErrNotFound, name)
	}
	if err != nil {
		return nil, nil, err
	}
	defer file.Close()
	if dims, values, err = readIDX(file); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", name, err)
	}
	return dims, values, nil
}

// readIDX reads an array of bytes: two bytes 0, the type, the number of dimensions, each of those in four bytes, and the
// values. Memory is taken for what is there, not for what the header says.
func readIDX(r io.Reader) (dims []int, values []uint8, err error) {
	buffered := bufio.NewReaderSize(r, 1<<16)
	r = buffered
	if start, _ := buffered.Peek(2); bytes.Equal(start, []byte("\x1f\x8b")) {
		if r, err = gzip.NewReader(buffered); err != nil {
			return nil, nil, contentError(err)
		}
	}
	var head [4]uint8
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, nil, contentError(err)
	}
	const unsignedByte, most = 8, 4
	if head[0] != 0 || head[1] != 0 || head[3] < 1 || head[3] > most {
		return nil, nil, fmt.Errorf("%w: it is no IDX file of 1 to %d dimensions: it begins with % x", ErrFormat, most, head)
	}
	if head[2] != unsignedByte {
		return nil, nil, fmt.Errorf("%w: an IDX file of type %#02x, need %#02x, unsigned bytes", ErrFormat, head[2], unsignedByte)
	}
	size := int64(1)
	for range head[3] {
		var dim uint32
		if err := binary.Read(r, binary.BigEndian, &dim); err != nil {
			return nil, nil, contentError(err)
		}
		dims = append(dims, int(dim))
		const limit = 1 << 40
		if size *= int64(dim); dim == 0 || dim > math.MaxInt32 || size > limit {
			return nil, nil, fmt.Errorf("%w: an IDX file of the shape %v", ErrFormat, dims)
		}
	}
	if values, err = exactly(r, size); err != nil {
		return nil, nil, err
	}
	return dims, values, nil
}
