package fastresnet_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/fastresnet/fastresnet"
)

// BenchmarkFrozen trains with ever more of resnet9 frozen, from its beginning.
func BenchmarkFrozen(b *testing.B) {
	set := synthetic(b, 1024, 1)
	for _, frozen := range [][]string{nil, {"prep"}, {"prep", "layer1"}, {"prep", "layer1", "layer2"}, {fastresnet.Body}} {
		b.Run(fmt.Sprintf("frozen=%v", frozen), func(b *testing.B) {
			for b.Loop() {
				result, err := fastresnet.Train(context.Background(), fastresnet.WithDataset(set, nil), fastresnet.WithBackend("go"), fastresnet.WithWidth(16),
					fastresnet.WithBatchSize(128), fastresnet.WithEpochs(2), fastresnet.WithFrozen(frozen...), fastresnet.WithRecipe(fastresnet.ResNet9Epochs24()))
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(result.Timing.ImagesPerSecond, "images/s")
				result.Model.Close()
			}
		})
	}
}
