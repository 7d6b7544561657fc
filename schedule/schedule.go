package schedule

import (
	"errors"
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"
)

// ErrInvalid is wrapped by the errors of [Schedule.Validate].
var ErrInvalid = errors.New("invalid schedule")

// Knot is a point that a schedule goes through.
type Knot struct {
	Epoch float64 `json:"epoch"` // passes over the training set since the start, 0 or more
	Rate  float64 `json:"rate"`  // learning rate at that moment, for the mean loss, 0 or more
}

// Schedule is the learning rate as a function of the epoch: straight lines from knot to knot, in
// order of their epochs, and held before the first and after the last.
//
// No method changes the schedule it is called on. All of them can be called on an invalid
// schedule, and return what comes of it.
type Schedule []Knot

// At returns the rate at an epoch, which may be a fraction: step i, counted from 1, of an epoch
// of n steps uses the rate at i/n epochs after its start.
//
// Before the first knot and after the last, the rate is theirs, as in NumPy's interp. A schedule
// without knots is 0 everywhere, and the rate at NaN is NaN. Between the knots of a valid schedule
// no rate is negative, not even by rounding.
func (s Schedule) At(epoch float64) float64 {
	if math.IsNaN(epoch) {
		return epoch
	}
	i := sort.Search(len(s), func(i int) bool { return s[i].Epoch > epoch })
	switch {
	case len(s) == 0:
		return 0
	case i == 0:
		return s[0].Rate
	case i == len(s):
		return s[i-1].Rate
	}
	a, b := s[i-1], s[i]
	part := (epoch - a.Epoch) / (b.Epoch - a.Epoch)
	// The conversion keeps the product from being fused into the sum, so that the rate is the
	// same on every processor.
	return a.Rate + float64((b.Rate-a.Rate)*part)
}

// Validate reports whether a run can follow the schedule. The error wraps [ErrInvalid] and reports
// every problem together, each with the number of its knot, counted from 0: no knots, epochs or
// rates that are negative or not finite, epochs that are not greater than the one before.
func (s Schedule) Validate() error {
	var problems []error
	if len(s) == 0 {
		problems = append(problems, errors.New("no knots: at least one is needed"))
	}
	for i, knot := range s {
		for _, number := range []struct {
			name  string
			value float64
		}{{"epoch", knot.Epoch}, {"rate", knot.Rate}} {
			if math.IsNaN(number.value) || math.IsInf(number.value, 0) {
				problems = append(problems, fmt.Errorf("knot %d: %s %v is not finite", i, number.name, number.value))
			} else if number.value < 0 {
				problems = append(problems, fmt.Errorf("knot %d: %s %v is negative", i, number.name, number.value))
			}
		}
		if i > 0 && knot.Epoch <= s[i-1].Epoch {
			problems = append(problems, fmt.Errorf("knot %d: epoch %v is not greater than epoch %v of knot %d",
				i, knot.Epoch, s[i-1].Epoch, i-1))
		}
	}
	if len(problems) == 0 {
		return nil
	}
	return fmt.Errorf("%w: %w", ErrInvalid, errors.Join(problems...))
}

// Peak returns the highest rate; 0 without knots.
func (s Schedule) Peak() float64 {
	if len(s) == 0 {
		return 0
	}
	peak := s[0].Rate
	for _, knot := range s {
		peak = max(peak, knot.Rate)
	}
	return peak
}

// End returns the epoch of the last knot, from which on the rate stays the same; 0 without knots.
func (s Schedule) End() float64 {
	if len(s) == 0 {
		return 0
	}
	return s[len(s)-1].Epoch
}

// String returns the knots as epoch:rate, such as "0:0 5:0.4 24:0".
func (s Schedule) String() string {
	var text strings.Builder
	for i, knot := range s {
		if i > 0 {
			text.WriteByte(' ')
		}
		text.WriteString(strconv.FormatFloat(knot.Epoch, 'g', -1, 64))
		text.WriteByte(':')
		text.WriteString(strconv.FormatFloat(knot.Rate, 'g', -1, 64))
	}
	return text.String()
}
