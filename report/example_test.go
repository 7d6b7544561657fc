package report_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/report"
)

// Two runs side by side, in one file.
func ExampleHTML() {
	ctx := context.Background()
	train, err := data.Synthetic(256, 1) // or images of your own
	if err != nil {
		log.Fatal(err)
	}
	test, err := data.Synthetic(100, 2)
	if err != nil {
		log.Fatal(err)
	}
	var runs []report.Run
	for _, smoothing := range []float64{0, 0.2} {
		result, err := fastresnet.Train(ctx, fastresnet.WithDataset(train, test), fastresnet.WithBackend("go"),
			fastresnet.WithWidth(2), fastresnet.WithEpochs(1), fastresnet.WithBatchSize(32), fastresnet.WithLabelSmoothing(smoothing))
		if err != nil {
			log.Fatal(err)
		}
		defer result.Model.Close()
		evaluation, err := result.Model.Evaluate(ctx, test)
		if err != nil {
			log.Fatal(err)
		}
		runs = append(runs, report.Run{
			Name: fmt.Sprintf("label smoothing %g", smoothing), Record: result.Record, Evaluation: &evaluation, Images: test,
		})
	}
	file, err := os.CreateTemp("", "*.html")
	if err != nil {
		log.Fatal(err)
	}
	defer os.Remove(file.Name()) // which you would not do
	if err := report.HTML(file, runs...); err != nil {
		log.Fatal(err)
	}
	if err := file.Close(); err != nil {
		log.Fatal(err)
	}
	fmt.Println("written")
	// Output: written
}

// A program that has a web server of its own shows its runs on a page of it.
func ExampleLive() {
	var live report.Live
	http.Handle("/training", &live)

	// Each run is given to fastresnet.Train with this option, and its evaluation, if there is one, to live.Finish.
	observe := fastresnet.WithProgress(live.Observer())
	_ = observe
}
