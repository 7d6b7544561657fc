// Figures draws the pictures of README.md and of docs, light and dark, into docs/images: the curves of three short runs, and
// of the model that comes along its confusion matrix, and the network resnet9. Run it from the root of the repository:
//
//	FASTRESNET_DATA=/path/to/cifar go run ./scripts/figures
//
// It takes some ten minutes on two cores. Arguments are the figures to draw, as in "network", for all of them.
package main

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"slices"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/plot"
	"github.com/fastresnet/fastresnet/pretrained"
)

func main() {
	log.SetFlags(0)
	for _, f := range []struct {
		name string
		draw func(context.Context) (plot.Figure, error)
	}{{"network", network}, {"curves", curves}, {"confusion", confusion}} {
		if len(os.Args) > 1 && !slices.Contains(os.Args[1:], f.name) {
			continue
		}
		figure, err := f.draw(context.Background())
		if err == nil {
			err = write(f.name, figure)
		}
		if err != nil {
			log.Fatal(f.name, ": ", err)
		}
	}
}

// write writes a figure in both styles.
func write(name string, figure plot.Figure) error {
	for style, dark := range map[string]bool{"light": false, "dark": true} {
		var document bytes.Buffer
		if err := figure.SVG(&document, plot.Style{Dark: dark}); err != nil {
			return err
		}
		file := filepath.Join("docs", "images", name+"-"+style+".svg")
		if err := os.WriteFile(file, document.Bytes(), 0o644); err != nil {
			return err
		}
		fmt.Println(file, document.Len(), "bytes")
	}
	return nil
}

func network(context.Context) (figure plot.Figure, err error) {
	n, err := fastresnet.ResNet9Epochs24().Design.Network(data.Shape{Height: 32, Width: 32, Channels: 3}, 10)
	return plot.Network(n), err
}

// curves trains on a fifth of CIFAR-10, with three seeds.
func curves(ctx context.Context) (figure plot.Figure, err error) {
	train, test, err := data.CIFAR10("")
	if err == nil {
		train, err = train.Slice(0, 10_000)
	}
	if err == nil {
		test, err = test.Slice(0, 2_000)
	}
	if err != nil {
		return figure, err
	}
	var runs []fastresnet.Record
	for seed := range uint64(3) {
		result, err := fastresnet.Train(ctx, fastresnet.WithDataset(train, test), fastresnet.WithRecipe(fastresnet.ResNet9Epochs24()),
			fastresnet.WithBackend("go"), fastresnet.WithWidth(16), fastresnet.WithBatchSize(128), fastresnet.WithEpochs(12), fastresnet.WithSeed(seed+1),
			fastresnet.WithEpochCallback(func(e fastresnet.Epoch) { fmt.Printf("seed %d, epoch %d: %.4f\n", seed+1, e.Number, e.TestAccuracy) }))
		if err != nil {
			return figure, err
		}
		result.Model.Close()
		runs = append(runs, result.Record)
	}
	return plot.Curves(runs...), nil
}

// confusion evaluates the model of package pretrained on CIFAR-10's test set.
func confusion(ctx context.Context) (figure plot.Figure, err error) {
	_, test, err := data.CIFAR10("")
	if err != nil {
		return figure, err
	}
	model, err := pretrained.CIFAR10()
	if err != nil {
		return figure, err
	}
	defer model.Close()
	evaluation, err := model.Evaluate(ctx, test)
	return plot.Confusion(evaluation), err
}
