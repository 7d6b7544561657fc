// Figures draws the pictures of README.md and of docs, light and dark, into docs/images: the network resnet9, the measured
// rungs of docs/ladder.md, and of the model of package pretrained the curves of its run and its confusion matrix. Run it from the
// root of the repository:
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
	"regexp"
	"slices"
	"strconv"

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
	}{{"network", network}, {"ladder", ladder}, {"curves", curves}, {"confusion", confusion}} {
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
	n, err := fastresnet.ResNet9Epochs24().Design.Build(data.Shape{Height: 32, Width: 32, Channels: 3}, 10)
	return plot.Network(n), err
}

// rungs are the rows of the table in docs/ladder.md: name, published accuracy, measured one and its deviation.
var rungs = regexp.MustCompile(`(?m)^\| \d+ \| ([\w-]+) \| [^|]* \| ([\d.]+) % \| ([\d.]+) ± ([\d.]+) % \|`)

func ladder(context.Context) (figure plot.Figure, err error) {
	text, err := os.ReadFile(filepath.Join("docs", "ladder.md"))
	if err != nil {
		return figure, err
	}
	var bars []plot.Bar
	for _, row := range rungs.FindAllStringSubmatch(string(text), -1) {
		b := plot.Bar{Name: row[1]}
		for i, to := range []*float64{&b.Published, &b.Value, &b.Deviation} {
			if *to, err = strconv.ParseFloat(row[2+i], 64); err != nil {
				return figure, err
			}
		}
		bars = append(bars, b)
	}
	return plot.Bars("test accuracy, %: measured at width 8, published at width 64", bars...), nil
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
