package data

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
)

// NPZ reads a set from two arrays in an .npz file of NumPy, compressed or not, by their names: images as [NPY] has them,
// and labels. In Keras's mnist.npz they are "x_train" and "y_train", in MedMNIST's files "train_images" and
// "train_labels". Names of classes and errors are those of [NPY]; the error wraps [ErrNotFound], too, if there is no
// such array, and lists those that there are.
func NPZ(path, images, labels string, classes []string) (*Dataset, error) {
	archive, err := zip.OpenReader(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: there is no %s", ErrNotFound, path)
	}
	if errors.Is(err, zip.ErrFormat) {
		return nil, fmt.Errorf("%w: %s is no .npz file", ErrFormat, path)
	}
	if err != nil {
		return nil, err
	}
	defer archive.Close()
	read := func(name string) (array, error) {
		var names []string
		for _, f := range archive.File {
			have := strings.TrimSuffix(f.Name, ".npy")
			names = append(names, have)
			if have != name {
				continue
			}
			content, err := f.Open()
			if err != nil {
				return array{}, contentError(err)
			}
			defer content.Close()
			return readNPY(content)
		}
		return array{}, fmt.Errorf("%w: there is no array %q: there are %q", ErrNotFound, name, names)
	}
	x, err := read(images)
	if err != nil {
		return nil, fmt.Errorf("%s, %s: %w", path, images, err)
	}
	y, err := read(labels)
	if err != nil {
		return nil, fmt.Errorf("%s, %s: %w", path, labels, err)
	}
	set, err := arrays(x, y, classes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return set, nil
}

// NPY reads a set from two .npy files of NumPy: images, an array of uint8 [n, height, width] or [n, height, width,
// channels], and labels, an array of integers [n] or [n, 1], which count from 0. Without classes these are called "0", "1"
// and so on, up to the highest label that there is: a test set may need those of the training set.
//
// An array [n, 1 or 3, more than 4, more than 4] is taken for one with the channels first, which numpy's transpose(0, 2, 3, 1)
// puts last, and is refused. Images that have such a shape, of 1 or 3 rows and many channels, are for [New].
//
// The error wraps [ErrNotFound] if a file is missing, and [ErrFormat] if one is cut short or something else, if the
// arrays have other shapes or types, or if a label is not a class.
func NPY(images, labels string, classes []string) (*Dataset, error) {
	read := func(path string) (array, error) {
		file, err := os.Open(path)
		if errors.Is(err, fs.ErrNotExist) {
			return array{}, fmt.Errorf("%w: there is no %s", ErrNotFound, path)
		}
		if err != nil {
			return array{}, err
		}
		defer file.Close()
		a, err := readNPY(file)
		if err != nil {
			return array{}, fmt.Errorf("%s: %w", path, err)
		}
		return a, nil
	}
	x, err := read(images)
	if err != nil {
		return nil, err
	}
	y, err := read(labels)
	if err != nil {
		return nil, err
	}
	set, err := arrays(x, y, classes)
	if err != nil {
		return nil, fmt.Errorf("%s, %s: %w", images, labels, err)
	}
	return set, nil
}

// arrays makes a set of an array of images and one of labels.
func arrays(images, labels array, classes []string) (*Dataset, error) {
	if n := len(images.dims); images.dtype != "|u1" || n != 3 && n != 4 {
		hint := ""
		if images.dtype[1] == 'f' {
			hint = `: numpy's (255*x).round().astype("uint8") makes it of values of 0 to 1`
		}
		return nil, fmt.Errorf("%w: images are an array %v of type %s, need uint8 (|u1) and [n, height, width] or [n, height, width, channels]%s",
			ErrFormat, images.dims, images.dtype, hint)
	}
	if len(images.dims) == 3 {
		images.dims = append(images.dims, 1)
	}
	if d := images.dims; (d[1] == 1 || d[1] == 3) && d[2] > 4 && d[3] > 4 {
		return nil, fmt.Errorf("%w: images are an array %v, which looks like [n, channels, height, width], need [n, height, width, channels]: "+
			"numpy's transpose(0, 2, 3, 1) makes it so", ErrFormat, d)
	}
	if d := labels.dims; len(d) == 2 && d[1] == 1 {
		labels.dims = d[:1]
	}
	if len(labels.dims) != 1 || labels.dims[0] != images.dims[0] {
		return nil, fmt.Errorf("%w: labels are an array %v, need [%d] for as many images", ErrFormat, labels.dims, images.dims[0])
	}
	numbers, err := labels.integers()
	if err != nil {
		return nil, err
	}
	return numbered(images.values, Shape{images.dims[1], images.dims[2], images.dims[3]}, numbers, classes)
}

// array is one of NumPy's, in the order of C.
type array struct {
	dtype  string // as NumPy writes it: "|u1", "<i8"
	dims   []int
	values []byte
}

// integers are the values of an array of integers.
func (a array) integers() ([]int64, error) {
	var order binary.ByteOrder = binary.LittleEndian
	if strings.HasPrefix(a.dtype, ">") {
		order = binary.BigEndian
	}
	kind, size := a.dtype[1], int(a.dtype[2]-'0')
	numbers := make([]int64, 0, len(a.values)/size)
	for i := 0; i < len(a.values); i += size {
		v := a.values[i : i+size]
		var n int64
		switch a.dtype[1:] {
		case "u1":
			n = int64(v[0])
		case "i1":
			n = int64(int8(v[0]))
		case "u2":
			n = int64(order.Uint16(v))
		case "i2":
			n = int64(int16(order.Uint16(v)))
		case "u4":
			n = int64(order.Uint32(v))
		case "i4":
			n = int64(int32(order.Uint32(v)))
		case "u8", "i8":
			if n = int64(order.Uint64(v)); kind == 'u' && n < 0 {
				n = math.MaxInt64 // no label is
			}
		default:
			return nil, fmt.Errorf("%w: labels are of type %s, need integers", ErrFormat, a.dtype)
		}
		numbers = append(numbers, n)
	}
	return numbers, nil
}

// The header of an .npy file is a dictionary in Python, of which NumPy writes but this form.
var (
	npyType  = regexp.MustCompile(`'descr': *'([<>|=][a-z][1248])'`)
	npyOrder = regexp.MustCompile(`'fortran_order': *(True|False)`)
	npyShape = regexp.MustCompile(`'shape': *\(([0-9, ]*)\)`)
)

// readNPY reads an array: "\x93NUMPY", the format's version in two bytes, the length of the header in two bytes, or four
// from version 2 on, the header, and the values. Memory is taken for what is there, not for what the header says.
//
// Source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html.
func readNPY(r io.Reader) (a array, err error) {
	r = bufio.NewReaderSize(r, 1<<16)
	var head [8]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return a, contentError(err)
	}
	if !bytes.HasPrefix(head[:], []byte("\x93NUMPY")) || head[6] < 1 || head[6] > 3 {
		return a, fmt.Errorf("%w: it is no .npy file of version 1 to 3: it begins with %q", ErrFormat, head)
	}
	length := uint32(0)
	if head[6] == 1 {
		var short uint16
		err = binary.Read(r, binary.LittleEndian, &short)
		length = uint32(short)
	} else {
		err = binary.Read(r, binary.LittleEndian, &length)
	}
	if err != nil {
		return a, contentError(err)
	}
	const longest = 1 << 16
	if length > longest {
		return a, fmt.Errorf("%w: an .npy file with a header of %d bytes", ErrFormat, length)
	}
	header := make([]byte, length)
	if _, err := io.ReadFull(r, header); err != nil {
		return a, contentError(err)
	}
	dtype, order, shape := npyType.FindSubmatch(header), npyOrder.FindSubmatch(header), npyShape.FindSubmatch(header)
	if dtype == nil || order == nil || shape == nil {
		return a, fmt.Errorf("%w: an .npy file with the header %q: need one of numbers", ErrFormat, header)
	}
	if string(order[1]) == "True" {
		return a, fmt.Errorf("%w: an .npy file in the order of Fortran: save numpy.ascontiguousarray of it", ErrFormat)
	}
	a.dtype = string(dtype[1])
	size := int64(a.dtype[2] - '0')
	for text := range strings.SplitSeq(string(shape[1]), ",") {
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		dim, err := strconv.ParseInt(text, 10, 32)
		const limit = 1 << 40 // bytes
		if err != nil || dim < 1 || size*dim > limit {
			return a, fmt.Errorf("%w: an .npy file of the shape (%s)", ErrFormat, shape[1])
		}
		size *= dim
		a.dims = append(a.dims, int(dim))
	}
	if a.values, err = exactly(r, size); err != nil {
		return a, err
	}
	return a, nil
}

