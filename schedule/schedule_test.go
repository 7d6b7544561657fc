package schedule_test

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet/schedule"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// tolerance allows for rounding in the last places of rates below 1.
var tolerance = cmpopts.EquateApprox(0, 1e-15)

// The schedules of the rungs of the published ladder.
var (
	rung1  = schedule.PiecewiseLinear(knot(0, 0), knot(15, 0.1), knot(30, 0.005), knot(35, 0))
	rung5  = schedule.PiecewiseLinear(knot(0, 0), knot(15, 0.44), knot(30, 0.005), knot(35, 0))
	rung7  = schedule.OneCycle(0.4, 8, 30)
	rung8  = schedule.OneCycle(0.6, 8, 30)
	rung15 = schedule.OneCycle(0.4, 12, 60)
	rung18 = schedule.OneCycle(0.4, 5, 24)
)

func knot(epoch, rate float64) schedule.Knot { return schedule.Knot{Epoch: epoch, Rate: rate} }

func TestAt(t *testing.T) {
	const (
		steps128 = 391. // an epoch of 50,000 images at batch 128, the incomplete batch kept
		steps512 = 98.  // the same at batch 512
	)
	one := schedule.Constant(0.1)
	tests := []struct {
		name     string
		schedule schedule.Schedule
		epoch    float64
		want     float64
	}{
		{"rung 1 at the start", rung1, 0, 0},
		{"rung 1, first step", rung1, 1 / steps128, 0.1 / 15 / steps128},
		{"rung 1, step 200 of epoch 3", rung1, 2 + 200/steps128, 0.1 * (2 + 200/steps128) / 15},
		{"rung 1 at its peak", rung1, 15, 0.1},
		{"rung 1 falling", rung1, 22.5, (0.1 + 0.005) / 2},
		{"rung 1 at its third knot", rung1, 30, 0.005},
		{"rung 1, step 1 after it", rung1, 30 + 1/steps128, 0.005 * (1 - 1/steps128/5)},
		{"rung 1, last step", rung1, 35, 0},
		{"rung 5, last step of epoch 1", rung5, 1, 0.44 / 15},
		{"rung 5 falling", rung5, 18, 0.44 - 0.435/5},
		{"rung 5 near its end", rung5, 34, 0.001},
		{"rung 7 rising", rung7, 2, 0.1},
		{"rung 7 at its peak", rung7, 8, 0.4},
		{"rung 7 falling", rung7, 19, 0.2},
		{"rung 7 at its end", rung7, 30, 0},
		{"rung 8 at its peak", rung8, 8, 0.6},
		{"rung 8 falling", rung8, 24.5, 0.15},
		{"rung 15 rising", rung15, 9, 0.3},
		{"rung 15 falling", rung15, 48, 0.1},
		{"rung 18, first step", rung18, 1 / steps512, 0.4 / 5 / steps512},
		{"rung 18, step 49 of epoch 1", rung18, 49 / steps512, 0.04},
		{"rung 18 at its peak", rung18, 5, 0.4},
		{"rung 18, first step after it", rung18, 5 + 1/steps512, 0.4 * (1 - 1/steps512/19)},
		{"rung 18 halfway down", rung18, 14.5, 0.2},
		{"rung 18, last step but one", rung18, 23 + 97/steps512, 0.4 / 19 / steps512},
		{"rung 18, last step", rung18, 24, 0},

		{"before the first knot", schedule.PiecewiseLinear(knot(2, 0.3), knot(4, 0.1)), 1, 0.3},
		{"after the last knot", schedule.PiecewiseLinear(knot(2, 0.3), knot(4, 0.1)), 5, 0.1},
		{"at minus infinity", one, math.Inf(-1), 0.1},
		{"at infinity", one, math.Inf(1), 0.1},
		{"at NaN", one, math.NaN(), math.NaN()},
		{"no knots", nil, 3, 0},
		{"no knots at NaN", nil, math.NaN(), math.NaN()},
		{"one cycle, quarter", schedule.OneCycle(0.8, 5, 10), 2.5, 0.4},
		{"one cycle, half", schedule.OneCycle(0.8, 5, 10), 5, 0.8},
		{"one cycle, end", schedule.OneCycle(0.8, 5, 10), 10, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := test.schedule.At(test.epoch)
			if diff := cmp.Diff(test.want, got, tolerance, cmpopts.EquateNaNs()); diff != "" {
				t.Errorf("(%v).At(%v) (-want +got):\n%s", test.schedule, test.epoch, diff)
			}
		})
	}
}

