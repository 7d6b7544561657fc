package safetensors

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Type is a kind of number in a file, by the format's name for it. Its zero value is F32.
type Type uint8

const (
	// F32 is IEEE single precision: 4 bytes.
	F32 Type = iota
	// F16 is IEEE half precision: 2 bytes.
	F16
	// I8 is an integer from -128 to 127: 1 byte.
	I8
)

var types = []struct {
	name string
	size int // bytes
}{F32: {"F32", 4}, F16: {"F16", 2}, I8: {"I8", 1}}

func (t Type) String() string { return types[t].name }

// Size is the number of bytes of a value.
func (t Type) Size() int { return types[t].size }

// typeNamed is the type of a name.
func typeNamed(name string) (Type, error) {
	for i, t := range types {
		if t.name == name {
			return Type(i), nil
		}
	}
	return 0, fmt.Errorf("values of the type %q, want F32, F16 or I8", name)
}

// holds reports a value that has no number of the type: F32 has one for all, F16 one near it up to 65504, and I8 only
// those that are its integers.
func (t Type) holds(values []float32) error {
	for _, v := range values {
		switch t {
		case F16:
			if _, ok := toFloat16(v); !ok {
				return fmt.Errorf("%w: %g, where F16 ends at %d", ErrRange, v, maxFloat16)
			}
		case I8:
			if !(v >= math.MinInt8 && v <= math.MaxInt8 && v == float32(int8(v))) {
				return fmt.Errorf("%w: %g is no integer from -128 to 127, as an I8 must be", ErrRange, v)
			}
		}
	}
	return nil
}

// narrow appends values, which the type holds, as bytes.
func (t Type) narrow(b []byte, values []float32) []byte {
	for _, v := range values {
		switch t {
		case F32:
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
		case F16:
			half, _ := toFloat16(v)
			b = binary.LittleEndian.AppendUint16(b, half)
		case I8:
			b = append(b, byte(int8(v)))
		}
	}
	return b
}

// widen appends the values of bytes.
func (t Type) widen(values []float32, b []byte) []float32 {
	for ; len(b) > 0; b = b[t.Size():] {
		switch t {
		case F32:
			values = append(values, math.Float32frombits(binary.LittleEndian.Uint32(b)))
		case F16:
			values = append(values, fromFloat16(binary.LittleEndian.Uint16(b)))
		case I8:
			values = append(values, float32(int8(b[0])))
		}
	}
	return values
}
