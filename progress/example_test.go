package progress_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/progress"
)

// A bar and a table on the terminal, and TensorBoard's files: tensorboard --logdir logs.
func Example() {
	board, err := progress.TensorBoard("logs/first")
	if err != nil {
		log.Fatal(err)
	}
	result, err := fastresnet.Train(context.Background(), fastresnet.WithProgress(progress.Terminal(os.Stderr), board))
	if err != nil {
		log.Fatal(err)
	}
	defer result.Model.Close()
	fmt.Println(result.Warnings) // among them, what TensorBoard's files could not hold
}

// The run writes a row an epoch; this one prints the columns that are the same on every machine.
func ExampleCSV() {
	set, err := data.Synthetic(64, 1)
	if err != nil {
		log.Fatal(err)
	}
	var table strings.Builder
	result, err := fastresnet.Train(context.Background(), fastresnet.WithDataset(set, nil), fastresnet.WithBackend("go"),
		fastresnet.WithWidth(4), fastresnet.WithBatchSize(32), fastresnet.WithEpochs(1), fastresnet.WithProgress(progress.CSV(&table)))
	if err != nil {
		log.Fatal(err)
	}
	defer result.Model.Close()
	for line := range strings.Lines(table.String()) {
		columns := strings.Split(line, ",")
		fmt.Println(columns[0], columns[6])
	}
	// Output:
	// epoch images
	// 1 64
}

// Where there is no terminal, the table is there as it grows.
func ExampleTerminal() {
	o := progress.Terminal(os.Stdout)
	tell(o)
	// Output:
	// epoch      lr  train loss  train acc  test loss  test acc  seconds
	//     1  0.4000      1.4051    48.86 %     1.1189   60.42 %     21.6
	//     2  0.0000      0.8407    70.51 %     0.6530   77.22 %     21.6
}

func ExampleDAWNBench() {
	tell(progress.DAWNBench(os.Stdout))
	// Output:
	// epoch	hours	top1Accuracy
	// 1	0.007	60.42
	// 2	0.013	77.22
}

// tell tells an observer of a run of two epochs, as Train would.
func tell(o fastresnet.Observer) {
	r := &fastresnet.Result{Record: fastresnet.Record{
		Recipe: fastresnet.Recipe{Epochs: 2}, TestImages: 10_000, Timing: fastresnet.Timing{Prepare: 3600 * time.Millisecond},
	}}
	o.Start(r)
	for _, e := range []fastresnet.Epoch{
		{Number: 1, Rate: 0.4, TrainLoss: 1.4051, TrainAccuracy: 0.4886, TestLoss: 1.1189, TestAccuracy: 0.6042, Tested: true, TrainTime: 21600 * time.Millisecond},
		{Number: 2, TrainLoss: 0.8407, TrainAccuracy: 0.7051, TestLoss: 0.653, TestAccuracy: 0.7722, Tested: true, TrainTime: 21600 * time.Millisecond},
	} {
		r.Epochs = append(r.Epochs, e)
		o.Epoch(e)
	}
	if err := o.End(r, nil); err != nil {
		log.Fatal(err)
	}
}
