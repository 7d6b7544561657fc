package fastresnet_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/fastresnet/fastresnet"
)

func TestSteepestRate(t *testing.T) {
	// falling is a curve that falls the fastest at a rate of 0.1, with some noise, and rises at its end.
	falling := func(n int, noise float64) (curve []fastresnet.RatePoint) {
		rng := rand.New(rand.NewPCG(1, 2))
		for i := range n {
			x := float64(i) / float64(n-1)
			loss := 2.3 - 1.5/(1+math.Exp(-15*(x-0.5))) + 4*math.Exp(50*(x-1)) + noise*rng.NormFloat64()
			curve = append(curve, fastresnet.RatePoint{Step: i + 1, Rate: 1e-3 * math.Pow(1e4, x), Loss: loss})
		}
		return curve
	}
	rising := falling(100, 0)
	for i := range rising {
		rising[i].Loss = float64(i)
	}
	lost := falling(100, 0)
	for i := range lost {
		lost[i].Loss = math.NaN()
	}
	for _, tt := range []struct {
		name   string
		curve  []fastresnet.RatePoint
		want   float64 // the rate; 0 for none
		factor float64 // that it is off by at most
	}{
		{"smooth", falling(100, 0), 0.1, 1.1},
		{"noise", falling(100, 0.03), 0.1, 2.5},
		{"few steps", falling(10, 0), 0.1, 2.8},
		{"too few steps", falling(9, 0), 0, 0},
		{"none", nil, 0, 0},
		{"rises", rising, 0, 0},
		{"no numbers", lost, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rate, ok := fastresnet.SteepestRate(tt.curve)
			if ok != (tt.want > 0) {
				t.Fatalf("%g, %t", rate, ok)
			}
			if ok && (rate > tt.want*tt.factor || rate < tt.want/tt.factor) {
				t.Errorf("%g, want some %g", rate, tt.want)
			}
		})
	}
}
