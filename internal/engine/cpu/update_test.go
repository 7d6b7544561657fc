package cpu

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/internal/engine/cpu/kernels"
)

// TestMomentum compares two steps with the formulas in float64, in both forms.
func TestMomentum(t *testing.T) {
	const rate, decay, momentum = 0.1, 0.01, 0.9
	tests := []struct {
		name   string
		step   Momentum
		update func(w, v, g float64) (newW, newV float64)
	}{
		{"velocities are steps", Momentum{Direction: -rate, Decay: decay, Momentum: momentum, Step: 1},
			func(w, v, g float64) (float64, float64) {
				d := -rate * (g + decay*w)
				v = momentum*v + d
				return w + d + momentum*v, v
			}},
		{"velocities are gradients", Momentum{Direction: 1, Decay: decay, Momentum: momentum, Step: -rate},
			func(w, v, g float64) (float64, float64) {
				g += decay * w
				v = momentum*v + g
				return w - rate*(g+momentum*v), v
			}},
	}
	for _, tt := range tests {
		for _, n := range []int{1, 5, updateBlock + 3} {
			t.Run(fmt.Sprint(tt.name, "/", n), func(t *testing.T) {
				rng := rand.New(rand.NewPCG(1, 2))
				w, v := normal32(rng, n), make([]float32, n)
				wantW, wantV := wide64(w), wide64(v)
				for range 2 {
					g := normal32(rng, n)
					tt.step.Update(w, v, g)
					for i := range wantW {
						wantW[i], wantV[i] = tt.update(wantW[i], wantV[i], float64(g[i]))
					}
				}
				checkAll(t, "w", w, wantW, 1e-6)
				checkAll(t, "v", v, wantV, 1e-6)
			})
		}
	}
}

// TestMuon compares two steps with the same matrix polynomials in float64: that these are an orthogonalisation is
// what TestMuon in internal/engine/xla/graphs tests.
func TestMuon(t *testing.T) {
	for _, k := range sets() {
		for _, shape := range [][2]int{{1, 9}, {8, 27}, {40, 18}, {24, 216}, {13, 13}, {70, 300}} {
			t.Run(fmt.Sprintf("%s/%dx%d", k.Name, shape[0], shape[1]), func(t *testing.T) {
				m := Muon{engine.Muon{Momentum: 0.6, Polynomial: [3]float64{3.4445, -4.7750, 2.0315}}, 0.1, true}
				if shape[0] == 24 { // the other form
					m = Muon{engine.Muon{Momentum: 0.655, WeightDecay: 0.3, Polynomial: [3]float64{3.4576, -4.7391, 2.0843}}, 0.1, false}
				}
				rng := rand.New(rand.NewPCG(3, 4))
				n := shape[0] * shape[1]
				lent := &arena{}
				w, v := normal32(rng, n), make([]float32, n)
				wantW, wantV := wide64(w), wide64(v)
				for range 2 {
					g := normal32(rng, n)
					m.update(k, lent, w, v, g, shape[0])
					muon64(wantW, wantV, wide64(g), shape[0], m)
				}
				checkAll(t, "w", w, wantW, 1e-5)
				checkAll(t, "v", v, wantV, 1e-6)
			})
		}
	}
}

// BenchmarkMuon moves banks of airbench94.
func BenchmarkMuon(b *testing.B) {
	for _, shape := range [][2]int{{64, 216}, {256, 576}, {256, 2304}} {
		b.Run(fmt.Sprintf("%dx%d", shape[0], shape[1]), func(b *testing.B) {
			m := Muon{engine.Muon{Momentum: 0.6, Polynomial: [3]float64{3.4445, -4.7750, 2.0315}}, 0.1, true}
			rng := rand.New(rand.NewPCG(1, 2))
			n := shape[0] * shape[1]
			w, v, g := normal32(rng, n), make([]float32, n), normal32(rng, n)
			lent := &arena{}
			b.ReportAllocs()
			for b.Loop() {
				m.update(kernels.Available()[0], lent, w, v, g, shape[0])
			}
		})
	}
}

// muon64 is a step in place, without the shorter side's products.
func muon64(w, v, g []float64, rows int, m Muon) {
	columns := len(w) / rows
	norm := func(x []float64) float64 {
		total := 0.0
		for _, v := range x {
			total += v * v
		}
		return math.Sqrt(total)
	}
	x := make([]float64, len(w))
	for i := range v {
		v[i] = m.Momentum*v[i] + g[i]
		x[i] = g[i] + m.Momentum*v[i]
	}
	size := norm(x) + 1e-7
	for i := range x {
		x[i] /= size
	}
	product := func(a, b []float64, n, k, columns int) []float64 { // [n][k] · [k][columns]
		c := make([]float64, n*columns)
		for i := range n {
			for l := range k {
				for j := range columns {
					c[i*columns+j] += a[i*k+l] * b[l*columns+j]
				}
			}
		}
		return c
	}
	for range 3 {
		transposed := make([]float64, len(x))
		for i := range x {
			transposed[i%columns*rows+i/columns] = x[i]
		}
		s := product(x, transposed, rows, columns, rows)
		ssx := product(s, product(s, x, rows, rows, columns), rows, rows, columns)
		sx := product(s, x, rows, rows, columns)
		for i := range x {
			x[i] = m.Polynomial[0]*x[i] + m.Polynomial[1]*sx[i] + m.Polynomial[2]*ssx[i]
		}
	}
	scale := 1.
	if m.Rescale {
		scale = math.Sqrt(float64(rows)) / norm(w)
	}
	for i := range w {
		w[i] = (w[i]*scale - float64(m.Rate)*x[i]) * (1 - float64(m.Rate)*m.WeightDecay)
	}
}

func normal32(rng *rand.Rand, n int) []float32 {
	values := make([]float32, n)
	for i := range values {
		values[i] = float32(rng.NormFloat64())
	}
	return values
}

func wide64(values []float32) []float64 {
	w := make([]float64, len(values))
	for i, v := range values {
		w[i] = float64(v)
	}
	return w
}

// checkAll fails unless values are as wanted, up to a share of the largest.
func checkAll(t *testing.T, name string, got []float32, want []float64, tolerance float64) {
	t.Helper()
	largest, off := 0.0, 0.0
	for i, v := range want {
		largest, off = max(largest, math.Abs(v)), max(off, math.Abs(float64(got[i])-v))
	}
	if !(off <= tolerance*largest) {
		t.Errorf("%s is off by %.1e of the largest value", name, off/largest)
	}
}
