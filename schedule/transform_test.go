package schedule_test

import (
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/fastresnet/fastresnet/schedule"
	"github.com/google/go-cmp/cmp"
)

func TestTransform(t *testing.T) {
	tests := []struct {
		name   string
		source schedule.Schedule
		change func(schedule.Schedule) schedule.Schedule
		want   schedule.Schedule
	}{
		{"scale", rung18, scale(0.5), schedule.Schedule{{0, 0}, {5, 0.2}, {24, 0}}},
		{"scale without knots", nil, scale(2), nil},
		{"stretch", rung18, stretch(2), schedule.Schedule{{0, 0}, {10, 0.4}, {48, 0}}},
		{"warm up a constant", schedule.Constant(0.1), warmUp(5), schedule.Schedule{{0, 0}, {5, 0.1}}},
		{"warm up to a knot", schedule.Schedule{{0, 1}, {4, 0.5}, {8, 0}}, warmUp(4),
			schedule.Schedule{{0, 0}, {4, 0.5}, {8, 0}}},
		{"warm up between knots", schedule.Schedule{{0, 1}, {4, 0.5}, {8, 0}}, warmUp(6),
			schedule.Schedule{{0, 0}, {6, 0.25}, {8, 0}}},
		{"warm up beyond the end", schedule.Schedule{{0, 1}, {4, 0.5}}, warmUp(6),
			schedule.Schedule{{0, 0}, {6, 0.5}}},
		{"warm up to an end at 0", rung18, warmUp(24), schedule.Schedule{{0, 0}, {24, 0}}},
		{"warm up for no time", rung18, warmUp(0), rung18},
		{"warm up without knots", nil, warmUp(2), nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			before := slices.Clone(test.source)
			got := test.change(test.source)
			if diff := cmp.Diff(test.want, got, tolerance); diff != "" {
				t.Errorf("result (-want +got):\n%s", diff)
			}
			for i := range got {
				got[i] = knot(-1, -1)
			}
			if diff := cmp.Diff(before, test.source); diff != "" {
				t.Errorf("source after changing the result (-before +after):\n%s", diff)
			}
		})
	}
}

// What a transformation makes of a bad argument is for Validate to find.
func TestBadTransformIsInvalid(t *testing.T) {
	tests := []struct {
		name   string
		change func(schedule.Schedule) schedule.Schedule
	}{
		{"scale by NaN", scale(math.NaN())},
		{"scale by a negative factor", scale(-1)},
		{"stretch by 0", stretch(0)},
		{"stretch by infinity", stretch(math.Inf(1))},
		{"warm up for NaN", warmUp(math.NaN())},
		{"warm up for a negative time", warmUp(-3)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := test.change(rung18)
			if err := got.Validate(); !errors.Is(err, schedule.ErrInvalid) {
				t.Errorf("(%v).Validate() = %v, want an error that wraps ErrInvalid", got, err)
			}
		})
	}
}

func TestPiecewiseLinearCopies(t *testing.T) {
	knots := []schedule.Knot{knot(0, 0.1), knot(1, 0)}
	s := schedule.PiecewiseLinear(knots...)
	knots[0].Rate = 7
	if got := s.At(0); got != 0.1 {
		t.Errorf("rate after changing the argument is %v, want 0.1", got)
	}
}

func scale(factor float64) func(schedule.Schedule) schedule.Schedule {
	return func(s schedule.Schedule) schedule.Schedule { return s.Scale(factor) }
}

func stretch(factor float64) func(schedule.Schedule) schedule.Schedule {
	return func(s schedule.Schedule) schedule.Schedule { return s.Stretch(factor) }
}

func warmUp(epochs float64) func(schedule.Schedule) schedule.Schedule {
	return func(s schedule.Schedule) schedule.Schedule { return s.WarmUp(epochs) }
}
