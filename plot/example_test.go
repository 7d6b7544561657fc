package plot_test

import (
	"bytes"
	"fmt"
	"log"
	"math"
	"os"
	"path/filepath"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/fastresnet/fastresnet/plot"
)

// Two seeds of a recipe become a line each for training and test, on a band from one run to the other.
func ExampleCurves() {
	var runs []fastresnet.Record // those of results, as in result.Record
	for seed := range 2 {
		run := fastresnet.Record{Recipe: fastresnet.ResNet9Epochs24()}
		for n := range 24 {
			left := math.Exp(-float64(n+seed) / 6)
			run.Epochs = append(run.Epochs, fastresnet.Epoch{
				Number: n + 1, TrainLoss: 2 * left, TrainAccuracy: 1 - 0.7*left, TestLoss: 0.2 + 1.8*left, TestAccuracy: 0.94 - 0.7*left, Tested: true,
			})
		}
		runs = append(runs, run)
	}
	folder, err := os.MkdirTemp("", "curves")
	check(err)
	defer os.RemoveAll(folder)
	file, err := os.Create(filepath.Join(folder, "curves.svg"))
	check(err)
	check(plot.Curves(runs...).SVG(file, plot.Style{}))
	check(file.Close())
	fmt.Println("wrote curves.svg")

	err = plot.Curves().SVG(file, plot.Style{})
	fmt.Println(err)
	// Output:
	// wrote curves.svg
	// invalid argument: no run has a whole epoch to draw
}

// The same figure for readers of light and of dark pages, which a page chooses from by <picture>.
func ExampleFigure_SVG() {
	design, err := layers.DesignByName("resnet9")
	check(err)
	network, err := design.Build(data.Shape{Height: 32, Width: 32, Channels: 3}, 10)
	check(err)
	figure := plot.Network(network)
	for _, style := range []plot.Style{{}, {Dark: true}} {
		var document bytes.Buffer
		check(figure.SVG(&document, style))
		fmt.Println("dark:", bytes.Contains(document.Bytes(), []byte("#0d1117")))
	}
	// Output:
	// dark: false
	// dark: true
}

// A PNG for a document that is 400 pixels wide, sharp on screens with three pixels to each of those.
func ExampleFigure_PNG() {
	figure := plot.Bars("test accuracy, %",
		plot.Bar{Name: "plain-3x3", Value: 65.38, Deviation: 0.57, Published: 85.6},
		plot.Bar{Name: "resnet9-20", Value: 82.09, Deviation: 0.28, Published: 93.8})
	var file bytes.Buffer
	check(figure.PNG(&file, plot.Style{Width: 400, Scale: 3}))
	fmt.Println("a PNG:", bytes.HasPrefix(file.Bytes(), []byte("\x89PNG")))
	// Output: a PNG: true
}

// What there is nothing of is an error, which one can ask for before anything is written.
func ExampleFigure_Err() {
	if err := plot.Confusion(fastresnet.Evaluation{}).Err(); err != nil {
		fmt.Println(err)
	}
	// Output: invalid argument: the evaluation has no images
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
