package fastresnet_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/testbackend"
	"github.com/fastresnet/fastresnet/schedule"
)

// faulty is an augmentation of one's own that changes nothing but for its faults. It draws one number of 40 for an image.
type faulty struct {
	validate, draw func()
	apply          func(choice int32, image []float32)
	more           int // numbers that it draws in all
}

func (f faulty) Validate(data.Shape) error {
	if f.validate != nil {
		f.validate()
	}
	return nil
}

func (f faulty) Draw(rng *rand.Rand, n int, _ data.Shape) []int32 {
	if f.draw != nil {
		f.draw()
	}
	choices := make([]int32, n+f.more)
	for i := range choices {
		choices[i] = rng.Int32N(40)
	}
	return choices
}

func (f faulty) Apply(dst, src []float32, _ data.Shape, choice []int32) {
	copy(dst, src)
	if f.apply != nil {
		f.apply(choice[0], dst)
	}
}

// The faults of an augmentation of one's own are told as such, without what it holds.
func TestFaultsOfOwnAugmentation(t *testing.T) {
	oops := errors.New("oops")
	panicking := func() { panic(oops) }
	infinite := faulty{apply: func(choice int32, image []float32) {
		if choice == 0 { // of one image in 40
			image[len(image)/2] = float32(math.Inf(1))
		}
	}}
	const named = "augmentation 1, a fastresnet_test.faulty, "
	for _, test := range []struct {
		name  string
		fault faulty
		is    error
		says  string
	}{
		{"panic in Validate", faulty{validate: panicking}, oops, "internal error: " + named + "panicked: oops"},
		{"panic in Draw", faulty{draw: panicking}, oops, "internal error: " + named + "panicked: oops"},
		{"panic in Apply", faulty{apply: func(int32, []float32) { panic("help") }}, fastresnet.ErrInternal, "internal error: " + named + "panicked: help"},
		{"too many numbers", faulty{more: 7}, data.ErrAugmentation, "invalid augmentation: " + named + "drew 207 numbers for 200 images"},
		{"pixels", infinite, fastresnet.ErrDiverged, "as " + named + "has made pixels that are not"},
	} {
		t.Run(test.name, func(t *testing.T) {
			testbackend.Each(t, func(t *testing.T, backend string) {
				_, err := fastresnet.Train(context.Background(), fastresnet.WithDataset(synthetic(t, 200, 1), nil), fastresnet.WithBackend(backend),
					fastresnet.WithArchitecture(tinyNetwork()), fastresnet.WithBatchSize(20), fastresnet.WithEpochs(2),
					fastresnet.WithAugmentations(data.FlipLR{}, test.fault, data.FlipLR{}))
				if !errors.Is(err, test.is) || !strings.Contains(fmt.Sprint(err), test.says) {
					t.Errorf("error %v, want one that is %q and says %q", err, test.is, test.says)
				}
				if stack := fmt.Sprintf("%+v", err); errors.Is(err, fastresnet.ErrInternal) && !strings.Contains(stack, "fastresnet_test.faulty.") {
					t.Errorf("the stack has nothing of the augmentation:\n%s", stack)
				}
			})
		})
	}
}

// An augmentation that allows no more calls than training makes, and so cannot be asked whether it spoiled an image, leaves a run
// that diverged what it is.
func TestDivergenceWithAugmentationUsedUp(t *testing.T) {
	const batch, epochs, calls = 32, 2, 192 // two epochs of 3 batches
	var called atomic.Int64
	augmentation := faulty{apply: func(int32, []float32) {
		if called.Add(1) > calls {
			panic("used up")
		}
	}}
	result, err := fastresnet.Train(context.Background(), fastresnet.WithDataset(synthetic(t, 100, 1), nil), fastresnet.WithBackend("go"),
		fastresnet.WithArchitecture(tinyNetwork()), fastresnet.WithBatchSize(batch), fastresnet.WithEpochs(epochs),
		fastresnet.WithSchedule(schedule.Schedule{{Epoch: 0, Rate: 0.01}, {Epoch: 1, Rate: 0.01}, {Epoch: 1.001, Rate: 1e30}}),
		fastresnet.WithAugmentations(augmentation))
	if n := called.Load(); n <= calls {
		t.Errorf("%d calls, want the augmentation to be asked again after %d", n, calls)
	}
	var diverged *fastresnet.DivergedError
	if !errors.As(err, &diverged) || diverged.Augmentation != "" || errors.Is(err, fastresnet.ErrInternal) {
		t.Errorf("error %v, want a DivergedError without an augmentation", err)
	}
	if result == nil {
		t.Fatal("no result")
	}
	if err := result.Model.Close(); err != nil {
		t.Error(err)
	}
}

// However images are loaded, selected and mixed, the augmentation that spoiled one is found; and none is blamed for rates.
func TestDivergenceByAugmentation(t *testing.T) {
	spoiling := faulty{apply: func(choice int32, image []float32) {
		if choice == 0 {
			image[0] = float32(math.NaN())
		}
	}}
	loading := func(l data.Loading) fastresnet.Option {
		return recipe(func(r *fastresnet.Recipe) { r.Loading = l })
	}
	for _, test := range []struct {
		name         string
		augmentation faulty
		option       fastresnet.Option
		want         string
	}{
		{"in bulk", spoiling, loading(data.LoadInBulk), "augmentation 1, a fastresnet_test.faulty"},
		{"each image", spoiling, loading(data.LoadPerImage), "augmentation 1, a fastresnet_test.faulty"},
		{"every epoch", spoiling, loading(data.LoadEveryEpoch), "augmentation 1, a fastresnet_test.faulty"},
		{"selected", spoiling, selecting(), "augmentation 1, a fastresnet_test.faulty"},
		{"mixed", spoiling, fastresnet.WithMixing(data.Mixing{Kind: data.Mixup, Alpha: 0.5}), "augmentation 1, a fastresnet_test.faulty"},
		{"rates", faulty{}, fastresnet.WithPeakRate(1e30), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := fastresnet.Train(context.Background(), fastresnet.WithDataset(synthetic(t, 200, 1), nil), fastresnet.WithBackend("go"),
				test.option, fastresnet.WithArchitecture(tinyNetwork()), fastresnet.WithBatchSize(8), fastresnet.WithEpochs(2),
				fastresnet.WithAugmentations(data.FlipLR{}, test.augmentation))
			var diverged *fastresnet.DivergedError
			if !errors.As(err, &diverged) || diverged.Augmentation != test.want {
				t.Errorf("error %v, want a DivergedError of the augmentation %q", err, test.want)
			}
		})
	}
}