// Knots are hit exactly, and no rate is negative, whatever the rounding.
func TestAtIsExactAtKnotsAndNeverNegative(t *testing.T) {
	for _, s := range []schedule.Schedule{rung1, rung5, rung7, rung8, rung15, rung18} {
		for i, k := range s {
			if got := s.At(k.Epoch); got != k.Rate {
				t.Errorf("(%v): rate at knot %d is %v, want %v exactly", s, i, got, k.Rate)
			}
			if got := s.At(math.Nextafter(k.Epoch, 0)); got < 0 {
				t.Errorf("(%v): rate just before knot %d is negative: %v", s, i, got)
			}
		}
	}
}

func TestValidate(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	tests := []struct {
		name     string
		schedule schedule.Schedule
		problems []string // in order; none if the schedule is valid
	}{
		{"published", rung1, nil},
		{"one knot", schedule.Constant(0.1), nil},
		{"rate 0", schedule.Constant(0), nil},
		{"starting late", schedule.PiecewiseLinear(knot(3, 0.1), knot(4, 0)), nil},
		{"nil", nil, []string{"no knots: at least one is needed"}},
		{"empty", schedule.Schedule{}, []string{"no knots: at least one is needed"}},
		{"no epochs", schedule.OneCycle(0.1, 0, 0), []string{
			"knot 1: epoch 0 is not greater than epoch 0 of knot 0",
			"knot 2: epoch 0 is not greater than epoch 0 of knot 1",
		}},
		{"out of order", schedule.OneCycle(0.4, 30, 24), []string{
			"knot 2: epoch 24 is not greater than epoch 30 of knot 1",
		}},
		{"negative rate", rung18.Scale(-1), []string{"knot 1: rate -0.4 is negative"}},
		{"everything at once", schedule.PiecewiseLinear(knot(-1, nan), knot(nan, -2), knot(inf, inf), knot(3, 0.1)), []string{
			"knot 0: epoch -1 is negative",
			"knot 0: rate NaN is not finite",
			"knot 1: epoch NaN is not finite",
			"knot 1: rate -2 is negative",
			"knot 2: epoch +Inf is not finite",
			"knot 2: rate +Inf is not finite",
			"knot 3: epoch 3 is not greater than epoch +Inf of knot 2",
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := test.schedule.Validate()
			if len(test.problems) == 0 {
				if err != nil {
					t.Fatalf("Validate() = %v, want nil", err)
				}
				return
			}
			if !errors.Is(err, schedule.ErrInvalid) {
				t.Fatalf("Validate() = %v, want an error that wraps ErrInvalid", err)
			}
			got := strings.Split(strings.TrimPrefix(err.Error(), "invalid schedule: "), "\n")
			if diff := cmp.Diff(test.problems, got); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPeakAndEnd(t *testing.T) {
	tests := []struct {
		name      string
		schedule  schedule.Schedule
		peak, end float64
	}{
		{"inside", rung18, 0.4, 24},
		{"constant", schedule.Constant(0.1), 0.1, 0},
		{"no knots", nil, 0, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := test.schedule.Peak(); got != test.peak {
				t.Errorf("Peak() = %v, want %v", got, test.peak)
			}
			if got := test.schedule.End(); got != test.end {
				t.Errorf("End() = %v, want %v", got, test.end)
			}
		})
	}
}

func TestJSON(t *testing.T) {
	const want = `[{"epoch":0,"rate":0},{"epoch":5,"rate":0.4},{"epoch":24,"rate":0}]`
	text, err := json.Marshal(rung18)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
	var back schedule.Schedule
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(rung18, back); diff != "" {
		t.Errorf("from JSON (-want +got):\n%s", diff)
	}
}
