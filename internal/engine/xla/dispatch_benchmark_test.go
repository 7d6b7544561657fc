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
// dispatches show and on larger ones: one step, several unrolled into one executable, and several as a loop. An
// operation is an epoch of 32 steps. It reports steps/s and the seconds of compilation, that of the single
// step, which every way needs, among them. On a GPU it computes in bfloat16.
func BenchmarkDispatch(b *testing.B) {
	const steps = 32
	for _, size := range []struct{ width, batch int }{{2, 8}, {8, 32}, {16, 128}, {64, 512}} {
		for _, way := range []struct {
			name  string
			steps int
			loop  bool
		}{{"single", 1, false}, {"unrolled", 2, false}, {"unrolled", 4, false}, {"looped", 4, true}, {"looped", 16, true}} {
			b.Run(fmt.Sprintf("width=%d/batch=%d/%s=%d", size.width, size.batch, way.name, way.steps), func(b *testing.B) {
				d := enginetest.Open(b, testbackend.XLA(b))
				set := enginetest.Synthetic(b, steps*size.batch)
				cfg := enginetest.Config(b, set, size.batch)
				cfg.Network = enginetest.Network(b, layers.ResNet9(), set, size.width)
				cfg.StepsPerDispatch, cfg.LoopSteps = way.steps, way.loop
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
