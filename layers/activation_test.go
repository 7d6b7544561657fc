package layers_test

import (
	"math"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/testbackend"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/gomlx/compute/dtypes"
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
