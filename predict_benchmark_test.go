package fastresnet_test

import (
	"context"
	"runtime"
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/testbackend"
)

// BenchmarkPredictOne is a lone caller with one image.
func BenchmarkPredictOne(b *testing.B) { benchmarkPredict(b, 1) }

// BenchmarkPredictConcurrent is 32 callers with one image each, over and over; an operation is one image.
func BenchmarkPredictConcurrent(b *testing.B) { benchmarkPredict(b, 32) }

func benchmarkPredict(b *testing.B, callers int) {
	for name, backend := range map[string]func() string{
		"go":  func() string { return "go" },
		"xla": func() string { return testbackend.XLA(b) },
	} {
		b.Run(name, func(b *testing.B) {
			set, err := data.Synthetic(128, 1)
			if err != nil {
				b.Fatal(err)
			}
			result, err := fastresnet.Train(context.Background(),
				fastresnet.WithDataset(set, set), fastresnet.WithBackend(backend()),
				fastresnet.WithWidth(16), fastresnet.WithBatchSize(128), fastresnet.WithEpochs(1))
			if err != nil {
				b.Fatal(err)
			}
			defer result.Model.Close()
			img := set.Image(0)
			predict := func() {
				if _, err := result.Model.Predict(context.Background(), img); err != nil {
					b.Error(err)
				}
			}
			predict() // compiles
			b.ResetTimer()
			if callers == 1 {
				for range b.N {
					predict()
				}
			} else {
				b.SetParallelism(max(1, callers/runtime.GOMAXPROCS(0)))
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						predict()
					}
				})
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "images/s")
		})
	}
}
