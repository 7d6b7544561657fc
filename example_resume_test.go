package fastresnet_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
)

// A run that was stopped goes on where it was.
func ExampleWithResume() {
	train, err := data.Synthetic(64, 1)
	if err != nil {
		log.Fatal(err)
	}
	folder, err := os.MkdirTemp("", "checkpoints")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)
	ctx, stop := context.WithCancel(context.Background())
	options := []fastresnet.Option{
		fastresnet.WithDataset(train, nil), fastresnet.WithWidth(2), fastresnet.WithBatchSize(16), fastresnet.WithEpochs(3), fastresnet.WithBackend("go"),
		fastresnet.WithCheckpoint(folder, 1), // after every epoch, and when the context ends
		fastresnet.WithResume(),              // from the last one, if there is one
		fastresnet.WithProgress(fastresnet.Observer{Epoch: func(e fastresnet.Epoch) {
			fmt.Println("epoch", e.Number)
			stop() // as a signal would: see signal.NotifyContext
		}}),
	}
	if _, err := fastresnet.Train(ctx, options...); errors.Is(err, context.Canceled) {
		fmt.Println("stopped")
	}
	result, err := fastresnet.Train(context.Background(), options...)
	if err != nil {
		log.Fatal(err)
	}
	defer result.Model.Close()
	fmt.Println(len(result.Epochs), "epochs in all")
	// Output:
	// epoch 1
	// stopped
	// epoch 2
	// epoch 3
	// 3 epochs in all
}
