package engine

import (
	"fmt"

	"github.com/fastresnet/fastresnet/layers"
)

// CheckSizes reports a variable that values lack, or have in another size.
func CheckSizes(variables []layers.Variable, values map[string][]float32) error {
	for _, v := range variables {
		if n := len(values[v.Name]); n != v.Size() {
			return fmt.Errorf("%s has %d values, need %d", v.Name, n, v.Size())
		}
	}
	return nil
}

// Finite says whether all values are finite numbers.
func Finite(values map[string][]float32) bool {
	for _, tensor := range values {
		for _, v := range tensor {
			if !IsFinite(v) {
				return false
			}
		}
	}
	return true
}

// IsFinite says whether a value is a number, and no infinity.
func IsFinite(v float32) bool { return v-v == 0 }
