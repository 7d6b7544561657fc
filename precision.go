package fastresnet

import "fmt"

// Precision is the number format that a network computes in, its logits too. Weights, statistics and the loss are in float32
// whatever it is. Batch norm computes in float32 too, unless its LowPrecision is set ([layers.NormSettings]), as the first five
// rungs of [Ladder] have it.
type Precision string

// The precisions of [WithPrecision].
const (
	// PrecisionAuto is BFloat16 on a GPU and Float32 elsewhere.
	PrecisionAuto Precision = "auto"
	// Float32 is IEEE single precision, but on NVIDIA GPUs from Ampere on matrix products and convolutions may round their
	// operands to TF32, which has 10 bits behind the point: products do not if the backend is asked for with "tf32=false",
	// nor convolutions with NVIDIA_TF32_OVERRIDE=0 in the environment in which the program starts.
	Float32 Precision = "float32"
	// BFloat16 has float32's range and 8 bits of precision; not available on the pure-Go backend.
	BFloat16 Precision = "bfloat16"
)

// check reports a precision that there is not.
func (p Precision) check() error {
	switch p {
	case PrecisionAuto, Float32, BFloat16:
		return nil
	}
	return fmt.Errorf("precision %q, want %q, %q or %q", p, PrecisionAuto, Float32, BFloat16)
}
