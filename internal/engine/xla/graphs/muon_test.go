package graphs_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/internal/golden"
	"github.com/gomlx/compute/dtypes"
	"gonum.org/v1/gonum/mat"
)

// TestMuon takes two steps by the definition in float64, from a singular value decomposition: the update is
// U·p(p(p(S/‖S‖)))·Vᵀ of the gradient with momentum, after the bank is brought to the norm √out.
func TestMuon(t *testing.T) {
	const momentum = 0.6
	for _, shape := range [][]int{{8, 3, 3, 5}, {40, 3, 3, 2}, {12, 12}, {1, 3, 3, 1}} {
		t.Run(fmt.Sprint(shape), func(t *testing.T) {
			o := engine.Muon{Momentum: momentum}
			eachOf(t, o, dtypes.Float32, shape, func(t *testing.T, step stepFunc) {
				rng := rand.New(rand.NewPCG(1, 2))
				n := 1
				for _, d := range shape {
					n *= d
				}
				draw := func() []float32 {
					values := make([]float32, n)
					for i := range values {
						values[i] = float32(rng.NormFloat64())
					}
					return values
				}
				w, v := draw(), make([]float32, n)
				wantW, wantV := wide(w), wide(v)
				for i, rate := range []float32{0.1, 0.05} {
					g := draw()
					w, v = step(w, v, g, rate)
					muon(wantW, wantV, wide(g), shape[0], momentum, float64(rate))
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

// muon is one step in place.
func muon(w, v, g []float64, out int, momentum, rate float64) {
	total := make([]float64, len(g))
	for i := range v {
		v[i] = momentum*v[i] + g[i]
		total[i] = g[i] + momentum*v[i]
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
			s[i] = 3.4445*s[i] - 4.7750*math.Pow(s[i], 3) + 2.0315*math.Pow(s[i], 5)
		}
	}
	var left, right, update mat.Dense
	svd.UTo(&left)
	svd.VTo(&right)
	update.Product(&left, mat.NewDiagDense(len(s), s), right.T())
	weight := mat.NewDense(out, len(w)/out, w)
	scale := math.Sqrt(float64(out)) / mat.Norm(weight, 2)
	for i := range w {
		w[i] = w[i]*scale - rate*update.At(i/(len(w)/out), i%(len(w)/out))
	}
}

// In bfloat16 the update is that in float32, but for the rounding of three times three products.
func TestMuonInBFloat16(t *testing.T) {
	const n = 16
	shape := []int{n, 3, 3, n}
	rng := rand.New(rand.NewPCG(3, 4))
	w, g := make([]float32, n*9*n), make([]float32, n*9*n)
	for i := range w {
		w[i], g[i] = float32(rng.NormFloat64()), float32(rng.NormFloat64())
	}
	update := func(step stepFunc) []float32 { // at rate 1
		before, _ := step(w, make([]float32, len(w)), g, 0)
		after, _ := step(w, make([]float32, len(w)), g, 1)
		for i := range after {
			after[i] -= before[i]
		}
		return after
	}
	var want []float32
	eachOf(t, engine.Muon{}, dtypes.Float32, shape, func(_ *testing.T, step stepFunc) { want = update(step) })
	eachOf(t, engine.Muon{}, dtypes.BFloat16, shape, func(t *testing.T, step stepFunc) {
		if e := golden.MaxRelativeError(update(step), want); e == 0 || e > 0.08 {
			t.Errorf("the update differs by %.2g of its largest value, want a little and no more than 0.08", e)
		}
	})
}
