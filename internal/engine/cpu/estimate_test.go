package cpu_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/internal/engine/enginetest"
	"github.com/fastresnet/fastresnet/layers"
)

// heap is how many bytes of Go memory are in use.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// An estimate is no less than what the pure-Go engine takes, which has all of its memory from Go, and no more than
// twice that, unless there are so many processors that some have nothing to do, for which it counts memory too.
func TestEstimatesOfMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: no other platform takes other memory")
	}
	for _, processors := range []int{2, 16} {
		t.Run(fmt.Sprint(processors), func(t *testing.T) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(processors))
			testEstimatesOfMemory(t, processors > 2)
		})
	}
}

func testEstimatesOfMemory(t *testing.T, mayBeMore bool) {
	const most = 64 // images that are answered together
	few, many := enginetest.Synthetic(t, most), enginetest.Synthetic(t, 4096)
	for _, test := range []struct {
		name         string
		design       layers.Design
		width, batch int
		optimizer    engine.Optimizer // of the filters
		layers       []layers.Layer   // in place of a design
		frozen       []string
		set          *data.Dataset
		loading      data.Loading
	}{
		{"outputs count most", layers.ResNet9(), 8, 64, engine.Nesterov{}, nil, nil, few, data.LoadInBulk},
		{"weights count most", layers.Backbone(), 64, 16, engine.Nesterov{}, nil, nil, few, data.LoadInBulk},
		{"a batch that is not full", layers.Dawn(), 8, 40, engine.Nesterov{}, nil, nil, few, data.LoadInBulk},
		{"filters of many tiles", layers.ResNet9(), 48, 16, engine.Nesterov{}, nil, nil, few, data.LoadInBulk},
		{"matrices of filters", layers.Backbone(), 32, 16, engine.Muon{}, nil, nil, few, data.LoadInBulk},
		{"a pool computed with a convolution", layers.Design{}, 0, 64, engine.Nesterov{}, []layers.Layer{
			conv("a", 21, 1, 1), conv("b", 21, 3, 1), layers.BatchNorm{Name: "b_norm"}, layers.GELU{}, layers.MaxPool{Size: 2},
			layers.Residual{Branch: []layers.Layer{conv("c", 21, 3, 1), layers.BatchNorm{Name: "c_norm"}, layers.ReLU{}}},
			layers.GlobalMaxPool{}, layers.Linear{Name: "end", Out: 10},
		}, nil, few, data.LoadInBulk},
		{"images whose sides are padded", layers.Design{}, 0, 64, engine.Nesterov{}, []layers.Layer{
			conv("a", 8, 3, 1), layers.MaxPool{Size: 5, Floor: true}, conv("b", 128, 3, 1), conv("c", 128, 3, 1), layers.GELU{}, conv("d", 128, 3, 1),
			layers.GlobalMaxPool{}, layers.Linear{Name: "end", Out: 10},
		}, nil, few, data.LoadInBulk},
		{"a frozen norm in front of a pool", layers.Design{}, 0, 64, engine.Nesterov{}, []layers.Layer{
			conv("a", 64, 3, 1), layers.BatchNorm{Name: "a_norm"}, layers.MaxPool{Size: 4}, layers.GlobalMaxPool{}, layers.Linear{Name: "end", Out: 10},
		}, []string{"a", "a_norm"}, few, data.LoadInBulk},
		{"many images", layers.ResNet9(), 2, 64, engine.Nesterov{}, nil, nil, many, data.LoadInBulk},
		{"many images, prepared once", layers.ResNet9(), 2, 64, engine.Nesterov{}, nil, nil, many, data.LoadPerImage},
		{"many images, prepared each time", layers.ResNet9(), 2, 64, engine.Nesterov{}, nil, nil, many, data.LoadEveryEpoch},
	} {
		t.Run(test.name, func(t *testing.T) {
			set := test.set
			cfg := enginetest.Config(t, set, test.batch)
			cfg.Loading = test.loading
			if test.layers != nil {
				cfg.Network = layers.Network{Name: test.name, Input: set.Shape(), Layers: test.layers}
			} else {
				cfg.Network = enginetest.Network(t, test.design, set, test.width)
			}
			cfg.Frozen = map[string]bool{}
			for _, name := range test.frozen {
				cfg.Frozen[name] = true
			}
			cfg.Groups = []engine.Group{{Kind: layers.KindFilters, Optimizer: test.optimizer}}
			check := func(what string, estimate, taken int64) {
				t.Logf("%s takes %d bytes, estimated %d", what, taken, estimate)
				if taken > estimate || !mayBeMore && estimate > 2*taken {
					t.Errorf("%s takes %d bytes, estimated %d", what, taken, estimate)
				}
			}
			d := enginetest.Open(t, "go")
			before := heap()
			trainer := enginetest.NewTrainer(t, d, cfg, set)
			enginetest.Train(t, trainer, 1)
			training, err := d.TrainingMemory(cfg, set.Len(), false)
			if err != nil {
				t.Fatal(err)
			}
			check("training", training, heap()-before)

			values := enginetest.Variables(t, trainer)
			before = heap()
			cfg.Batch = most
			e := enginetest.Evaluator(t, d, cfg, values)
			// As many as fill the lanes, and one more, which is computed alone.
			if _, err := e.Compute(t.Context(), engine.Logits, few.Pixels()[:(engine.SmallBatch+1)*set.Shape().Size()]); err != nil {
				t.Fatal(err)
			}
			fixed, each, err := engine.Memory(cfg.Network)
			if err != nil {
				t.Fatal(err)
			}
			check("a small batch", fixed+each, heap()-before)
			if _, err := e.Compute(t.Context(), engine.Logits, few.Pixels()); err != nil {
				t.Fatal(err)
			}
			check("a large batch", fixed+each*int64(most/engine.SmallBatch), heap()-before)
			runtime.KeepAlive(trainer)
		})
	}
}
