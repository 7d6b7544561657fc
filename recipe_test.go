package fastresnet_test

import (
	"context"
	"errors"
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/schedule"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestRecipesAreCopies(t *testing.T) {
	r := fastresnet.Recipes()[0]
	r.Schedule[0].Rate, r.Augmentations[0] = 99, data.FlipLR{}
	mine := fastresnet.ResNet9Epochs24()
	mine.Schedule[1].Rate = 99
	if fastresnet.ResNet9Epochs24().Schedule[1].Rate == 99 {
		t.Error("changing a recipe changed the next one")
	}
	again := fastresnet.Recipes()[0]
	if again.Schedule[0].Rate == 99 || again.Augmentations[0] == r.Augmentations[0] {
		t.Error("changing a listed recipe changed the next list")
	}
}

// What options do to a recipe is seen in the recipe of the result.
func TestOptionsChangeTheRecipe(t *testing.T) {
	set := synthetic(t, 64, 1)
	mine := schedule.PiecewiseLinear(schedule.Knot{Epoch: 0, Rate: 0.1}, schedule.Knot{Epoch: 1, Rate: 0})
	tests := []struct {
		label string
		opts  []fastresnet.Option
		want  schedule.Schedule
	}{
		{"epochs stretch the schedule, the batch scales it", []fastresnet.Option{fastresnet.WithEpochs(12), fastresnet.WithBatchSize(32)},
			schedule.OneCycle(0.025, 2.5, 12)},
		{"the recipe's place does not matter", []fastresnet.Option{fastresnet.WithEpochs(10), fastresnet.WithBatchSize(64),
			fastresnet.WithRecipe(named(t, "resnet9-20"))}, schedule.OneCycle(0.05, 2, 10)},
		{"a peak rate is the peak whatever the batch", []fastresnet.Option{fastresnet.WithBatchSize(64), fastresnet.WithPeakRate(0.3)},
			schedule.OneCycle(0.3, 5, 24)},
		{"a schedule of one's own is taken as it is", []fastresnet.Option{fastresnet.WithBatchSize(64), fastresnet.WithSchedule(mine)}, mine},
	}
	for _, tt := range tests {
		t.Run(tt.label, func(t *testing.T) {
			ctx, cancel := context.WithCancel(context.Background())
			opts := append([]fastresnet.Option{
				fastresnet.WithRecipe(fastresnet.ResNet9Epochs24()), fastresnet.WithDataset(set, nil), fastresnet.WithBackend("go"), fastresnet.WithWidth(2),
				fastresnet.WithProgress(fastresnet.Observer{Step: func(fastresnet.Progress) { cancel() }}), // one step is enough
			}, tt.opts...)
			result, err := fastresnet.Train(ctx, opts...)
			if !errors.Is(err, context.Canceled) || result == nil {
				t.Fatalf("Train = %v, %v; want a partial result and context.Canceled", result, err)
			}
			defer result.Model.Close()
			if diff := cmp.Diff(tt.want, result.Recipe.Schedule, cmpopts.EquateApprox(1e-9, 0)); diff != "" {
				t.Errorf("schedule (-want +got):\n%s", diff)
			}
		})
	}
}
