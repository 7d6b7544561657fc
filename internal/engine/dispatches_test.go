package engine

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// fakeStepper takes no steps, and notes down when it should. It can take three in one dispatch.
type fakeStepper struct {
	Stepper
	ends  []int // of dispatches, in steps of the epoch
	moved []int // the steps after which the averages moved
}

func (s *fakeStepper) StartEpoch(Epoch) error      { return nil }
func (s *fakeStepper) PerDispatch(int) int         { return 3 }
func (s *fakeStepper) LossSum() float64            { return math.NaN() }
func (s *fakeStepper) Metrics() ([]float32, error) { return make([]float32, NumMetrics), nil }

func (s *fakeStepper) Step(step, _, count int) error {
	s.ends = append(s.ends, step+count)
	return nil
}

func (s *fakeStepper) MoveAverages(float64) error {
	s.moved = append(s.moved, s.ends[len(s.ends)-1])
	return nil
}

// Several steps are one dispatch only where as many are left, and no averages move between them.
func TestDispatchesEndWhereAveragesMove(t *testing.T) {
	for _, tt := range []struct {
		name     string
		every    int // steps, for averages
		averaged int // steps, before the epoch
		steps    int
		images   int
		ends     []int
		moved    []int
	}{
		{"no averages", 0, 0, 11, 22, []int{1, 2, 3, 6, 9, 10, 11}, nil},
		{"an epoch that is cut short", 0, 0, 7, 22, []int{1, 2, 3, 6, 7}, nil},
		{"a last batch that is not full", 0, 0, 9, 17, []int{1, 2, 3, 6, 7, 8, 9}, nil},
		{"averages after each dispatch", 3, 0, 9, 18, []int{1, 2, 3, 6, 9}, []int{3, 6, 9}},
		{"averages between dispatches", 4, 0, 12, 24, []int{1, 2, 3, 4, 7, 8, 11, 12}, []int{4, 8, 12}},
		{"averages after each two steps", 2, 0, 6, 12, []int{1, 2, 3, 4, 5, 6}, []int{2, 4, 6}},
		{"averages of steps of an earlier epoch", 5, 3, 12, 24, []int{1, 2, 3, 6, 7, 10, 11, 12}, []int{2, 7, 12}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := new(fakeStepper)
			cfg := Config{Batch: 2, KeepIncomplete: true, Average: Average{Every: tt.every}}
			trainer := Trainer{cfg: cfg, train: synthetic(t, tt.images), stepper: s, pacing: pacing{limit: math.MaxInt64}, averaged: tt.averaged}
			m, err := trainer.Epoch(t.Context(), 1, make(Moves, tt.steps), func(Progress) {})
			if err != nil || m.Steps != tt.steps || m.Examples != min(2*tt.steps, tt.images) {
				t.Errorf("%d steps over %d images, error %v; want %d", m.Steps, m.Examples, err, tt.steps)
			}
			if diff := cmp.Diff(tt.ends, s.ends); diff != "" {
				t.Errorf("dispatches end (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.moved, s.moved); diff != "" {
				t.Errorf("averages move (-want +got):\n%s", diff)
			}
		})
	}
}
