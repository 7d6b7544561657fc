package progress

import (
	"encoding/csv"
	"io"
	"math"
	"strconv"
	"time"

	"github.com/fastresnet/fastresnet"
)

// CSV writes a run to w as comma-separated values (RFC 4180, but with lines that end in LF alone): a header, and a row an
// epoch, for spreadsheets.
//
// The columns are epoch (from 1), rate (the learning rate of its last step), train_loss, train_accuracy, test_loss,
// test_accuracy, images (trained on: without an incomplete last batch, unless the recipe keeps that), train_seconds (its
// training alone) and total_seconds (since Train was called). Accuracies are 0 to 1. What is not known, or not a finite
// number, is empty. Of a run that goes on from a checkpoint the epochs before that are there too, and of one that was cut
// short the epoch that has not ended, with the images that it saw. Further runs add their rows.
func CSV(w io.Writer) fastresnet.Observer {
	header := []string{
		"epoch", "rate", "train_loss", "train_accuracy", "test_loss", "test_accuracy", "images", "train_seconds", "total_seconds",
	}
	return rows(w, ',', header, func(_ *fastresnet.Result, e fastresnet.Epoch) []string {
		row := []string{
			strconv.Itoa(e.Number), shortest(e.Rate, 32), decimal(e.TrainLoss), decimal(e.TrainAccuracy), "", "",
			strconv.Itoa(e.Images), decimal(e.TrainTime.Seconds()), decimal(e.TotalTime.Seconds()),
		}
		if e.Tested {
			row[4], row[5] = decimal(e.TestLoss), decimal(e.TestAccuracy)
		}
		return row
	})
}

// DAWNBench writes a run to w as Stanford's DAWNBench asks for it (https://github.com/stanford-futuredata/dawn-bench-entries):
// tab-separated values with the columns epoch (from 1), hours and top1Accuracy (of the test set, in percent), for each
// epoch that was tested. Hours are those of training up to the epoch's end, with all that is done once before the first
// step, and without compilation and tests: [fastresnet.Timing]'s Prepare and Train. A file is for one run.
func DAWNBench(w io.Writer) fastresnet.Observer {
	var training time.Duration
	return rows(w, '\t', []string{"epoch", "hours", "top1Accuracy"}, func(start *fastresnet.Result, e fastresnet.Epoch) []string {
		if e.Number == 1 {
			training = start.Timing.Prepare
		}
		training += e.TrainTime
		if !e.Tested {
			return nil
		}
		return []string{strconv.Itoa(e.Number), decimal(training.Hours()), strconv.FormatFloat(100*e.TestAccuracy, 'f', 2, 64)}
	})
}

// rowFunc makes the row of an epoch, nil for none. It is told what the run started with.
type rowFunc func(start *fastresnet.Result, e fastresnet.Epoch) []string

// rows writes a header, and a row an epoch.
func rows(w io.Writer, comma rune, header []string, row rowFunc) fastresnet.Observer {
	out := csv.NewWriter(w)
	out.Comma = comma
	var start *fastresnet.Result
	begun, heard := false, 0
	write := func(cells []string) {
		if cells != nil {
			_ = out.Write(cells) // the writer keeps the first error, and writes nothing after it
			out.Flush()
		}
	}
	epoch := func(e fastresnet.Epoch) {
		heard = e.Number
		write(row(start, e))
	}
	return fastresnet.Observer{
		Start: func(r *fastresnet.Result) {
			start, heard = r, 0
			if !begun {
				write(header)
			}
			begun = true
			for _, e := range r.Epochs {
				epoch(e)
			}
		},
		Epoch: epoch,
		End: func(r *fastresnet.Result, _ error) error {
			for _, e := range unheard(r, heard) {
				epoch(e)
			}
			return out.Error()
		},
	}
}

// decimal is the shortest text that reads back the same; "" if that is no finite number.
func decimal(v float64) string { return shortest(v, 64) }

// shortest is a decimal for a number of so many bits: learning rates have 32.
func shortest(v float64, bits int) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return ""
	}
	return strconv.FormatFloat(v, 'g', -1, bits)
}
