package kernels

import "testing"

// BenchmarkConvolveChannels is a part of a convolution of one image: six vectors of channels for rows of 12 pixels. What it
// reads is in the first-level cache.
func BenchmarkConvolveChannels(b *testing.B) {
	const taps, pixels = 96, 12
	offsets := make([]int, taps)
	for i := range offsets {
		offsets[i] = i/lanes*pixels*lanes + i%lanes
	}
	x := make([]float32, (taps/lanes+1)*pixels*lanes)
	for _, k := range Available() {
		b.Run(k.Name, func(b *testing.B) {
			weights, y := make([]float32, taps*k.ChannelBlocks*lanes), make([]float32, k.ChannelBlocks*pixels*lanes)
			for b.Loop() {
				k.ConvolveChannels(y, pixels*lanes, x, offsets, weights, k.ChannelBlocks, pixels, true)
			}
			products := float64(b.N * taps * pixels * lanes * k.ChannelBlocks)
			b.ReportMetric(products/1e9/b.Elapsed().Seconds(), "Gproducts/s")
		})
	}
}
