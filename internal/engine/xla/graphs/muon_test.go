package graphs_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/internal/engine/xla/graphs"
	"github.com/fastresnet/fastresnet/internal/golden"
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"gonum.org/v1/gonum/mat"
)

// The polynomials of the two recipes with Muon.
var (
	first  = [3]float64{3.4445, -4.7750, 2.0315}
	second = [3]float64{3.4576, -4.7391, 2.0843}
)

// TestMuon takes two steps by the definition in float64, from a singular value decomposition: the update is
// U·p(p(p(S/‖S‖)))·Vᵀ of the gradient with momentum, after the bank is brought to the norm √out or left as it is.
func TestMuon(t *testing.T) {
	tests := []struct {
		name    string
		shape   []int
		o       engine.Muon
		rescale float32
	}{
		{"wide", []int{8, 3, 3, 5}, engine.Muon{Momentum: 0.6, Polynomial: first}, 1},
		{"tall", []int{40, 3, 3, 2}, engine.Muon{Momentum: 0.6, Polynomial: first}, 1},
		{"square", []int{12, 12}, engine.Muon{Momentum: 0.6, Polynomial: first}, 1},
		{"one filter", []int{1, 3, 3, 1}, engine.Muon{Momentum: 0.6, Polynomial: first}, 1},
		{"as it is, with decay", []int{8, 3, 3, 5}, engine.Muon{Momentum: 0.655, WeightDecay: 0.3, Polynomial: second}, 0},
		{"with decay", []int{40, 3, 3, 2}, engine.Muon{Momentum: 0.655, WeightDecay: 0.3, Polynomial: second}, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			eachMove(t, tt.o, tt.rescale, dtypes.Float32, tt.shape, func(t *testing.T, step stepFunc) {
				rng := rand.New(rand.NewPCG(1, 2))
				n := 1
				for _, d := range tt.shape {
					n *= d
				}
				w, v := normal(rng, n), make([]float32, n)
				wantW, wantV := wide(w), wide(v)
				for i, rate := range []float32{0.1, 0.05} {
					g := normal(rng, n)
					w, v = step(w, v, g, rate)
					muon(wantW, wantV, wide(g), tt.shape[0], tt.o, tt.rescale > 0, float64(rate))
					if e := golden.MaxRelativeError(w, narrow(wantW)); e > 1e-4 {
						t.Errorf("step %d: the weights differ by %.2g of the largest", i+1, e)
					}
					if e := golden.MaxRelativeError(v, narrow(wantV)); e > 1e-6 {
						t.Errorf("step %d: the velocity differs by %.2g of its largest value", i+1, e)
					}
				}
			})
		})
	}
}

// TestMuonOfManyBanks takes a step of three banks of one shape, and one of another shape, at once, and each alone.
func TestMuonOfManyBanks(t *testing.T) {
	o := engine.Muon{Momentum: 0.6, WeightDecay: 0.1, Polynomial: first}
	eachBackend(t, func(t *testing.T, backend compute.Backend) {
		rng := rand.New(rand.NewPCG(5, 6))
		var inputs []any
		for _, shape := range [][]int{{4, 3, 3, 2}, {6, 6}, {4, 3, 3, 2}, {4, 3, 3, 2}} {
			for range 3 {
				n := 1
				for _, d := range shape {
					n *= d
				}
				inputs = append(inputs, tensors.FromFlatDataAndDimensions(normal(rng, n), shape...))
			}
		}
		move := func(in []*graph.Node) []*graph.Node {
			var steps []graphs.Step
			for ; len(in) > 0; in = in[3:] {
				g := in[0].Graph()
				steps = append(steps, graphs.Step{o, in[0], in[1], in[2], graph.Const(g, float32(0.1)), graph.Const(g, float32(1))})
			}
			weights, velocities := graphs.Move(dtypes.Float32, steps)
			return append(weights, velocities...)
		}
		moved := func(inputs ...any) []*tensors.Tensor {
			out, err := graph.CallOnceN(backend, move, inputs...)
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		all := moved(inputs...)
		for i := range len(inputs) / 3 {
			for k, alone := range moved(inputs[3*i : 3*i+3]...) {
				got := tensors.MustCopyFlatData[float32](all[k*len(inputs)/3+i])
				if e := golden.MaxRelativeError(got, tensors.MustCopyFlatData[float32](alone)); e > 1e-5 {
					t.Errorf("bank %d, output %d: %.1e of the largest value from what it is alone", i, k, e)
				}
			}
		}
	})
}

// muon is one step in place.
func muon(w, v, g []float64, out int, o engine.Muon, rescale bool, rate float64) {
	total := make([]float64, len(g))
	for i := range v {
		v[i] = o.Momentum*v[i] + g[i]
		total[i] = g[i] + o.Momentum*v[i]
	}
	bank := mat.NewDense(out, len(g)/out, total)
	var svd mat.SVD
	if !svd.Factorize(bank, mat.SVDThin) {
		panic("no singular value decomposition")
	}
	s := svd.Values(nil)
	norm := mat.Norm(bank, 2)
	for i := range s {
		s[i] /= norm
		for range 3 {
			s[i] = o.Polynomial[0]*s[i] + o.Polynomial[1]*math.Pow(s[i], 3) + o.Polynomial[2]*math.Pow(s[i], 5)
		}
	}
	var left, right, update mat.Dense
	svd.UTo(&left)
	svd.VTo(&right)
	update.Product(&left, mat.NewDiagDense(len(s), s), right.T())
	weight := mat.NewDense(out, len(w)/out, w)
	scale := 1.
	if rescale {
		scale = math.Sqrt(float64(out)) / mat.Norm(weight, 2)
	}
	for i := range w {
		w[i] = (w[i]*scale - rate*update.At(i/(len(w)/out), i%(len(w)/out))) * (1 - rate*o.WeightDecay)
	}
}

// normal are numbers of a normal distribution.
func normal(rng *rand.Rand, n int) []float32 {
	values := make([]float32, n)
	for i := range values {
		values[i] = float32(rng.NormFloat64())
	}
	return values
}

// In bfloat16 the update is that in float32, but for the rounding of three times three products.
func TestMuonInBFloat16(t *testing.T) {
	const n = 16
	shape := []int{n, 3, 3, n}
	rng := rand.New(rand.NewPCG(3, 4))
	w, g := normal(rng, n*9*n), normal(rng, n*9*n)
	update := func(step stepFunc) []float32 { // at rate 1
		before, _ := step(w, make([]float32, len(w)), g, 0)
		after, _ := step(w, make([]float32, len(w)), g, 1)
		for i := range after {
			after[i] -= before[i]
		}
		return after
	}
	var want []float32
	eachOf(t, engine.Muon{Polynomial: first}, dtypes.Float32, shape, func(_ *testing.T, step stepFunc) { want = update(step) })
	eachOf(t, engine.Muon{Polynomial: first}, dtypes.BFloat16, shape, func(t *testing.T, step stepFunc) {
		if e := golden.MaxRelativeError(update(step), want); e == 0 || e > 0.08 {
			t.Errorf("the update differs by %.2g of its largest value, want a little and no more than 0.08", e)
		}
	})
}
