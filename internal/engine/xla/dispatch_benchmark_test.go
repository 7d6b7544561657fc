package xla

import (
	"context"
	"fmt"
	"testing"

	"github.com/fastresnet/fastresnet/internal/engine/enginetest"
	"github.com/fastresnet/fastresnet/internal/testbackend"
	"github.com/fastresnet/fastresnet/layers"
)

// BenchmarkDispatch compares the ways to dispatch training steps on XLA, on a network so small that the
// dispatches show and on larger ones: one step, and several as a loop. An operation is an epoch of 32 steps. It reports
// steps/s and the seconds of compilation, that of the single step, which every way needs, among them. On a GPU it computes
// in bfloat16.
func BenchmarkDispatch(b *testing.B) {
	const steps = 32
	for _, size := range []struct{ width, batch int }{{2, 8}, {8, 32}, {16, 128}, {64, 512}} {
		for _, perDispatch := range []int{1, 4, 16} {
			b.Run(fmt.Sprintf("width=%d/batch=%d/steps=%d", size.width, size.batch, perDispatch), func(b *testing.B) {
				d := enginetest.Open(b, testbackend.XLA(b))
				set := enginetest.Synthetic(b, steps*size.batch)
				cfg := enginetest.Config(b, set, size.batch)
				cfg.Network = enginetest.Network(b, layers.ResNet9(), set, size.width)
				cfg.StepsPerDispatch = perDispatch
				if d.GPU {
					cfg.BFloat16 = true
				}
				trainer := newTrainer(b, d, cfg, set)
				epoch := 0
				for b.Loop() {
					epoch++
					if _, err := trainer.Epoch(context.Background(), epoch, enginetest.Constant(0.01, steps), enginetest.NoStep); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.N*steps)/b.Elapsed().Seconds(), "steps/s")
				b.ReportMetric(d.CompileTime().Seconds(), "compile-s")
			})
		}
	}
}
