package graphs_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/internal/engine/xla/graphs"
	"github.com/fastresnet/fastresnet/internal/testbackend"
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	_ "github.com/gomlx/compute/gobackend" // registers "go"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// stepFunc takes one step on a backend.
type stepFunc func(w, v, g []float32, rate float32) (newW, newV []float32)

// eachOf runs f on every backend, for a variable of a shape.
func eachOf(t *testing.T, o engine.Optimizer, dtype dtypes.DType, shape []int, f func(t *testing.T, step stepFunc)) {
	t.Helper()
	eachMove(t, o, 1, dtype, shape, f)
}

// eachMove is eachOf with a say in whether Muon rescales.
func eachMove(t *testing.T, o engine.Optimizer, rescale float32, dtype dtypes.DType, shape []int, f func(t *testing.T, step stepFunc)) {
	t.Helper()
	tensor := func(values []float32) *tensors.Tensor { return tensors.FromFlatDataAndDimensions(values, shape...) }
	eachBackend(t, func(t *testing.T, backend compute.Backend) {
		exec, err := graph.NewExec(backend, func(w, v, g, rate *graph.Node) (newW, newV *graph.Node) {
			weights, velocities := graphs.Move(dtype, []graphs.Step{{o, w, v, g, rate, graph.Const(w.Graph(), rescale)}})
			return weights[0], velocities[0]
		})
		if err != nil {
			t.Fatal(err)
		}
		defer exec.Finalize()
		f(t, func(w, v, g []float32, rate float32) (newW, newV []float32) {
			a, b, err := exec.Call2(tensor(w), tensor(v), tensor(g), rate)
			if err != nil {
				t.Fatal(err)
			}
			return tensors.MustCopyFlatData[float32](a), tensors.MustCopyFlatData[float32](b)
		})
	})
}

// eachBackend runs f on every backend.
func eachBackend(t *testing.T, f func(t *testing.T, backend compute.Backend)) {
	t.Helper()
	testbackend.Each(t, func(t *testing.T, name string) {
		if kind, _, _ := strings.Cut(name, ":"); !slices.Contains(compute.List(), kind) {
			t.Skipf("%s is not built in: it needs cgo", kind)
		}
		backend, err := compute.NewWithConfig(name)
		if err != nil {
			t.Fatal(err)
		}
		defer backend.Finalize()
		f(t, backend)
	})
}

// near allows for the rounding of a few operations in float32.
var near = cmpopts.EquateApprox(1e-5, 1e-7)

// Two steps of two weights, all by hand, with numbers that are exact in binary.
func TestStepByHand(t *testing.T) {
	eachOf(t, engine.Nesterov{Momentum: 0.5, WeightDecay: 0.25}, dtypes.Float32, []int{2}, func(t *testing.T, step stepFunc) {
		// d = -0.5·((1, -1) + 0.25·(4, 8)) = (-1, -0.5); v = 0 + d; w = (4, 8) + d + 0.5·v.
		w, v := step([]float32{4, 8}, []float32{0, 0}, []float32{1, -1}, 0.5)
		if want := [][]float32{{2.5, 7.25}, {-1, -0.5}}; !cmp.Equal(want, [][]float32{w, v}) {
			t.Errorf("after a step weights and velocities are %v and %v, want %v", w, v, want)
		}
		// d = -1·((0, 1) + 0.25·(2.5, 7.25)) = (-0.625, -2.8125); v = 0.5·(-1, -0.5) + d; w + d + 0.5·v.
		// The velocity keeps the rate of the step before.
		w, v = step(w, v, []float32{0, 1}, 1)
		if want := [][]float32{{1.3125, 2.90625}, {-1.125, -3.0625}}; !cmp.Equal(want, [][]float32{w, v}) {
			t.Errorf("after two steps weights and velocities are %v and %v, want %v", w, v, want)
		}
	})
}

// Ten steps at rates that change, of the formula with the published settings.
func TestStepFormula(t *testing.T) {
	const momentum, decay, n = 0.9, 5e-4, 64
	eachOf(t, engine.Nesterov{Momentum: momentum, WeightDecay: decay}, dtypes.Float32, []int{n}, func(t *testing.T, step stepFunc) {
		rng := rand.New(rand.NewPCG(1, 2))
		w, v, g := make([]float32, n), make([]float32, n), make([]float32, n)
		for i := range w {
			w[i] = float32(rng.NormFloat64())
		}
		wantW, wantV := wide(w), wide(v)
		for i := range 10 {
			rate := 0.04 * float32(i) // from 0, as schedules start
			for i := range g {
				g[i] = float32(rng.NormFloat64())
			}
			w, v = step(w, v, g, rate)
			for i := range wantW {
				d := -float64(rate) * (float64(g[i]) + decay*wantW[i])
				wantV[i] = momentum*wantV[i] + d
				wantW[i] = wantW[i] + d + momentum*wantV[i]
			}
			if diff := cmp.Diff([][]float64{wantW, wantV}, [][]float64{wide(w), wide(v)}, near); diff != "" {
				t.Fatalf("after step %d (-want +got):\n%s", i+1, diff)
			}
		}
	})
}

// Without momentum it is gradient descent, whatever the velocity was.
func TestStepWithoutMomentum(t *testing.T) {
	eachOf(t, engine.Nesterov{}, dtypes.Float32, []int{3}, func(t *testing.T, step stepFunc) {
		w, v := []float32{1, -2, 3}, []float32{100, 100, 100}
		want := wide(w)
		for range 5 {
			g := []float32{2 * w[0], 2 * w[1], 2 * w[2]} // of the sum of squares
			w, v = step(w, v, g, 0.125)
			for i := range want {
				want[i] -= 0.125 * 2 * want[i]
			}
			if diff := cmp.Diff(want, wide(w), near); diff != "" {
				t.Fatalf("weights (-want +got):\n%s", diff)
			}
		}
	})
}
