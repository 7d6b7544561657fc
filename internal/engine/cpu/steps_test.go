package cpu

import (
	"runtime"
	"slices"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/internal/engine/enginetest"
	"github.com/fastresnet/fastresnet/layers"
)

// TestAllocations wants a step to allocate a little for each parallel loop, but no activations and no matrices.
func TestAllocations(t *testing.T) {
	const batch, steps = 16, 5
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // where a loop allocates no more than its closures
	set := enginetest.Noise(t, (1+steps)*batch, data.Shape{Height: 8, Width: 8, Channels: 3})
	for _, tt := range []struct {
		name      string
		optimizer engine.Optimizer // of the filters
		most      uint64           // bytes
	}{
		{"Nesterov", engine.Nesterov{Momentum: 0.9}, 32 << 10},
		{"SGD", engine.SGD{Momentum: 0.9}, 32 << 10},
		{"Muon", engine.Muon{Momentum: 0.6}, 128 << 10}, // whose matrices are 1.4 MB
	} {
		cfg := enginetest.Config(t, set, batch)
		cfg.Network = enginetest.Network(t, layers.ResNet9(), set, 4)
		cfg.Augmentations = []data.Augmentation{data.Crop{Pad: 1}, data.FlipLR{}}
		cfg.Groups = []engine.Group{{Kind: layers.KindFilters, Optimizer: tt.optimizer}}
		moves := slices.Repeat(engine.Moves{enginetest.At(0.01, 0.01)}, 1+steps)
		for _, k := range sets() {
			t.Run(tt.name+"/"+k.Name, func(t *testing.T) {
				run := enginetest.NewTrainer(t, &engine.Device{Backend: backend{k}}, cfg, set)
				var first, last runtime.MemStats
				if _, err := run.Epoch(t.Context(), 1, moves, func(p engine.Progress) {
					switch p.Step {
					case 0: // which fills the arenas
						runtime.ReadMemStats(&first)
					case steps:
						runtime.ReadMemStats(&last)
					}
				}); err != nil {
					t.Fatal(err)
				}
				if got := (last.TotalAlloc - first.TotalAlloc) / steps; got > tt.most {
					t.Errorf("a step allocates %d bytes, want at most %d", got, tt.most)
				}
			})
		}
	}
}
