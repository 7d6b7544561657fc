// Package layout is what the generators know of package kernels: sizes, and where its structs have their fields.
package layout

// The constants of package kernels of the same names.
const (
	Lanes         = 16 // the floats of a vector: a pixel of 16 images
	CorrelateTaps = 4
	WideTile      = 6
	NarrowTile    = 4
)

// Sizes in bytes.
const (
	FloatBytes  = 4
	VectorBytes = Lanes * FloatBytes
)

// Where the fields of affine and affineGradient are; the test TestLayouts holds them.
const (
	Gain     = 0
	Shift    = 64
	Kind     = 128
	Alpha    = 136
	Inverse  = 140
	Mean     = 144
	XGain    = 208
	Constant = 272
)

// The kinds of activation.
const (
	Identity = iota
	ReLU
	CELU
	GELU
	SiLU
)

// Kinds names them in labels.
var Kinds = [...]string{Identity: "identity", ReLU: "relu", CELU: "celu", GELU: "gelu", SiLU: "silu"}

// constants are the fields of wide, in order, each a vector.
var constants = []string{
	"one", "minusHalf", "exponentLow", "exponentHigh", "log2E", "roundingBias", "minusLn2High", "minusLn2Low",
	"power2", "power3", "power4", "power5", "power6", "normalLow", "normalHigh", "normalDensity", "normalT",
	"normal1", "normal2", "normal3", "normal4", "normal5",
}

// ConstantOffset is where in wide a constant is, in bytes.
func ConstantOffset(name string) int {
	for i, c := range constants {
		if c == name {
			return i * VectorBytes
		}
	}
	panic("no constant " + name)
}
