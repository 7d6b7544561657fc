// Package golden holds golden values that Python scripts beside it compute, and the inputs they belong to, for tests of
// networks, their losses and their optimiser against an independent implementation.
//
// The inputs are not stored: both languages compute them, bit for bit, from a tensor's name. README.md says which
// tensors a file holds and how each input is drawn.
package golden

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
)

// Tensor is a tensor in row-major order.
type Tensor struct {
	Shape  []int
	Values []float32
}

// ErrMalformed is what Read's error wraps if the file is not a safetensors file of float32 tensors.
var ErrMalformed = errors.New("malformed safetensors file")

// Read returns the tensors of a safetensors file, by name, all of which must be float32. The file's metadata is left
// out.
func Read(path string) (map[string]Tensor, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("golden: %w", err)
	}
	tensors, err := parse(content)
	if err != nil {
		return nil, fmt.Errorf("golden: %s: %w: %w", path, ErrMalformed, err)
	}
	return tensors, nil
}

// parse splits the content of a file: 8 bytes of header length, little endian; the header, JSON; then the values.
func parse(content []byte) (map[string]Tensor, error) {
	if len(content) < 8 {
		return nil, fmt.Errorf("%d bytes, want at least 8", len(content))
	}
	length, rest := binary.LittleEndian.Uint64(content), content[8:]
	if length > uint64(len(rest)) {
		return nil, fmt.Errorf("header of %d bytes, but %d are left", length, len(rest))
	}
	var header map[string]json.RawMessage
	if err := json.Unmarshal(rest[:length], &header); err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	delete(header, "__metadata__")
	tensors := make(map[string]Tensor, len(header))
	for name, entry := range header {
		tensor, err := parseTensor(entry, rest[length:])
		if err != nil {
			return nil, fmt.Errorf("tensor %q: %w", name, err)
		}
		tensors[name] = tensor
	}
	return tensors, nil
}

// parseTensor copies out of data the tensor that entry, its part of the header, describes.
func parseTensor(entry json.RawMessage, data []byte) (Tensor, error) {
	var e struct {
		DType   string `json:"dtype"`
		Shape   []int  `json:"shape"`
		Offsets []int  `json:"data_offsets"`
	}
	if err := json.Unmarshal(entry, &e); err != nil {
		return Tensor{}, err
	}
	if e.DType != "F32" {
		return Tensor{}, fmt.Errorf("dtype %q, want F32", e.DType)
	}
	if len(e.Offsets) != 2 || e.Offsets[0] < 0 || e.Offsets[1] < e.Offsets[0] || e.Offsets[1] > len(data) {
		return Tensor{}, fmt.Errorf("offsets %v, want two that increase, within %d bytes", e.Offsets, len(data))
	}
	data = data[e.Offsets[0]:e.Offsets[1]]
	size := 1
	for _, dim := range e.Shape {
		if dim < 0 || dim > 0 && size > len(data)/dim {
			return Tensor{}, fmt.Errorf("shape %v does not fit in %d bytes", e.Shape, len(data))
		}
		size *= dim
	}
	if len(data)%4 != 0 || size != len(data)/4 {
		return Tensor{}, fmt.Errorf("shape %v has %d values, but %d bytes", e.Shape, size, len(data))
	}
	values := make([]float32, size)
	for i := range values {
		values[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
	}
	return Tensor{Shape: e.Shape, Values: values}, nil
}

// MaxRelativeError returns max|got-want| / max|want|. It is 0 if both are all zeros or empty, and +Inf if their lengths
// differ, if either holds a NaN or an infinity, or if only want is all zeros.
func MaxRelativeError(got, want []float32) float64 {
	if len(got) != len(want) {
		return math.Inf(1)
	}
	var difference, largest float64
	for i := range want {
		a, b := float64(got[i]), float64(want[i])
		if math.IsNaN(a-b) || math.IsInf(a, 0) || math.IsInf(b, 0) {
			return math.Inf(1)
		}
		difference = max(difference, math.Abs(a-b))
		largest = max(largest, math.Abs(b))
	}
	if difference == 0 {
		return 0
	}
	return difference / largest
}
