package fastresnet_test

import (
	"bytes"
	"context"
	"fmt"
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

// BenchmarkPredictDataset is a set of images, with a model that computes all of them together where the engine does; heap-MB is
// what the model keeps.
func BenchmarkPredictDataset(b *testing.B) {
	for _, width := range []int{16, 64} {
		for _, images := range []int{1, 128, 256, 512} {
			b.Run(fmt.Sprintf("width=%d/images=%d", width, images), func(b *testing.B) {
				file, set := resnet9File(b, width, images), blackImages(b, images)
				before := heap()
				model, err := fastresnet.ReadModel(bytes.NewReader(file), fastresnet.WithBackend("go"))
				if err != nil {
					b.Fatal(err)
				}
				defer model.Close()
				for b.Loop() {
					if _, err := model.PredictDataset(context.Background(), set); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(images*b.N)/b.Elapsed().Seconds(), "images/s")
				b.ReportMetric(float64(heap()-before)/1e6, "heap-MB")
				runtime.KeepAlive(file)
				runtime.KeepAlive(set)
			})
		}
	}
}

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
