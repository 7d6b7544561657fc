package xla

import (
	"math"
	"slices"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/internal/engine/enginetest"
	"github.com/fastresnet/fastresnet/internal/golden"
	"github.com/fastresnet/fastresnet/internal/testbackend"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/google/go-cmp/cmp"
)

// openUnits opens XLA with n of its devices working together.
func openUnits(t testing.TB, n int) *engine.Device {
	t.Helper()
	d := enginetest.Open(t, testbackend.XLA(t))
	if len(d.Units) < n {
		t.Skipf("the plugin shows %d devices, the test needs %d", len(d.Units), n)
	}
	if err := d.Use(n); err != nil {
		t.Fatal(err)
	}
	return d
}

// Each device is given its own part of what is split, in order, and a copy of what is not or cannot be divided.
func TestUploadSplits(t *testing.T) {
	flat := []int32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}
	tests := map[string]struct {
		units int
		dims  []int
		split bool
		want  [][]int32
	}{
		"one device":          {1, []int{12}, true, [][]int32{flat}},
		"a vector":            {3, []int{12}, true, [][]int32{flat[:4], flat[4:8], flat[8:]}},
		"rows":                {2, []int{4, 3}, true, [][]int32{flat[:6], flat[6:]}},
		"rows that leave one": {2, []int{3, 4}, true, [][]int32{flat, flat}},
		"a copy":              {2, []int{12}, false, [][]int32{flat, flat}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := deviceOf(openUnits(t, tt.units))
			to := whole(dtypes.Int32, tt.dims...)
			if tt.split {
				to = splitOver(d, dtypes.Int32, tt.dims...)
			}
			b, err := upload(d, flat, to)
			if err != nil {
				t.Fatal(err)
			}
			defer release(b)
			var got [][]int32
			for unit := range tt.units {
				part, err := download[int32](on(unit, b), len(tt.want[unit]))
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, part)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// The gradient that the devices compute together, of a mean over a batch of which each has a part, is the mean
// of the images' gradients: the one of a single device.
func TestDevicesAverageGradients(t *testing.T) {
	x, w := []float32{1, -2, 3, 4, 0.5, 6, -7, 8}, []float32{0.25, -0.5}
	want := []float32{0, 0} // of the mean of (x·w)², by hand
	for i := 0; i < len(x); i += 2 {
		product := x[i]*w[0] + x[i+1]*w[1]
		want[0] += 2 * product * x[i] / 4
		want[1] += 2 * product * x[i+1] / 4
	}
	for _, units := range []int{1, 2, 4} {
		d := deviceOf(openUnits(t, units))
		weights, images := whole(dtypes.Float32, 2), splitOver(d, dtypes.Float32, 4, 2)
		p, err := compile(d, "gradient", []input{weights, images}, func(in []*graph.Node) []*graph.Node {
			loss := graph.ReduceAllMean(graph.Square(graph.Dot(in[1], in[0]).MatMul()))
			return graph.Gradient(loss, in[0])
		})
		if err != nil {
			t.Fatalf("%+v", err)
		}
		defer p.close()
		a, err := upload(d, w, weights)
		if err != nil {
			t.Fatal(err)
		}
		b, err := upload(d, x, images)
		if err != nil {
			t.Fatal(err)
		}
		out, err := p.run(0, a, b)
		if err != nil {
			t.Fatal(err)
		}
		for unit := range units {
			got, err := download[float32](on(unit, out[0]), 2)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got, want) { // small binary fractions: exact
				t.Errorf("device %d of %d: gradient %v, want %v", unit, units, got, want)
			}
		}
	}
}

// Several devices train to what one does, batch norm's statistics included, whether batches are loaded on the device
// or from the host; an incomplete batch that they cannot divide is computed by all of them alike.
func TestDevicesTrainAsOne(t *testing.T) {
	set := enginetest.Synthetic(t, 38)
	for _, loading := range []data.Loading{data.LoadInBulk, data.LoadPerImage} {
		t.Run(string(loading), func(t *testing.T) {
			cfg := enginetest.SmallConfig(t, set, 8)
			cfg.Loading = loading
			cfg.KeepIncomplete = true // 6 images
			cfg.Average = engine.Average{Every: 2, Keep: 0.5, Lookahead: true}
			var one map[string][]float32
			var losses []engine.Metrics
			for _, units := range []int{1, 4} {
				d := openUnits(t, units)
				trainer := enginetest.NewTrainer(t, d, cfg, set)
				history, variables := enginetest.Train(t, trainer, 2)
				if units == 1 {
					one, losses = variables, history
					continue
				}
				for i, m := range history {
					if math.Abs(m.Loss-losses[i].Loss) > 1e-4*losses[i].Loss || m.Accuracy != losses[i].Accuracy {
						t.Errorf("%d devices, epoch %d: %+v, one device %+v", units, i+1, m, losses[i])
					}
				}
				for name, got := range variables {
					if e := golden.MaxRelativeError(got, one[name]); e > 1e-4 {
						t.Errorf("%d devices: %s differs by %.2g from one device's", units, name, e)
					}
				}
				held, _, err := trainer.Weights()
				if err != nil {
					t.Fatal(err)
				}
				defer held.Close()
				for _, b := range held.(*weights).buffers {
					if n := len(b.(spread).units); n != units {
						t.Errorf("a variable is on %d devices, want %d", n, units)
					}
				}
			}
		})
	}
}

// A model's logits do not depend on how many devices compute them, for a batch that they share and for the small one,
// which three of them cannot divide.
func TestDevicesEvaluateAsOne(t *testing.T) {
	set := enginetest.Synthetic(t, 30)
	cfg := enginetest.SmallConfig(t, set, 24)
	cfg.Views = []engine.View{{Weight: 0.5}, {Weight: 0.5, Flip: true, Down: 1}}
	var want []float32
	for _, units := range []int{1, 3, 4} {
		got := enginetest.Logits(t, openUnits(t, units), cfg, enginetest.InitialWeights(t, cfg, set), set.Pixels())
		if units == 1 {
			want = got
		}
		if d := golden.MaxRelativeError(got, want); len(got) != 30*len(set.Classes()) || d > 1e-5 {
			t.Errorf("%d devices: %d logits, which differ by %.2g from one device's", units, len(got), d)
		}
	}
}

// Several devices find the same images of a batch the hardest as one does, and learn the same from them.
func TestDevicesSelectAsOne(t *testing.T) {
	set := enginetest.Synthetic(t, 32)
	cfg := enginetest.SmallConfig(t, set, 8)
	cfg.Hardest = 3
	var places []int32
	var variables map[string][]float32
	for _, units := range []int{1, 4} {
		trainer := enginetest.NewTrainer(t, openUnits(t, units), cfg, set)
		enginetest.Epoch(t, trainer, 1, engine.Moves{enginetest.At(0.05), nil, enginetest.At(0.05), nil})
		hardest, err := trainer.Hardest()
		if err != nil {
			t.Fatal(err)
		}
		got := enginetest.Variables(t, trainer)
		if units == 1 {
			places, variables = hardest, got
			continue
		}
		if diff := cmp.Diff(places, hardest); diff != "" || len(places) != 4*cfg.Hardest {
			t.Errorf("images (-one device +%d devices):\n%s", units, diff)
		}
		for name, values := range got {
			if e := golden.MaxRelativeError(values, variables[name]); e > 1e-4 {
				t.Errorf("%d devices: %s differs by %.2g from one device's", units, name, e)
			}
		}
	}
}
