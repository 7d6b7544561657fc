package enginetest

import (
	"cmp"
	"context"
	"math"
	"slices"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/layers"
	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// The images that count in a step are those of its batch with the highest losses, and a step that only looks names them,
// too, and moves nothing.
func hardestImagesCount(t *testing.T, d *engine.Device) {
	const batch, hardest = 16, 5
	set := Synthetic(t, 2*batch)
	cfg := withoutNorm(t, set, batch)
	cfg.Augmentations, cfg.Hardest, cfg.LabelSmoothing = nil, hardest, 0.1
	run := NewTrainer(t, d, cfg, set)
	var want []int32
	for _, at := range []int{0, 1} { // by the weights before the first step, and before the second, which only looks
		order, err := engine.DrawEpoch(cfg.Seed, 1, set.Len(), set.Shape(), nil, data.Mixing{})
		if err != nil {
			t.Fatal(err)
		}
		if at == 1 {
			Epoch(t, run, 1, engine.Moves{At(0.5), nil})
		}
		logits := Logits(t, d, cfg, Variables(t, run), set.Pixels())
		want = append(want, highest(losses(logits, set, cfg.LabelSmoothing), order.Order[at*batch:(at+1)*batch], at*batch, hardest)...)
	}
	got, err := run.Hardest()
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("images that count (-want +got):\n%s", diff)
	}
}

// losses are the images' by their logits.
func losses(logits []float32, set *data.Dataset, smoothing float64) []float64 {
	classes := len(set.Classes())
	var all []float64
	for i := range set.Len() {
		row := logits[i*classes : (i+1)*classes]
		sum, loss := 0., 0.
		for _, v := range row {
			sum += math.Exp(float64(v))
		}
		for class, v := range row {
			target := smoothing / float64(classes)
			if class == set.Label(i) {
				target += 1 - smoothing
			}
			loss += target * (math.Log(sum) - float64(v))
		}
		all = append(all, loss)
	}
	return all
}

// highest are the places, from the first on, of the n images of a batch that have the highest losses.
func highest(losses []float64, batch []int32, first, n int) []int32 {
	var places []int32
	for i := range batch {
		places = append(places, int32(first+i))
	}
	slices.SortFunc(places, func(a, b int32) int {
		return cmp.Compare(losses[batch[int(b)-first]], losses[batch[int(a)-first]])
	})
	return slices.Sorted(slices.Values(places[:n]))
}

// A run on the images that another one names takes the other's steps, whatever way they are loaded: where no layer looks at
// the batch, those of a batch that do not count change nothing. It goes on from a snapshot, too.
func selectedImagesTrain(t *testing.T, d *engine.Device) {
	const batch, hardest, steps = 16, 5, 3
	set := Synthetic(t, steps*batch)
	for _, loading := range []data.Loading{data.LoadInBulk, data.LoadEveryEpoch} {
		t.Run(string(loading), func(t *testing.T) {
			cfg := withoutNorm(t, set, batch)
			cfg.Loading, cfg.Hardest = loading, hardest
			whole := NewTrainer(t, d, cfg, set)
			Epoch(t, whole, 1, Constant(0.05, steps))
			places, err := whole.Hardest()
			if err != nil || len(places) != steps*hardest {
				t.Fatalf("%d places, error %v", len(places), err)
			}

			cfg.Batch, cfg.Hardest, cfg.Selected = hardest, 0, steps*hardest
			part := NewTrainer(t, d, cfg, set)
			part.Select(places)
			Until(t, part, 1, 2)
			within := SnapshotOf(t, part)
			for _, name := range []string{"stopped", "restored"} {
				m := Epoch(t, part, 1, Constant(0.05, steps))
				if m.Steps != steps || m.Examples != steps*hardest {
					t.Errorf("%s: %d steps on %d images", name, m.Steps, m.Examples)
				}
				if diff := gocmp.Diff(Variables(t, whole), Variables(t, part), cmpopts.EquateApprox(0, 1e-5)); diff != "" {
					t.Errorf("%s: variables (-all images +selected ones):\n%.1000s", name, diff)
				}
				if err := part.Restore(within); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// withoutNorm is a run on a network in which images do not meet.
func withoutNorm(t *testing.T, set *data.Dataset, batch int) engine.Config {
	cfg := SmallConfig(t, set, batch)
	cfg.Network.Layers = slices.DeleteFunc(cfg.Network.Layers, func(l layers.Layer) bool {
		_, norm := l.(layers.BatchNorm)
		return norm
	})
	return cfg
}

// Epoch trains an epoch.
func Epoch(t testing.TB, r Run, epoch int, moves engine.Moves) engine.Metrics {
	t.Helper()
	m, err := r.Epoch(context.Background(), epoch, moves, NoStep)
	if err != nil {
		t.Fatalf("%+v", err)
	}
	return m
}
