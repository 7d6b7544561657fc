package data_test

import (
	"fmt"
	"testing"

	"github.com/fastresnet/fastresnet/data"
)

// BenchmarkAugmentations is what each augmentation takes for an image of 32x32x3 on one core, with its choices.
func BenchmarkAugmentations(b *testing.B) {
	shape := data.Shape{Height: 32, Width: 32, Channels: 3}
	image, changed := slope(32, 96), make([]float32, shape.Size())
	for _, a := range []data.Augmentation{
		data.Crop{Pad: 4}, data.FlipLR{}, data.Cutout{Height: 8, Width: 8}, data.ResizedCrop{Least: 0.5, Aspect: 1.33}, data.Rotation{Degrees: 10},
		data.Erasing{Percent: 50, Least: 0.02, Most: 0.4, Aspect: 3.3}, data.ColourJitter{Brightness: 0.2, Contrast: 0.2, Saturation: 0.2}, data.Greyscale{Percent: 50},
	} {
		b.Run(fmt.Sprint(a), func(b *testing.B) {
			const n = 128
			rng := newRand(1)
			for b.Loop() {
				choices := a.Draw(rng, n, shape)
				k := len(choices) / n
				for i := range n {
					a.Apply(changed, image, shape, choices[i*k:(i+1)*k])
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/1e3/float64(b.N*n), "µs/image")
		})
	}
	for _, kind := range []data.MixingKind{data.Mixup, data.CutMix} {
		m := data.Mixing{Kind: kind, Alpha: 1}
		b.Run(m.String(), func(b *testing.B) {
			const n = 128
			rng := newRand(1)
			for b.Loop() {
				choices := m.Draw(rng, n, shape)
				for i := range n {
					m.Apply(image, changed, shape, choices[3*i:3*i+3])
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/1e3/float64(b.N*n), "µs/image")
		})
	}
}
