package xla

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/internal/engine/enginetest"
	"github.com/fastresnet/fastresnet/internal/testbackend"
	"github.com/fastresnet/fastresnet/layers"
)

// BenchmarkTrainingStep is a whole step of the resnet9 recipe in batches of 128: batch preparation with
// crop, flip and cutout, forward, backward, update. It reports images/s and the GFLOP/s of the network's
// products.
func BenchmarkTrainingStep(b *testing.B) {
	backends := []string{"go"}
	if os.Getenv(testbackend.PluginEnv) != "" {
		backends = append(backends, testbackend.XLA(b))
	}
	for _, width := range []int{8, 16, 64} {
		for i, backend := range backends {
			b.Run(fmt.Sprintf("width=%d/%s", width, []string{"go", "xla"}[i]), func(b *testing.B) {
				benchmarkTrainingStep(b, backend, width)
			})
		}
	}
}

func benchmarkTrainingStep(b *testing.B, backend string, width int) {
	const batch = 128
	set := enginetest.Synthetic(b, batch*10)
	d := enginetest.Open(b, backend)
	cfg := enginetest.Config(b, set, batch)
	cfg.Network = enginetest.Network(b, layers.ResNet9(), set, width)
	trainer := enginetest.NewTrainer(b, d, cfg, set)
	epoch := func(number, steps int) {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		_, err := trainer.Epoch(ctx, number, enginetest.Constant(0.01, trainer.Steps()), func(p engine.Progress) {
			if p.Step+1 == steps {
				cancel()
			}
		})
		if err != nil && !errors.Is(err, context.Canceled) {
			b.Fatal(err)
		}
	}
	epoch(1, 1)
	b.ResetTimer()
	for done := 0; done < b.N; done += trainer.Steps() {
		epoch(2+done, min(trainer.Steps(), b.N-done))
	}
	b.StopTimer()
	images := float64(b.N*batch) / b.Elapsed().Seconds()
	gflops := images * 6 * float64(cfg.Network.MultiplyAdds()) / 1e9
	b.ReportMetric(images, "images/s")
	b.ReportMetric(gflops, "GFLOP/s")
}
