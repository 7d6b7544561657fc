package quantized_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet/internal/quantized"
	"github.com/google/go-cmp/cmp"
)

func TestRound(t *testing.T) {
	const smallest = 0x1p-126
	tests := []struct {
		label            string
		values           []float32
		channels         int
		integers, scales []float32
	}{
		{"both signs", []float32{127, -63.4, 0}, 1, []float32{127, -63, 0}, []float32{1}},
		{"halves become even", []float32{-127, 0.5, 1.5, -2.5}, 1, []float32{-127, 0, 2, -2}, []float32{1}},
		{"a channel each", []float32{254, 1, -63.5, 63.5}, 2, []float32{127, 0, -127, 127}, []float32{2, 0.5}},
		{"a channel of zeros", []float32{0, float32(math.Copysign(0, -1)), 127, 127}, 2, []float32{0, 0, 127, 127}, []float32{1, 1}},
		{"a scale of 16 bits", []float32{127 * (1 + 0x1p-16)}, 1, []float32{127}, []float32{1}},
		{"next to nothing", []float32{-126 * smallest}, 1, []float32{0}, []float32{1}},
		{"the smallest scale", []float32{-127 * smallest, 64 * smallest}, 1, []float32{-127, 64}, []float32{smallest}},
	}
	for _, tt := range tests {
		t.Run(tt.label, func(t *testing.T) {
			integers, scales := quantized.Round(tt.values, tt.channels)
			if diff := cmp.Diff(tt.integers, integers); diff != "" {
				t.Errorf("integers (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.scales, scales); diff != "" {
				t.Errorf("scales (-want +got):\n%s", diff)
			}
			if i := slices.IndexFunc(integers, func(v float32) bool { return v == 0 && math.Signbit(float64(v)) }); i >= 0 {
				t.Errorf("integer %d is a negative zero", i)
			}
		})
	}
}

// Values of every magnitude come back within half a scale, finite, and round to the same again.
func TestRestore(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 100_000 {
		values := make([]float32, 4)
		exponent := random.IntN(253) - 126
		for i := range values {
			values[i] = float32(math.Ldexp(2*random.Float64()-1, exponent))
		}
		checkRestored(t, values)
	}
	checkRestored(t, []float32{math.MaxFloat32, -math.MaxFloat32, 1})
}

func checkRestored(t *testing.T, values []float32) {
	t.Helper()
	integers, scales := quantized.Round(values, 1)
	restored, err := quantized.Restore(integers, scales)
	if err != nil {
		t.Fatal(err)
	}
	largest := 0.0
	for _, v := range values {
		largest = max(largest, math.Abs(float64(v)))
	}
	within := float64(scales[0]) / 2
	if largest < 127*0x1p-126 {
		within = largest // next to nothing
	}
	for i, v := range restored {
		if d := math.Abs(float64(v) - float64(values[i])); !(d <= within) {
			t.Fatalf("%g of %g comes back as %g, %g away", values[i], values, v, d)
		}
	}
	again, sameScales := quantized.Round(restored, 1)
	if !slices.Equal(again, integers) || !slices.Equal(sameScales, scales) {
		t.Fatalf("%g is %g of scale %g, and when it is rounded again %g of scale %g", values, integers, scales, again, sameScales)
	}
}

func TestRestoreRefuses(t *testing.T) {
	tests := []struct {
		label            string
		integers, scales []float32
		says             string
	}{
		{"a scale of 0", []float32{1, 1}, []float32{1, 0}, "scale 0 of channel 1"},
		{"a negative scale", []float32{1}, []float32{-1}, "scale -1"},
		{"an infinite scale", []float32{1}, []float32{float32(math.Inf(1))}, "scale +Inf"},
		{"a scale that is no number", []float32{1}, []float32{float32(math.NaN())}, "scale NaN"},
		{"-128, which has no opposite", []float32{-128}, []float32{1}, "integer -128"},
	}
	for _, tt := range tests {
		t.Run(tt.label, func(t *testing.T) {
			if _, err := quantized.Restore(tt.integers, tt.scales); err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error %v, want one that says %q", err, tt.says)
			}
		})
	}
}
