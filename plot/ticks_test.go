package plot

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLabels(t *testing.T) {
	for _, test := range []struct {
		name string
		axis axis
		want []string
	}{
		{"to a round number", linear(0, 0.93, 5, false, true), []string{"0", "0.2", "0.4", "0.6", "0.8", "1.0"}},
		{"of one value", linear(4, 4, 4, false, true), []string{"2", "3", "4", "5", "6"}},
		{"of nothing but 0", linear(0, 0, 4, false, true), []string{"0", "0.5", "1.0"}},
		{"of next to nothing", linear(0, math.SmallestNonzeroFloat64, 4, false, true), []string{"0", "0.5", "1.0"}},
		{"small", linear(0, 4e-7, 4, false, true), []string{"0", "1e−7", "2e−7", "3e−7", "4e−7"}},
		{"decades", logarithmic(1e-3, 10, 6), []string{"0.001", "0.01", "0.1", "1", "10"}},
		{"decades with little room", logarithmic(1e-4, 10, 3), []string{"0.0001", "0.01", "1"}},
		{"decades between powers of ten", logarithmic(2e-4, 0.5, 3), []string{"0.001", "0.01", "0.1"}},
		{"decades between powers of ten, with little room", logarithmic(2e-5, 0.5, 3), []string{"0.0001", "0.01"}},
		{"two decades", logarithmic(1e-3, 1e-1, 6), []string{"0.001", "0.002", "0.005", "0.01", "0.02", "0.05", "0.1"}},
		{"a decade", logarithmic(0.3, 3, 6), []string{"0.5", "1", "2"}},
		{"no power of ten, and none of its doubles and halves", logarithmic(3, 4.2, 6), []string{"3.0", "3.2", "3.4", "3.6", "3.8", "4.0", "4.2"}},
		{"one of them", logarithmic(0.0021, 0.0099, 4), []string{"0.004", "0.006", "0.008"}},
		{"of one rate", logarithmic(3, 3, 6), []string{"2", "5"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, tick := range test.axis.ticks {
				if tick.label != "" {
					got = append(got, tick.label)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("labels (-want +got):\n%s", diff)
			}
		})
	}
}

// Labels that would run into each other are left out; those that stay are apart, however short the axis is.
func TestSpaced(t *testing.T) {
	x := linear(0, 1e6, 5, false, true)
	for _, length := range []float64{600, 200, 60, 0} {
		end, labels := math.Inf(-1), 0
		for _, tick := range x.spaced(length) {
			if tick.label == "" {
				continue
			}
			at, half := length*x.share(tick.at), widthOf(tick.label, smallSize, false)/2
			if at-half <= end {
				t.Errorf("%g pixels: %s begins before the label to its left ends", length, tick.label)
			}
			end = at + half
			labels++
		}
		if all := length == 600; labels == 0 || all != (labels == len(x.ticks)) {
			t.Errorf("%g pixels: %d of %d labels", length, labels, len(x.ticks))
		}
	}
}
