package fastresnet_test

import (
	"context"
	"fmt"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
)

// Two runs, compared on a set that is too small to hold out much of it: each of four quarters is held out once.
func ExampleCrossValidate() {
	set, err := data.Synthetic(200, 1) // yours
	check(err)
	var means []float64
	for _, epochs := range []int{1, 12} {
		v, err := fastresnet.CrossValidate(context.Background(), set, 4, fastresnet.WithBackend("go"), fastresnet.WithWidth(4),
			fastresnet.WithBatchSize(32), fastresnet.WithEpochs(epochs))
		check(err)
		means = append(means, v.Mean) // v.Deviation says how much of a difference is chance, and v.Pooled what is taken for what
	}
	fmt.Println("12 epochs are better than one:", means[1] > means[0])
	// Output: 12 epochs are better than one: true
}

// A peak for the schedule, from a hundred steps at rising rates: somewhat below the rate at which the loss falls the fastest.
func ExampleFindRate() {
	set, err := data.Synthetic(200, 1) // yours
	check(err)
	opts := []fastresnet.Option{fastresnet.WithDataset(set, nil), fastresnet.WithBackend("go"), fastresnet.WithWidth(4),
		fastresnet.WithBatchSize(32), fastresnet.WithEpochs(2)}
	curve, err := fastresnet.FindRate(context.Background(), opts...) // plot.Rates draws it
	check(err)
	steepest, ok := fastresnet.SteepestRate(curve)
	if !ok {
		fmt.Println("the loss falls nowhere")
		return
	}
	result, err := fastresnet.Train(context.Background(), append(opts, fastresnet.WithPeakRate(steepest/2))...)
	check(err)
	defer result.Model.Close()
	fmt.Println(result.Epochs[1].TrainLoss < result.Epochs[0].TrainLoss)
	// Output: true
}
