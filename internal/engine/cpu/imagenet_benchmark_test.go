package cpu_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/engine/cpu"
	"github.com/fastresnet/fastresnet/layers"
)

// BenchmarkImage is the logits of one image.
func BenchmarkImage(b *testing.B) {
	for _, width := range []int{8, 16, 64} {
		b.Run(fmt.Sprintf("resnet9/width%d", width), func(b *testing.B) {
			n := network(b, layers.ResNet9(), data.Shape{Height: 32, Width: 32, Channels: 3}, 10, width)
			rng := rand.New(rand.NewPCG(1, 2))
			vars, _ := randomVariables(b, n, rng)
			image := randomValues(rng, n.Input.Size())
			classify, err := cpu.ImageClassifier(n, vars)
			if err != nil {
				b.Fatal(err)
			}
			classify(image) // packs
			b.ReportAllocs()
			for b.Loop() {
				classify(image)
			}
			b.ReportMetric(2*float64(n.MultiplyAdds())*float64(b.N)/1e9/b.Elapsed().Seconds(), "GFLOP/s")
		})
	}
}
