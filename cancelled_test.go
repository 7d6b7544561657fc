package fastresnet_test

import (
	"context"
	"errors"
	"regexp"
	"testing"
	"time"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/internal/testbackend"
)

func TestCancelledRunReturnsWhatItHas(t *testing.T) {
	set := synthetic(t, 64, 1)
	testbackend.Each(t, func(t *testing.T, backend string) {
		ctx, cancel := context.WithCancel(context.Background())
		var cancelled time.Time
		result, err := fastresnet.Train(ctx, fastresnet.WithDataset(set, set), fastresnet.WithBackend(backend), fastresnet.WithArchitecture(tinyNetwork()),
			fastresnet.WithBatchSize(16), fastresnet.WithEpochs(3), fastresnet.WithProgress(fastresnet.Observer{Step: func(p fastresnet.Progress) {
				if p.Epoch == 2 && p.Step == 2 {
					cancelled = time.Now()
					cancel()
				}
			}}))
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("error %v, want context.Canceled", err)
		}
		if took := time.Since(cancelled); took > 2*time.Second {
			t.Errorf("Train went on for %v", took)
		}
		defer result.Model.Close()
		if len(result.Epochs) != 2 || result.Epochs[0].Partial || !result.Epochs[1].Partial || result.Epochs[1].Images != 32 {
			t.Errorf("epochs %+v, want a whole one and a partial one of 32 images", result.Epochs)
		}
		if result.TestAccuracy() != result.Epochs[0].TestAccuracy {
			t.Errorf("test accuracy %g, want that of the last test, %g", result.TestAccuracy(), result.Epochs[0].TestAccuracy)
		}
		if _, err := result.Model.Predict(context.Background(), set.Image(0)); err != nil {
			t.Errorf("the partial model does not predict: %v", err)
		}
	})
}

func TestCancelledBeforeItStarts(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	result, err := fastresnet.Train(ctx, fastresnet.WithDataset(synthetic(t, 20, 1), nil), fastresnet.WithBatchSize(4), fastresnet.WithBackend("go"))
	if result != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("Train = %v, %v; want nil and context.Canceled", result, err)
	}
}

func TestCancelledBeforeTheFirstStep(t *testing.T) {
	set := synthetic(t, 20, 1)
	testbackend.Each(t, func(t *testing.T, backend string) {
		ctx, cancel := context.WithCancel(context.Background())
		result, err := fastresnet.Train(ctx, fastresnet.WithDataset(set, nil), fastresnet.WithBatchSize(4), fastresnet.WithBackend(backend),
			fastresnet.WithArchitecture(tinyNetwork()), fastresnet.WithProgress(fastresnet.Observer{Start: func(*fastresnet.Result) { cancel() }}))
		if result != nil || !errors.Is(err, context.Canceled) {
			t.Errorf("Train = %v, %v; want nil and context.Canceled", result, err)
		}
	})
}

func TestCancelledRunSaysWhere(t *testing.T) {
	set := synthetic(t, 64, 1)
	for _, tt := range []struct {
		name     string
		stopping func(stop func()) fastresnet.Observer
		want     string
	}{
		{"before the first step", func(stop func()) fastresnet.Observer {
			return fastresnet.Observer{Start: func(*fastresnet.Result) { stop() }}
		}, "context canceled"},
		{"after a step", func(stop func()) fastresnet.Observer {
			return fastresnet.Observer{Step: func(fastresnet.Progress) { stop() }}
		}, "training ended in epoch 1 of 3: context canceled"},
		{"after the last step of an epoch, which is not tested", func(stop func()) fastresnet.Observer {
			return fastresnet.Observer{Step: func(p fastresnet.Progress) {
				if p.Epoch == 2 && p.Step == p.Steps {
					stop()
				}
			}}
		}, "training ended in epoch 2 of 3: context canceled"},
		{"between two epochs", func(stop func()) fastresnet.Observer {
			return fastresnet.Observer{Epoch: func(e fastresnet.Epoch) {
				if e.Number == 2 {
					stop()
				}
			}}
		}, "training ended after epoch 2 of 3: context canceled"},
	} {
		for kind, opts := range map[string][]fastresnet.Option{"all images": nil, "a selection": {selecting()}} {
			t.Run(tt.name+"/"+kind, func(t *testing.T) {
				ctx, stop := context.WithCancelCause(context.Background())
				result, err := fastresnet.Train(ctx, append(opts, fastresnet.WithDataset(set, set), fastresnet.WithBackend("go"),
					fastresnet.WithArchitecture(tinyNetwork()), fastresnet.WithBatchSize(32), fastresnet.WithEpochs(3),
					fastresnet.WithProgress(tt.stopping(func() { stop(errors.New("a signal")) })))...)
				if !errors.Is(err, context.Canceled) || err.Error() != tt.want {
					t.Errorf("error %v, want %s", err, tt.want)
				}
				if result != nil {
					result.Model.Close()
				}
			})
		}
	}
}

// countdown ends when it has been asked n times whether it has.
type countdown struct {
	context.Context
	n    int
	stop func()
}

func (c *countdown) Err() error {
	if c.n--; c.n == 0 {
		c.stop()
	}
	return c.Context.Err()
}

// Wherever a run looks at its context: once there is a result, the error says where the run was.
func TestCancelledAnywhereSaysWhere(t *testing.T) {
	set := synthetic(t, 64, 1)
	placed := regexp.MustCompile(`^training ended (in|after) epoch [12] of 2: context canceled$`)
	for n := 1; ; n++ {
		inner, stop := context.WithCancel(context.Background())
		result, err := fastresnet.Train(&countdown{inner, n, stop}, fastresnet.WithDataset(set, set), fastresnet.WithBackend("go"),
			fastresnet.WithArchitecture(tinyNetwork()), fastresnet.WithBatchSize(32), fastresnet.WithEpochs(2), selecting())
		stop()
		if result != nil {
			result.Model.Close()
		}
		if err == nil {
			if n < 10 {
				t.Errorf("the run looked at its context %d times, want every step and test", n-1)
			}
			return
		}
		if !errors.Is(err, context.Canceled) || placed.MatchString(err.Error()) != (result != nil) {
			t.Errorf("ended when asked %d times: a result %t, error %v", n, result != nil, err)
		}
	}
}
