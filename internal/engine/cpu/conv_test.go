package cpu_test

import (
	"math/rand/v2"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/engine/cpu"
	"github.com/fastresnet/fastresnet/internal/golden"
)

// TestConv compares convolutions and their gradients with plain loops in float64.
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
		{data.Shape{Height: 7, Width: 15, Channels: 9}, 17, 13, 3, 1, "tiles that end past the image"},
		{data.Shape{Height: 14, Width: 9, Channels: 17}, 9, 11, 3, 1, "tiles that end two and three pixels past the image"},
		{data.Shape{Height: 6, Width: 5, Channels: 33}, 70, 65, 3, 1, "tiles of several images that end past them"},
		{data.Shape{Height: 3, Width: 3, Channels: 70}, 130, 66, 3, 1, "tiles of several images together"},
		{data.Shape{Height: 4, Width: 8, Channels: 135}, 20, 60, 3, 1, "several blocks of transformed channels"},
		{data.Shape{Height: 16, Width: 12, Channels: 8}, 36, 8, 3, 1, "sums of several parts of the tiles"},
		{data.Shape{Height: 4, Width: 3, Channels: 10}, 3, 3, 1, 1, "kernel 1"},
		{data.Shape{Height: 8, Width: 8, Channels: 5}, 3, 6, 3, 2, "stride 2"},
		{data.Shape{Height: 7, Width: 5, Channels: 5}, 3, 6, 3, 2, "stride 2 of an odd size"},
		{data.Shape{Height: 6, Width: 4, Channels: 5}, 3, 6, 1, 2, "stride 2, kernel 1: pixels without a gradient"},
		{data.Shape{Height: 1, Width: 1, Channels: 2}, 3, 4, 3, 2, "stride 2 of one pixel"},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			checkConv(t, rand.New(rand.NewPCG(3, 4)), tt.in, tt.batch, tt.channels, tt.kernel, tt.stride)
		})
	}
}

// checkConv compares a convolution of random numbers, and its gradients, by all kernels and both algorithms, with plain loops in
// float64.
func checkConv(t *testing.T, rng *rand.Rand, in data.Shape, batch, channels, kernel, stride int) {
	x, w := randomValues(rng, batch*in.Size()), randomValues(rng, channels*kernel*kernel*in.Channels)
	want := convolve(activation{in, widen(x)}, widen(w), batch, channels, kernel, stride).values
	dy := randomValues(rng, len(want))
	wantX, wantW := make([]float64, len(x)), make([]float64, len(w))
	taps(in, batch, channels, kernel, stride, func(out, weight, in int) {
		wantX[in] += float64(dy[out]) * float64(w[weight])
		wantW[weight] += float64(dy[out]) * float64(x[in])
	})
	check := func(c *cpu.Conv, what string, tolerance float64) {
		// Twice, so that what one pass leaves behind shows in the next.
		for range 2 {
			c.Load(x, w, nil)
			checkClose(t, what+": y", c.Output(), want, tolerance)
			c.Load(nil, w, dy)
			dx, dw := c.Gradients()
			checkClose(t, what+": dx", dx, wantX, tolerance)
			checkClose(t, what+": dw", dw, wantW, tolerance)
		}
	}
	for _, kernels := range cpu.AllKernels() {
		c := cpu.NewConv(in, batch, channels, kernel, stride, kernels)
		c.ComputeDirectly()
		check(c, kernels+", directly", 1e-5)
		if c.ComputeByTransforms() {
			check(c, kernels+", by transforms", 4e-5)
		}
	}
}

// FuzzConv is TestConv for any shapes, within what the plain loops can do.
func FuzzConv(f *testing.F) {
	f.Add(uint8(7), uint8(16), uint8(8), uint8(20), uint8(18), uint8(3), uint8(1), uint64(1))
	f.Add(uint8(5), uint8(6), uint8(3), uint8(11), uint8(2), uint8(1), uint8(2), uint64(2))
	f.Fuzz(func(t *testing.T, height, width, channels, out, batch, kernel, stride uint8, seed uint64) {
		in := data.Shape{Height: 1 + int(height)%16, Width: 1 + int(width)%16, Channels: 1 + int(channels)%24}
		size := 1 + 2*(int(kernel)%2)
		checkConv(t, rand.New(rand.NewPCG(seed, 0)), in, 1+int(batch)%40, 1+int(out)%24, size, 1+int(stride)%2)
	})
}

// TestWinogradError says how far both algorithms are from float64, of the largest value.
func TestWinogradError(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: TestConv has a bound for it")
	}
	for _, test := range []struct {
		in              data.Shape
		batch, channels int
	}{
		{data.Shape{Height: 32, Width: 32, Channels: 16}, 16, 32},
		{data.Shape{Height: 16, Width: 16, Channels: 64}, 16, 64},
		{data.Shape{Height: 15, Width: 15, Channels: 64}, 16, 64},
		{data.Shape{Height: 14, Width: 14, Channels: 64}, 16, 64},
		{data.Shape{Height: 8, Width: 8, Channels: 256}, 16, 64},
		{data.Shape{Height: 4, Width: 4, Channels: 512}, 64, 64},
	} {
		rng := rand.New(rand.NewPCG(5, 6))
		var x, w []float32
		for range test.batch * test.in.Size() {
			x = append(x, float32(rng.NormFloat64()))
		}
		for range test.channels * 9 * test.in.Channels {
			w = append(w, float32(rng.NormFloat64()))
		}
		var want []float32
		for _, v := range convolve(activation{test.in, widen(x)}, widen(w), test.batch, test.channels, 3, 1).values {
			want = append(want, float32(v))
		}
		of := func(direct bool) float64 {
			c := cpu.NewConv(test.in, test.batch, test.channels, 3, 1, cpu.AllKernels()[0])
			if direct {
				c.ComputeDirectly()
			}
			if c.Winograd() == direct {
				t.Skip("these kernels have no reason to use it")
			}
			c.Load(x, w, nil)
			return golden.MaxRelativeError(c.Output(), want)
		}
		direct, winograd := of(true), of(false)
		t.Logf("%v to %d channels: %.1e direct, %.1e by Winograd", test.in, test.channels, direct, winograd)
		if direct > 5e-6 || winograd > 4e-5 {
			t.Errorf("%v to %d channels: errors of %.1e and %.1e, want no more than 5e-6 and 4e-5", test.in, test.channels, direct, winograd)
		}
	}
}
