package graphs_test

import (
	"math"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/testbackend"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/gomlx/compute/dtypes"
	"github.com/google/go-cmp/cmp"
)

// What is not a number must reach the loss, where training notices it: were it to become 0, a network
// whose weights are all NaN would have the finite loss of one that knows nothing.
func TestReLUNonFinite(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	testbackend.Each(t, func(t *testing.T, name string) {
		x := []float32{nan, inf, -inf, 1}
		output, gradient := outputAndGradient(t, open(t, name), layers.ReLU{}, data.Shape{Height: 2, Width: 2, Channels: 1}, dtypes.Float32, x)
		if !math.IsNaN(float64(output[0])) || output[1] != inf || output[2] != 0 || output[3] != 1 {
			t.Errorf("ReLU of %v is %v", x, output)
		}
		if gradient[1] != 2 || gradient[2] != 0 || gradient[3] != 4 {
			t.Errorf("the gradient of ReLU at %v is %v", x, gradient)
		}
	})
}

// The exponential must not overflow on either side of 0, where its value and its gradient are not used too.
func TestCELUExtremes(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	testbackend.Each(t, func(t *testing.T, name string) {
		x := []float32{nan, inf, -inf, 1e30, -1e30, 0}
		output, gradient := outputAndGradient(t, open(t, name), layers.CELU{Alpha: 0.075}, data.Shape{Height: 2, Width: 3, Channels: 1}, dtypes.Float32, x)
		if !math.IsNaN(float64(output[0])) {
			t.Errorf("CELU of NaN is %v", output[0])
		}
		// The gradient of the sum of the outputs weighted 1, 2, 3, 4, 5, 6.
		if diff := cmp.Diff([]float32{inf, -0.075, 1e30, -0.075, 0}, output[1:]); diff != "" {
			t.Errorf("CELU of %v (-want +got):\n%s", x[1:], diff)
		}
		if diff := cmp.Diff([]float32{2, 0, 4, 0, 6}, gradient[1:]); diff != "" {
			t.Errorf("the gradient of CELU at %v (-want +got):\n%s", x[1:], diff)
		}
	})
}

// The sigmoid is 0 or 1 far from 0, and its slope 0: neither may become infinite there.
func TestSiLUExtremes(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	testbackend.Each(t, func(t *testing.T, name string) {
		x := []float32{nan, inf, 1e30, -1e30, 100, 0}
		output, gradient := outputAndGradient(t, open(t, name), layers.SiLU{}, data.Shape{Height: 2, Width: 3, Channels: 1}, dtypes.Float32, x)
		if !math.IsNaN(float64(output[0])) {
			t.Errorf("SiLU of NaN is %v", output[0])
		}
		// The gradient of the sum of the outputs weighted 1, 2, 3, 4, 5, 6.
		if diff := cmp.Diff([]float32{inf, 1e30, 0, 100, 0}, output[1:]); diff != "" {
			t.Errorf("SiLU of %v (-want +got):\n%s", x[1:], diff)
		}
		if diff := cmp.Diff([]float32{3, 0, 5, 3}, gradient[2:]); diff != "" {
			t.Errorf("the gradient of SiLU at %v (-want +got):\n%s", x[2:], diff)
		}
	})
}
