package safetensors_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet/internal/safetensors"
)

// narrowed are values as a file of the type has them.
func narrowed(t *testing.T, as safetensors.Type, values []float32) []float32 {
	t.Helper()
	f := safetensors.File{Tensors: []safetensors.Tensor{{Name: "a", Shape: []int{len(values)}, Type: as, Data: values}}}
	got, err := safetensors.Read(bytes.NewReader(written(t, f)), nil)
	if err != nil {
		t.Fatal(err)
	}
	return got.Tensors[0].Data
}

// readAs reads the bytes of n values.
func readAs(t *testing.T, as safetensors.Type, n int, content []byte) []float32 {
	t.Helper()
	header := fmt.Sprintf(`{"__metadata__":{"sha256":"%s"},"a":{"dtype":"%v","shape":[%d],"data_offsets":[0,%d]}}`,
		strings.Repeat("0", 64), as, n, len(content))
	f, err := safetensors.Read(bytes.NewReader(file(header, content...)), nil)
	if err != nil {
		t.Fatal(err)
	}
	return f.Tensors[0].Data
}

// everyFloat16 are the bits of all.
func everyFloat16() (all []byte) {
	for bits := range 1 << 16 {
		all = binary.LittleEndian.AppendUint16(all, uint16(bits))
	}
	return all
}

// float16 is the value of bits by IEEE 754's definition.
func float16(bits int) float64 {
	sign, exponent, mantissa := 1-2*float64(bits>>15), bits>>10&31, float64(bits&1023)
	switch {
	case exponent == 31 && mantissa > 0:
		return math.NaN()
	case exponent == 31:
		return math.Inf(int(sign))
	case exponent == 0:
		return sign * math.Ldexp(mantissa, -24)
	}
	return sign * math.Ldexp(1024+mantissa, exponent-25)
}

func TestEveryFloat16(t *testing.T) {
	content := everyFloat16()
	values := readAs(t, safetensors.F16, 1<<16, content)
	again := written(t, safetensors.File{Tensors: []safetensors.Tensor{{Name: "a", Shape: []int{1 << 16}, Type: safetensors.F16, Data: values}}})
	again = again[len(again)-len(content):]
	for bits, got := range values {
		want := float16(bits)
		if float64(got) != want && !(math.IsNaN(float64(got)) && math.IsNaN(want)) || math.Signbit(float64(got)) != (bits >= 1<<15) {
			t.Fatalf("bits %#04x are read as %g, want %g", bits, got, want)
		}
		if back := int(binary.LittleEndian.Uint16(again[2*bits:])); back != bits {
			t.Fatalf("bits %#04x are written as %#04x", bits, back)
		}
	}
}

// A value between two neighbouring float16 becomes the nearer one, and in the middle the one with the even bits.
func TestFloat16Rounds(t *testing.T) {
	const largest = 0x7bff
	var values, want []float32
	add := func(v, rounded float32) {
		values, want = append(values, v, -v), append(want, rounded, -rounded)
	}
	for bits := range largest + 1 {
		low, high := float32(float16(bits)), float32(float16(bits+1))
		if bits == largest {
			high = 65536 // the next, if the exponent went on
		}
		middle := low + (high-low)/2 // exact: a float32 has 13 bits more
		below, above := math.Nextafter32(middle, low), math.Nextafter32(middle, high)
		add(math.Nextafter32(low, high), low)
		add(below, low)
		if bits == largest {
			break
		}
		even := low
		if bits%2 == 1 {
			even = high
		}
		add(middle, even)
		add(above, high)
		add(math.Nextafter32(high, low), high)
	}
	for i, got := range narrowed(t, safetensors.F16, values) {
		if math.Float32bits(got) != math.Float32bits(want[i]) {
			t.Fatalf("%g becomes %g, want %g", values[i], got, want[i])
		}
	}
}

func TestValuesThatATypeCannotHold(t *testing.T) {
	nan, infinite := float32(math.NaN()), float32(math.Inf(1))
	tests := []struct {
		label string
		as    safetensors.Type
		value float32
		want  error
	}{
		{"the largest float16", safetensors.F16, 65504, nil},
		{"what rounds to it", safetensors.F16, math.Nextafter32(65520, 0), nil},
		{"what would round to infinity", safetensors.F16, 65520, safetensors.ErrRange},
		{"and below 0", safetensors.F16, -65520, safetensors.ErrRange},
		{"the largest float32", safetensors.F16, math.MaxFloat32, safetensors.ErrRange},
		{"infinity itself", safetensors.F16, infinite, nil},
		{"not a number", safetensors.F16, nan, nil},
		{"the smallest integer", safetensors.I8, -128, nil},
		{"the largest integer", safetensors.I8, 127, nil},
		{"one more", safetensors.I8, 128, safetensors.ErrRange},
		{"one less", safetensors.I8, -129, safetensors.ErrRange},
		{"a fraction", safetensors.I8, 0.5, safetensors.ErrRange},
		{"no integer", safetensors.I8, nan, safetensors.ErrRange},
		{"an infinite one", safetensors.I8, -infinite, safetensors.ErrRange},
	}
	for _, tt := range tests {
		t.Run(tt.label, func(t *testing.T) {
			f := safetensors.File{Tensors: []safetensors.Tensor{{Name: "the one", Type: tt.as, Data: []float32{tt.value}}}}
			var b bytes.Buffer
			err := safetensors.Write(&b, f)
			if !errors.Is(err, tt.want) || err != nil && (!strings.Contains(err.Error(), `"the one"`) || b.Len() > 0) {
				t.Errorf("error %v after %d bytes, want %v before any that names the tensor", err, b.Len(), tt.want)
			}
		})
	}
}

func TestEveryInt8(t *testing.T) {
	var content []byte
	for i := range 256 {
		content = append(content, byte(i))
	}
	for i, got := range readAs(t, safetensors.I8, 256, content) {
		if want := float32(int8(i)); got != want {
			t.Errorf("byte %#02x is read as %g, want %g", i, got, want)
		}
	}
}
