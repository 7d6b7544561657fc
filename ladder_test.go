package fastresnet_test

import (
	"context"
	"os"
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
)

// TestEveryRecipeTrains trains each recipe for an epoch of 15 or 16 steps on real images, at width 4, and
// again at rates of next to nothing, where the network stays as it starts: training must make the mean loss of the
// same batches less than that.
func TestEveryRecipeTrains(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: this takes half a minute, and minutes with scalar kernels")
	}
	if os.Getenv("FASTRESNET_DATA") == "" {
		t.Skip("FASTRESNET_DATA is not set: no CIFAR-10 to train on")
	}
	set, _, err := data.CIFAR10("")
	if err != nil {
		t.Fatal(err)
	}
	set = first(t, set, 2000)
	loss := func(t *testing.T, r fastresnet.Recipe, opts ...fastresnet.Option) float64 {
		all := append([]fastresnet.Option{
			fastresnet.WithRecipe(r), fastresnet.WithDataset(set, nil), fastresnet.WithBackend("go"),
			fastresnet.WithWidth(4), fastresnet.WithBatchSize(128), fastresnet.WithEpochs(1),
		}, opts...)
		result, err := fastresnet.Train(context.Background(), all...)
		if err != nil {
			t.Fatal(err)
		}
		defer result.Model.Close()
		return result.Epochs[0].TrainLoss
	}
	for _, r := range fastresnet.Recipes() {
		t.Run(r.Name, func(t *testing.T) {
			before := loss(t, r, fastresnet.WithPeakRate(1e-9))
			after := loss(t, r)
			t.Logf("loss %.4f, untrained %.4f", after, before)
			if after > before-0.005 {
				t.Errorf("mean loss %.4f of the epoch, %.4f of the untrained network: want it to fall", after, before)
			}
		})
	}
}
