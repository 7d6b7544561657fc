package report_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/report"
)

// drawn is a run on drawn images, evaluated.
var drawn = sync.OnceValues(func() (report.Run, error) {
	train, err := data.Synthetic(1024, 1)
	if err != nil {
		return report.Run{}, err
	}
	test, err := data.Synthetic(400, 2)
	if err != nil {
		return report.Run{}, err
	}
	return trained(train, test, fastresnet.WithWidth(2), fastresnet.WithEpochs(4), fastresnet.WithPeakRate(0.4))
})

// trained is an evaluated run of a small network.
func trained(train, test *data.Dataset, options ...fastresnet.Option) (report.Run, error) {
	result, err := fastresnet.Train(context.Background(), append([]fastresnet.Option{
		fastresnet.WithDataset(train, test), fastresnet.WithBackend("go"), fastresnet.WithRecipe(fastresnet.ResNet9Epochs24()),
		fastresnet.WithWidth(1), fastresnet.WithEpochs(1), fastresnet.WithBatchSize(min(32, train.Len())),
	}, options...)...)
	if err != nil {
		return report.Run{}, err
	}
	defer result.Model.Close()
	evaluation, err := result.Model.Evaluate(context.Background(), test)
	return report.Run{Record: result.Record, Evaluation: &evaluation, Images: test}, err
}

// named is an evaluated run on grey images of classes with these names, two of each.
func named(t testing.TB, classes ...string) report.Run {
	t.Helper()
	shape := data.Shape{Height: 8, Width: 8, Channels: 1}
	n := 2 * len(classes)
	pixels, labels, files := make([]uint8, n*8*8), make([]int, n), make([]string, n)
	for i := range pixels {
		pixels[i] = uint8(i * i / 7)
	}
	for i := range labels {
		labels[i], files[i] = i%len(classes), fmt.Sprintf("%s/%d.png", classes[i%len(classes)], i)
	}
	set, err := data.New(pixels, shape, labels, classes)
	check(t, err)
	set, err = set.WithNames(files)
	check(t, err)
	run, err := trained(set, set, fastresnet.WithAugmentations(data.FlipLR{}))
	check(t, err)
	return run
}

// history is the record of a run on one device of whose epochs some have come, with losses and accuracies as those of runs are.
func history(epochs, of int) fastresnet.Record {
	recipe := fastresnet.ResNet9Epochs24()
	recipe.Epochs = of
	r := fastresnet.Record{
		Recipe: recipe, Seed: 7, Backend: "go", Device: "CPU, pure Go, AVX-512 kernels", Devices: 1, Precision: fastresnet.Float32,
		Weights: fastresnet.LastWeights, TrainImages: 50_000, TestImages: 10_000,
		Timing: fastresnet.Timing{Compile: 20 * time.Millisecond, Prepare: 300 * time.Millisecond, ImagesPerSecond: 2345.6},
	}
	for n := 1; n <= epochs; n++ {
		fallen := math.Exp(-float64(n) / 4)
		r.Timing.Train += 20 * time.Second
		r.Timing.Total += 22 * time.Second
		r.Epochs = append(r.Epochs, fastresnet.Epoch{
			Number: n, Rate: 0.1, TrainLoss: 2.3 * fallen, TrainAccuracy: 1 - 0.9*fallen, TestLoss: 0.3 + 2*fallen,
			TestAccuracy: 0.95 - 0.9*fallen, Tested: true, Images: 50_000, TrainTime: 20 * time.Second, TotalTime: r.Timing.Total,
		})
	}
	return r
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// firstPart is the evaluation of a cross-validation that was stopped after the first part, and as many images.
func firstPart(t *testing.T) (fastresnet.Evaluation, *data.Dataset) {
	t.Helper()
	set, err := data.Synthetic(200, 1)
	check(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	runs := 0
	stop := fastresnet.WithProgress(fastresnet.Observer{Start: func(*fastresnet.Result) {
		if runs++; runs == 2 {
			cancel()
		}
	}})
	v, err := fastresnet.CrossValidate(ctx, set, 2, fastresnet.WithBackend("go"), fastresnet.WithWidth(1), fastresnet.WithEpochs(1), stop,
		fastresnet.WithBatchSize(20))
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	half, err := set.Slice(0, 100)
	check(t, err)
	return v.Pooled, half
}
