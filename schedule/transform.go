package schedule

import "slices"

// Scale returns the schedule with every rate multiplied by factor, as for another batch size.
func (s Schedule) Scale(factor float64) Schedule {
	scaled := slices.Clone(s)
	for i := range scaled {
		scaled[i].Rate *= factor
	}
	return scaled
}

// Stretch returns the schedule with every epoch multiplied by factor, for a longer or shorter run.
func (s Schedule) Stretch(factor float64) Schedule {
	stretched := slices.Clone(s)
	for i := range stretched {
		stretched[i].Epoch *= factor
	}
	return stretched
}

// WarmUp returns the schedule with its first epochs replaced by a straight line from 0 to the rate
// that it has at their end. With 0 epochs, or without knots, it is the same schedule. With
// as many as the schedule has, or more, only the line is left, to the rate of the last knot, which is
// then held: a schedule that ends at 0 becomes 0 throughout.
func (s Schedule) WarmUp(epochs float64) Schedule {
	if epochs == 0 || len(s) == 0 {
		return slices.Clone(s)
	}
	warm := Schedule{{0, 0}, {epochs, s.At(epochs)}}
	for _, knot := range s {
		if knot.Epoch > epochs {
			warm = append(warm, knot)
		}
	}
	return warm
}
