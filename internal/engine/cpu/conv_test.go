package cpu_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/engine/cpu"
)

// TestConv compares a convolution and its gradients with plain loops in float64.
func TestConv(t *testing.T) {
	tests := []struct {
		in                              data.Shape
		batch, channels, kernel, stride int
		reason                          string
	}{
		{data.Shape{Height: 1, Width: 1, Channels: 1}, 1, 1, 3, 1, "the least there is"},
		{data.Shape{Height: 8, Width: 8, Channels: 16}, 16, 16, 3, 1, "nothing left over"},
		{data.Shape{Height: 8, Width: 4, Channels: 3}, 3, 5, 3, 1, "channels that fill no tile"},
		{data.Shape{Height: 6, Width: 7, Channels: 5}, 5, 10, 3, 1, "an odd number of columns"},
		{data.Shape{Height: 5, Width: 4, Channels: 3}, 33, 4, 3, 1, "a group of one image"},
		{data.Shape{Height: 3, Width: 37, Channels: 4}, 2, 4, 3, 1, "several blocks of columns"},
		{data.Shape{Height: 4, Width: 4, Channels: 35}, 2, 70, 3, 1, "several blocks of taps and tiles"},
		{data.Shape{Height: 4, Width: 3, Channels: 10}, 3, 3, 1, 1, "kernel 1"},
		{data.Shape{Height: 8, Width: 8, Channels: 5}, 3, 6, 3, 2, "stride 2"},
		{data.Shape{Height: 7, Width: 5, Channels: 5}, 3, 6, 3, 2, "stride 2 of an odd size"},
		{data.Shape{Height: 6, Width: 4, Channels: 5}, 3, 6, 1, 2, "stride 2, kernel 1: pixels without a gradient"},
		{data.Shape{Height: 1, Width: 1, Channels: 2}, 3, 4, 3, 2, "stride 2 of one pixel"},
	}
	for _, kernels := range cpu.AllKernels() {
		for _, tt := range tests {
			t.Run(fmt.Sprintf("%s/%s", kernels, tt.reason), func(t *testing.T) {
				rng := rand.New(rand.NewPCG(3, 4))
				c := cpu.NewConv(tt.in, tt.batch, tt.channels, tt.kernel, tt.stride, kernels)
				x := randomValues(rng, tt.batch*tt.in.Size())
				w := randomValues(rng, tt.channels*tt.kernel*tt.kernel*tt.in.Channels)
				want := convolve(activation{tt.in, widen(x)}, widen(w), tt.batch, tt.channels, tt.kernel, tt.stride).values
				dy := randomValues(rng, len(want))
				wantX, wantW := make([]float64, len(x)), make([]float64, len(w))
				taps(tt.in, tt.batch, tt.channels, tt.kernel, tt.stride, func(out, weight, in int) {
					wantX[in] += float64(dy[out]) * float64(w[weight])
					wantW[weight] += float64(dy[out]) * float64(x[in])
				})
				// Twice, so that what one pass leaves behind shows in the next.
				for range 2 {
					c.Load(x, w, nil)
					checkClose(t, "y", c.Output(), want, 1e-5)
					c.Load(nil, w, dy)
					dx, dw := c.Gradients()
					checkClose(t, "dx", dx, wantX, 1e-5)
					checkClose(t, "dw", dw, wantW, 1e-5)
				}
			})
		}
	}
}
