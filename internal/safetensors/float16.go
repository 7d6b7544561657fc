package safetensors

import "math"

// maxFloat16 is the largest finite float16. What is half a step beyond it or more, 65520, would round to infinity.
const maxFloat16 = 65504

// A float16 is a sign, 5 bits of exponent and 10 of mantissa: IEEE 754's binary16.
const (
	signBit     = 0x8000
	infinity16  = 0x7c00
	quietBit    = 0x0200
	mantissa16  = 0x03ff
	dropped     = 13         // bits that a float32's mantissa has more
	infinity32  = 0x7f800000 // and so on in bits of a float32
	overflow    = 0x477ff000 // 65520
	normal      = 0x38800000 // 2^-14, below which a float16 is a multiple of 2^-24
	exponents   = 0x38000000 // by how much the exponent's bias is more, 112, in its place
	subnormal   = 0x1p-24
	roundToStep = 0.5 // whose own steps as a float32 are 2^-24
)

// toFloat16 is the bits of the float16 nearest to a value, of two that are equally near the one whose last bit is 0. It is
// not ok for a finite value that would become infinite. What is not a number stays so.
func toFloat16(v float32) (half uint16, ok bool) {
	bits := math.Float32bits(v)
	sign, magnitude := uint16(bits>>16)&signBit, bits&^(1<<31)
	switch {
	case magnitude > infinity32:
		payload := uint16(magnitude>>dropped) & mantissa16
		if payload == 0 {
			payload = quietBit
		}
		return sign | infinity16 | payload, true
	case magnitude == infinity32:
		return sign | infinity16, true
	case magnitude >= overflow:
		return 0, false
	case magnitude < normal:
		steps := math.Float32bits(math.Float32frombits(magnitude)+roundToStep) - math.Float32bits(roundToStep)
		return sign | uint16(steps), true
	}
	magnitude += 1<<(dropped-1) - 1 + magnitude>>dropped&1 // carries into the exponent where it must
	return sign | uint16((magnitude-exponents)>>dropped), true
}

// fromFloat16 is the value of a float16's bits.
func fromFloat16(half uint16) float32 {
	sign, magnitude := uint32(half&signBit)<<16, uint32(half&^signBit)
	switch {
	case magnitude >= infinity16:
		return math.Float32frombits(sign | infinity32 | magnitude<<dropped)
	case magnitude > mantissa16:
		return math.Float32frombits(sign | (magnitude<<dropped + exponents))
	}
	return math.Float32frombits(sign | math.Float32bits(float32(magnitude)*subnormal))
}
