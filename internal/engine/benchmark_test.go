package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/fastresnet/fastresnet/internal/testbackend"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// BenchmarkTrainingStep is a whole step of the resnet9 recipe in batches of 128: batch preparation with
// crop, flip and cutout, forward, backward, update. It reports images/s, the GFLOP/s of the network's
// products, and these as a share of what GoMLX's own matrix product reaches in the same run.
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
	set := synthetic(b, batch*10)
	d := openFor(b, backend)
	cfg := config(b, set, batch)
	cfg.Network = network(b, layers.ResNet9(), set, width)
	trainer := newTrainer(b, d, cfg, set)
	epoch := func(number, steps int) {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		_, err := trainer.Epoch(ctx, number, constant(0.01, trainer.Steps()), func(step, _ int) {
			if step+1 == steps {
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
	b.ReportMetric(100*gflops/productGFLOPS(b), "%-of-product")
}

// productGFLOPS is the speed of a [256, 1152] x [1152, 8192] product on GoMLX's pure-Go backend: the size
// of a convolution from 128 to 256 channels over 32 images of 16x16. Best of five.
func productGFLOPS(b *testing.B) float64 {
	const m, k, n = 256, 1152, 8192
	d := openFor(b, "go")
	inputs := []input{whole(dtypes.Float32, m, k), whole(dtypes.Float32, k, n)}
	p, err := compile(d, "product", inputs, func(in []*graph.Node) []*graph.Node {
		return []*graph.Node{graph.Dot(in[0], in[1]).Product()}
	})
	if err != nil {
		b.Fatal(err)
	}
	left, err := upload(d, make([]float32, m*k), inputs[0])
	if err != nil {
		b.Fatal(err)
	}
	right, err := upload(d, make([]float32, k*n), inputs[1])
	if err != nil {
		b.Fatal(err)
	}
	best := 0.0
	for range 5 {
		start := time.Now()
		if _, err := p.run(0, left, right); err != nil {
			b.Fatal(err)
		}
		best = max(best, 2*m*k*n/time.Since(start).Seconds()/1e9)
	}
	return best
}
