package scaling_test

import (
	"fmt"
	"image"
	"image/draw"
	"math/rand/v2"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/scaling"
	"github.com/fastresnet/fastresnet/internal/upright"
)

// A photograph that is stored on its side is scaled before it is turned: to what it gives turned first, up to rounding.
func TestPixelsOfTurnedImages(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, size := range []image.Point{{40, 30}, {31, 57}, {8, 8}, {5, 3}} {
		stored := image.NewYCbCr(image.Rectangle{Max: size}, image.YCbCrSubsampleRatio420)
		for _, samples := range [][]uint8{stored.Y, stored.Cb, stored.Cr} {
			for i := range samples {
				samples[i] = uint8(rng.IntN(256))
			}
		}
		for orientation := 1; orientation <= 8; orientation++ {
			for _, shape := range []data.Shape{{Height: 8, Width: 8, Channels: 3}, {Height: 4, Width: 9, Channels: 3}, {Height: 6, Width: 6, Channels: 1}} {
				t.Run(fmt.Sprintf("%v, orientation %d, to %v", size, orientation, shape), func(t *testing.T) {
					img := upright.New(stored, orientation)
					copied := image.NewRGBA(img.Bounds())
					draw.Draw(copied, copied.Rect, img, image.Point{}, draw.Src)
					want, got := pixels(t, copied, shape), pixels(t, img, shape)
					for i := range want {
						if d := max(want[i], got[i]) - min(want[i], got[i]); d > 2 {
							t.Fatalf("byte %d is %d, want %d", i, got[i], want[i])
						}
					}
				})
			}
		}
	}
}

// BenchmarkPixelsOfTurnedImages is a photograph as it is, and on its side.
func BenchmarkPixelsOfTurnedImages(b *testing.B) {
	photo := image.NewYCbCr(image.Rect(0, 0, 4000, 3000), image.YCbCrSubsampleRatio420)
	for _, orientation := range []int{1, 6} {
		b.Run(fmt.Sprint("orientation", orientation), func(b *testing.B) {
			for b.Loop() {
				if _, err := scaling.Append(nil, upright.New(photo, orientation), data.Shape{Height: 32, Width: 32, Channels: 3}, data.ResizeByCropping); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
