// Figures draws the pictures of README.md and of docs, light and dark, into docs/images: the network resnet9, and of the model
// of package pretrained the curves of its run and its confusion matrix. Run it from the root of the repository:
//
//	FASTRESNET_DATA=/path/to/cifar go run ./scripts/figures
//
// The confusion matrix takes a few minutes on two cores. Arguments are the figures to draw, as in "network"; all without.
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

// curves are those of the run that made the model of package pretrained.
func curves(context.Context) (figure plot.Figure, err error) {
	model, err := pretrained.CIFAR10()
	if err != nil {
		return figure, err
	}
	defer model.Close()
	return plot.Curves(model.Record()), nil
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
