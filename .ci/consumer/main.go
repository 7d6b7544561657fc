// A program as a user of the library would write it.
package main

import (
	"context"
	"fmt"
	"log"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
)

func main() {
	train, err := data.Synthetic(200, 1)
	if err != nil {
		log.Fatal(err)
	}
	result, err := fastresnet.Train(context.Background(), fastresnet.WithDataset(train, nil), fastresnet.WithBackend("go"),
		fastresnet.WithWidth(4), fastresnet.WithBatchSize(50), fastresnet.WithEpochs(1))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("trained on %d images on %s\n", result.TrainImages, result.Device)
}
