package results

import (
	"fmt"
	"math"

	"github.com/fastresnet/fastresnet"
)

// EpochHeader is the first line of a run's table, in the columns of [EpochRow].
const EpochHeader = "epoch      lr  train loss  train acc  test loss  test acc  seconds"

// EpochRow is the line of an epoch. Seconds are how long its training took. A note says that the epoch was
// not trained or tested to its end; there are no test figures then.
func EpochRow(e fastresnet.Epoch, note string) string {
	test := fmt.Sprintf("%9.4f  %6.2f %%", e.TestLoss, 100*e.TestAccuracy)
	if note != "" {
		test, note = fmt.Sprintf("%9s  %8s", "-", "-"), "  "+note
	}
	loss := fmt.Sprintf("%.4f", e.TrainLoss)
	if math.IsNaN(e.TrainLoss) || math.IsInf(e.TrainLoss, 0) { // it diverged
		loss = "-"
	}
	return fmt.Sprintf("%5d  %6.4f  %10s  %7.2f %%  %s  %7.1f%s",
		e.Number, e.Rate, loss, 100*e.TrainAccuracy, test, e.TrainTime.Seconds(), note)
}
