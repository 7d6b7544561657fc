package kernels

import "testing"

// BenchmarkTransforms is the transforms of 64 channels for 4 tiles of 32x32 images: they read and write the
// second-level cache.
func BenchmarkTransforms(b *testing.B) {
	const channels, tiles, width = 64, 4, 33
	tensor := make([]float32, channels*width*width*lanes)
	plane := (channels*tiles + 5) * lanes
	transformed := make([]float32, InputSide*InputSide*plane)
	image := Grid{Row: width * lanes, Column: lanes, Step: OutputSide * lanes}
	planes := Grid{Row: InputSide * plane, Column: plane, Step: lanes}
	for _, k := range Available() {
		each := func(name string, f func(channel, plane int)) {
			b.Run(k.Name+"/"+name, func(b *testing.B) {
				for b.Loop() {
					for c := range channels {
						f(c*width*width*lanes, c*tiles*lanes)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*channels*tiles), "ns/tile")
			})
		}
		each("input", func(c, p int) { k.Winograd.Input(transformed[p:], planes, tensor[c:], image, tiles) })
		each("output", func(c, p int) { k.Winograd.Output(tensor[c:], image, transformed[p:], planes, tiles) })
		each("outputGradient", func(c, p int) { k.Winograd.OutputGradient(transformed[p:], planes, tensor[c:], image, tiles) })
	}
}
