package schedule

import "slices"

// PiecewiseLinear returns the schedule that goes through these knots, of which it takes a copy.
func PiecewiseLinear(knots ...Knot) Schedule { return slices.Clone(knots) }

// Constant returns the schedule that has the same rate at all times.
func Constant(rate float64) Schedule { return Schedule{{0, rate}} }

// OneCycle returns the schedule that rises from 0 to the peak at peakEpoch and falls to 0 at the end of the epochs.
//
// Source: the series "How to train your ResNet", which settles on OneCycle(0.4, 5, 24) at batch size 512.
func OneCycle(peak, peakEpoch, epochs float64) Schedule {
	return Schedule{{0, 0}, {peakEpoch, peak}, {epochs, 0}}
}
