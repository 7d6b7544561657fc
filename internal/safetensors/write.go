package safetensors

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// Write writes a file. Names must be unique, strings UTF-8, dimensions positive, values within the range of their type:
// an F16 is the nearest one to its value. Equal files become equal bytes. The error wraps [ErrRange] or [ErrTooLarge], or
// is the writer's.
func Write(w io.Writer, f File) error {
	if err := f.check(); err != nil {
		return fmt.Errorf("safetensors: %w", err)
	}
	head, err := f.header()
	if err != nil {
		return fmt.Errorf("safetensors: %w", err)
	}
	hash := sha256.New() // whose writes never fail
	hash.Write(head)
	writeValues(hash, f.Tensors)
	hex.Encode(head[sumAt:], hash.Sum(nil))
	if _, err := w.Write(head); err != nil {
		return err
	}
	return writeValues(w, f.Tensors)
}

// header is all that comes before the values, with zeros for a checksum.
func (f File) header() ([]byte, error) {
	var b bytes.Buffer
	b.Write(make([]byte, 8)) // the length
	b.WriteString(prefix + strings.Repeat("0", sumLength) + `"`)
	item := func(name string, value any) error {
		text, err := json.Marshal(value)
		quoted, _ := json.Marshal(name) // a string always can be
		b.WriteByte(',')
		b.Write(quoted)
		b.WriteByte(':')
		b.Write(text)
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(f.Metadata)) {
		if err := item(name, f.Metadata[name]); err != nil {
			return nil, err
		}
	}
	b.WriteByte('}')
	at := int64(0)
	for _, t := range f.Tensors {
		end := at + int64(t.Type.Size())*int64(len(t.Data))
		if err := item(t.Name, entry{DType: t.Type.String(), Shape: t.shape(), Offsets: []int64{at, end}}); err != nil {
			return nil, err
		}
		at = end
	}
	b.WriteByte('}')
	for b.Len()%headerUnit != 0 {
		b.WriteByte(' ')
	}
	length := b.Len() - 8
	if length > maxHeader {
		return nil, fmt.Errorf("%w: a header of %d bytes, need no more than %d", ErrTooLarge, length, maxHeader)
	}
	binary.LittleEndian.PutUint64(b.Bytes(), uint64(length))
	return b.Bytes(), nil
}

// piece is the number of values that are converted at once.
const piece = 1 << 16

func writeValues(w io.Writer, tensors []Tensor) error {
	buffer := make([]byte, 0, piece*valueSize)
	for _, t := range tensors {
		for values := range slices.Chunk(t.Data, piece) {
			buffer = t.Type.narrow(buffer[:0], values)
			if _, err := w.Write(buffer); err != nil {
				return err
			}
		}
	}
	return nil
}
