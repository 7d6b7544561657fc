package scaling_test

import (
	"fmt"
	"image"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/scaling"
)

// BenchmarkPixels turns images into the bytes that a network for 32x32 takes.
func BenchmarkPixels(b *testing.B) {
	for _, size := range []image.Point{{32, 32}, {1024, 768}} {
		r := image.Rectangle{Max: size}
		for _, img := range []image.Image{
			image.NewNRGBA(r), image.NewRGBA(r), image.NewYCbCr(r, image.YCbCrSubsampleRatio420), image.NewGray(r),
		} {
			b.Run(fmt.Sprintf("%T/%dx%d", img, size.X, size.Y), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := scaling.Append(nil, img, data.Shape{Height: 32, Width: 32, Channels: 3}, data.ResizeByCropping); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
