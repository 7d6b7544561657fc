package fastresnet_test

import (
	"context"
	"errors"
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/google/go-cmp/cmp"
)

// late is the pure-Go engine, whose training fails when all is compiled. It notes what is closed.
type late struct {
	engine.Backend
	closed *[]string
	fail   func() error
}

func (l late) Train(ctx context.Context, cfg engine.Config, train *data.Dataset, sizes []int) (engine.Stepper, error) {
	steps, err := l.Backend.Train(ctx, cfg, train, sizes)
	return lateSteps{steps, l}, err
}

func (l late) Close() {
	*l.closed = append(*l.closed, "device")
	l.Backend.Close()
}

type lateSteps struct {
	engine.Stepper
	of late
}

func (s lateSteps) Weights() (weights, last engine.Weights, err error) { return nil, nil, s.of.fail() }

func (s lateSteps) Close() {
	*s.of.closed = append(*s.of.closed, "steps")
	s.Stepper.Close()
}

// A run that fails before its first step closes all that it made, the device at the end.
func TestRunThatCannotBegin(t *testing.T) {
	lost := errors.New("lost")
	for _, tt := range []struct {
		name string
		fail func() error
		want error
	}{
		{"error", func() error { return lost }, lost},
		{"panic", func() error { panic(lost) }, fastresnet.ErrInternal},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var closed []string
			engine.Register(func(_, _ string, o engine.Opening) (*engine.Device, error) {
				d, err := engine.Open("go", o)
				if err == nil {
					d.Backend = late{d.Backend, &closed, tt.fail}
				}
				return d, err
			}, "late")
			result, err := fastresnet.Train(context.Background(), fastresnet.WithDataset(synthetic(t, 40, 1), nil), fastresnet.WithBackend("late"),
				fastresnet.WithArchitecture(tinyNetwork()), fastresnet.WithBatchSize(16))
			if result != nil || !errors.Is(err, tt.want) {
				t.Errorf("Train = %v, %v; want %v", result, err, tt.want)
			}
			if diff := cmp.Diff([]string{"steps", "device"}, closed); diff != "" {
				t.Errorf("closed (-want +got):\n%s", diff)
			}
		})
	}
}
