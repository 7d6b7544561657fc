// Package golden reads the golden values that the Python script beside it computes, and computes the inputs they belong
// to, for tests of the network, its loss and its optimiser against an independent implementation.
//
// The inputs are not stored: both languages compute them, bit for bit, from a tensor's name. README.md says which
// tensors the file holds and how each input is drawn.
package golden

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
)

// salt goes before every name that is hashed; resnet9.py says how it was chosen.
const salt = "3808"

// splitmix64 returns a function that gives the outputs of the splitmix64 generator, one a call, seeded with the 64-bit
// FNV-1a hash of the salted name.
func splitmix64(name string) func() uint64 {
	state := uint64(0xCBF29CE484222325)
	for _, b := range []byte(salt + name) {
		state = (state ^ uint64(b)) * 0x100000001B3
	}
	return func() uint64 {
		state += 0x9E3779B97F4A7C15
		z := state
		z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
		z = (z ^ z>>27) * 0x94D049BB133111EB
		return z ^ z>>31
	}
}

// Uniform returns the n values of the named tensor, uniform in [-bound, bound), in the tensor's stored order. Each is
// computed in float64 and rounded to float32 once. For a bound of 0.5, adding 1 to them in float32 rounds once as well,
// and gives the scales that the script draws about 1.
func Uniform(name string, n int, bound float64) []float32 {
	next := splitmix64(name)
	values := make([]float32, n)
	for i := range values {
		u := float64(next()>>40)*0x1p-24*2 - 1 // exact: a multiple of 2^-23
		values[i] = float32(u * bound)
	}
	return values
}

// Labels returns the n labels of the named batch, uniform in 0 to 9.
func Labels(name string, n int) []int32 {
	next := splitmix64(name)
	values := make([]int32, n)
	for i := range values {
		values[i] = int32(next() % 10)
	}
	return values
}

// Tensor is a tensor in row-major order.
type Tensor struct {
	Shape  []int
	Values []float32
}

// ErrMalformed is what Read's error wraps if the file is not a safetensors file of float32 tensors.
var ErrMalformed = errors.New("malformed safetensors file")

// Read returns the tensors of a safetensors file, by name, all of which must be float32. The file's metadata is left out.
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