// exactly reads a number of bytes, behind which there must be no more. Memory is taken as they come.
func exactly(r io.Reader, size int64) ([]byte, error) {
	const most = math.MaxInt/2 - 2*bytes.MinRead // a larger buffer would panic, as it grows by doubling: 1 GiB on 32 bits
	var all bytes.Buffer
	if _, err := io.Copy(&all, io.LimitReader(r, min(size, most)+1)); err != nil {
		return nil, contentError(err)
	}
	switch n := int64(all.Len()); {
	case n > most:
		return nil, fmt.Errorf("%w: it has more than the %d bytes that a program of %d bits can read", ErrFormat, most, strconv.IntSize)
	case n < size:
		return nil, fmt.Errorf("%w: it is cut short: its header asks for %d bytes, %d are there", ErrFormat, size, n)
	case n > size:
		return nil, fmt.Errorf("%w: it goes on behind the %d bytes that its header asks for", ErrFormat, size)
	}
	return all.Bytes(), nil
}

// contentError is an error of the disk, or of what is in the file, which wraps ErrFormat.
func contentError(err error) error {
	var disk *fs.PathError
	switch {
	case errors.As(err, &disk), errors.Is(err, ErrFormat):
		return err
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%w: it is cut short", ErrFormat)
	}
	return fmt.Errorf("%w: %w", ErrFormat, err)
}
