package kernels

// Activation is a function of one number. The zero value is the identity.
type Activation struct {
	Kind ActivationKind
	// Alpha and its inverse are settings of CELU.
	Alpha, Inverse float32
}

// ActivationKind says which function an activation is.
type ActivationKind int

// The functions are those of the layers of the same names.
const (
	Identity ActivationKind = iota
	ReLU
	CELU
	GELU
	SiLU
)

// Value is f(x), for kernels without vectors.
func (f Activation) Value(x float32) float32 {
	switch f.Kind {
	case ReLU:
		if x < 0 {
			return 0
		}
	case CELU:
		if !(x > 0) {
			s, e := exponential(x * f.Inverse)
			return f.Alpha * (s*e + (s - 1))
		}
	case GELU:
		low := x
		if x < -normalHigh {
			low = -normalHigh
		}
		cumulative, _ := normal(min(low, normalHigh))
		return low * cumulative
	case SiLU:
		low := x
		if x < exponentLow {
			low = exponentLow
		}
		value, _ := sigmoid(low)
		return low * value
	}
	return x
}

// Slope is f'(x).
func (f Activation) Slope(x float32) float32 {
	switch f.Kind {
	case ReLU:
		if !(x > 0) {
			return 0
		}
	case CELU:
		if !(x > 0) {
			s, e := exponential(x * f.Inverse)
			return s*e + s
		}
	case GELU:
		x = min(max(x, -normalHigh), normalHigh)
		cumulative, density := normal(x)
		return cumulative + x*density
	case SiLU:
		x = min(max(x, exponentLow), exponentHigh)
		value, e := sigmoid(x)
		return value * (1 + x*(e*value))
	}
	return 1
}
