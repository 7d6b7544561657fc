// Command pretrained makes the model of package pretrained: it trains airbench94 by the library's recipe on CIFAR-10, which
// takes 20 minutes on two cores, and writes it in float16.
//
//	go run ./scripts/pretrained                    # trains, and writes pretrained/cifar10.safetensors
//	go run ./scripts/pretrained -model FILE        # takes one that cifar10 -recipe airbench94-muon -save wrote
//
// It prints the accuracies on all test images, in float32 and as written.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
)

func main() {
	log.SetFlags(0)
	model := flag.String("model", "", "`file` of the trained model (default: it is trained)")
	seed := flag.Uint64("seed", 3, "seed of the run")
	to := flag.String("to", "pretrained/cifar10.safetensors", "`file` to write")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := write(ctx, *model, *seed, *to); err != nil {
		log.Fatal(err)
	}
}

func write(ctx context.Context, file string, seed uint64, to string) error {
	train, test, err := data.CIFAR10("")
	if err != nil {
		return err
	}
	model, err := trained(ctx, file, seed, train, test)
	if err != nil {
		return err
	}
	defer model.Close()
	if err := report(ctx, "float32", model, test); err != nil {
		return err
	}
	if err := model.Save(to, fastresnet.WithStorage(fastresnet.StoreFloat16)); err != nil {
		return err
	}
	small, err := fastresnet.Load(to)
	if err != nil {
		return err
	}
	defer small.Close()
	return report(ctx, to, small, test)
}

// trained is the model of a file, or one that is trained now.
func trained(ctx context.Context, file string, seed uint64, train, test *data.Dataset) (*fastresnet.Model, error) {
	if file != "" {
		return fastresnet.Load(file)
	}
	result, err := fastresnet.Train(ctx, fastresnet.WithDataset(train, test), fastresnet.WithRecipe(fastresnet.Airbench94Muon()), fastresnet.WithSeed(seed),
		fastresnet.WithProgress(fastresnet.Observer{Epoch: func(e fastresnet.Epoch) {
			log.Printf("epoch %d: test accuracy %.2f %%, %.0f s", e.Number, 100*e.TestAccuracy, e.TotalTime.Seconds())
		}}))
	if err != nil {
		return nil, err
	}
	return result.Model, nil
}

func report(ctx context.Context, what string, model *fastresnet.Model, test *data.Dataset) error {
	e, err := model.Evaluate(ctx, test)
	if err == nil {
		fmt.Printf("%s: accuracy %.2f %%, loss %.4f on %d images\n", what, 100*e.Accuracy, e.Loss, test.Len())
	}
	return err
}
