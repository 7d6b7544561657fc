// Package safetensors reads and writes files of named tensors in the format of
// https://github.com/huggingface/safetensors, with a checksum. In memory all values are float32; a file holds those of a
// tensor as its [Type] says.
//
// A file is the length of its header in 8 bytes, the header as JSON padded with spaces to a multiple of 8, and the
// tensors' values; all numbers are little-endian. The header names the tensors with their shapes, and holds
// strings in "__metadata__", of which the first is "sha256": the checksum of the whole file, in hexadecimal, its
// own 64 characters taken as zeros.
//
// github.com/nlpodyssey/safetensors reads only a whole buffer, drops its strings and has one kind of error, so
// that the checksum, the limits and the sentinels would need this package's parser in front of it all the same;
// github.com/gomlx/go-huggingface v0.3 has no such reader.
package safetensors

import (
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"
)

// The errors of this package that are not the reader's or the writer's own.
var (
	// ErrForeign is wrapped when the content is not in this format, or has no checksum.
	ErrForeign = errors.New("not a file of this library")
	// ErrTruncated is wrapped when the content ends too early.
	ErrTruncated = errors.New("the file is cut short")
	// ErrCorrupt is wrapped when the content is not what its checksum was made of, or makes no sense.
	ErrCorrupt = errors.New("the file is damaged")
	// ErrTooLarge is wrapped when the header says that there is more than would be read.
	ErrTooLarge = errors.New("the file is too large")
	// ErrRange is wrapped by [Write] when a tensor's type cannot hold a value.
	ErrRange = errors.New("a value out of range")
)

// File is what a file holds.
type File struct {
	// Metadata are strings by name, all but the checksum.
	Metadata map[string]string
	// Tensors are in the order of the file.
	Tensors []Tensor
}

// Tensor is an array of numbers.
type Tensor struct {
	Name string
	// Shape has no dimensions for a single number.
	Shape []int
	// Type is that of the values in the file.
	Type Type
	// Data is row-major. What a file has is widened to float32, which is exact.
	Data []float32
}

const (
	maxHeader = 16 << 20 // bytes
	maxData   = 4 << 30  // bytes of values in memory
	maxRank   = 16       // dimensions of a tensor
	maxNames  = 1 << 17  // tensors, or metadata
	maxName   = 1 << 10  // bytes of one's name

	// A header starts with the prefix, the checksum and a quotation mark.
	prefix     = `{"` + metadataName + `":{"` + checksumName + `":"`
	sumAt      = 8 + len(prefix) // in the file
	sumLength  = 64
	headerUnit = 8

	metadataName, checksumName = "__metadata__", "sha256"
	valueSize                  = 4 // bytes of a value in memory
)

// entry is a tensor in the header.
type entry struct {
	DType   string  `json:"dtype"`
	Shape   []int   `json:"shape"`
	Offsets []int64 `json:"data_offsets"` // in bytes, first and behind the last
}

// count is the number of a tensor's values: an error if that is none, or more than a file may hold.
func count(shape []int) (int64, error) {
	if len(shape) > maxRank {
		return 0, fmt.Errorf("%w: a tensor of %d dimensions, need no more than %d", ErrTooLarge, len(shape), maxRank)
	}
	n := int64(1)
	for _, d := range shape {
		if d < 1 {
			return 0, fmt.Errorf("shape %v, need positive dimensions", shape)
		}
		if int64(d) > maxData/valueSize/n {
			return 0, fmt.Errorf("%w: a tensor of shape %v is more than %d GiB", ErrTooLarge, shape, maxData>>30)
		}
		n *= int64(d)
	}
	return n, nil
}

// check reports a file that cannot be written and read back as it is.
func (f File) check() error {
	if _, is := f.Metadata[checksumName]; is {
		return fmt.Errorf("metadata %q is the checksum's", checksumName)
	}
	for name, value := range f.Metadata {
		if len(name) > maxName {
			return tooLong(name)
		}
		if !utf8.ValidString(name) || !utf8.ValidString(value) {
			return fmt.Errorf("metadata %q is not UTF-8", name)
		}
	}
	if n := max(len(f.Metadata), len(f.Tensors)); n > maxNames {
		return fmt.Errorf("%w: %d tensors or metadata, need no more than %d", ErrTooLarge, n, maxNames)
	}
	seen, total := map[string]bool{}, int64(0)
	for _, t := range f.Tensors {
		if len(t.Name) > maxName {
			return tooLong(t.Name)
		}
		if t.Name == metadataName || !utf8.ValidString(t.Name) || seen[t.Name] {
			return fmt.Errorf("tensor %q: the name is reserved, not UTF-8 or used twice", t.Name)
		}
		seen[t.Name] = true
		n, err := count(t.Shape)
		if err == nil {
			err = t.Type.holds(t.Data)
		}
		if err != nil {
			return fmt.Errorf("tensor %q: %w", t.Name, err)
		}
		if n != int64(len(t.Data)) {
			return fmt.Errorf("tensor %q: %d values for the shape %v", t.Name, len(t.Data), t.Shape)
		}
		if total += n; total > maxData/valueSize {
			return fmt.Errorf("%w: the tensors are more than %d GiB", ErrTooLarge, maxData>>30)
		}
	}
	return nil
}

func tooLong(name string) error {
	return fmt.Errorf("%w: a name of %d bytes, need no more than %d", ErrTooLarge, len(name), maxName)
}

// shape is never null as JSON.
func (t Tensor) shape() []int {
	if t.Shape == nil {
		return []int{}
	}
	return slices.Clone(t.Shape)
}
