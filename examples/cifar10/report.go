package main

import (
	"encoding/json"
	"math"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/examples/internal/terminal"
)

// report is what -json says about a run. Accuracies are 0 to 1.
type report struct {
	Recipe    string        `json:"recipe"`
	Backend   string        `json:"backend"`
	Device    string        `json:"device"`
	Seed      uint64        `json:"seed"`
	Width     int           `json:"width"`
	Params    int           `json:"params"` // trainable
	BatchSize int           `json:"batch_size"`
	Epochs    []epochReport `json:"epochs"`

	TestAccuracy    number `json:"test_accuracy"`     // of the last test
	ImagesPerSecond number `json:"images_per_second"` // of training, after the first step
	CompileSeconds  number `json:"compile_seconds"`
	TrainSeconds    number `json:"train_seconds"`
	TotalSeconds    number `json:"total_seconds"`

	// Error says why the run ended early; left out if it did not.
	Error string `json:"error,omitempty"`
}

// epochReport is what -json says about an epoch. Its test figures are null if it was not tested.
type epochReport struct {
	Epoch        int    `json:"epoch"`
	LR           number `json:"lr"` // at its end
	TrainLoss    number `json:"train_loss"`
	TrainAcc     number `json:"train_acc"`
	TestLoss     number `json:"test_loss"`
	TestAcc      number `json:"test_acc"`
	TrainSeconds number `json:"train_seconds"` // no validation
	TotalSeconds number `json:"total_seconds"` // since the run's start
	// Partial is set if the run ended within the epoch; left out if it did not.
	Partial bool `json:"partial,omitempty"`
}

// series is what -json says about several runs. Mean and standard deviation, over n-1, are of the test
// accuracies of the runs that came to their end; null of too few.
type series struct {
	Runs []report `json:"runs"`
	Mean number   `json:"mean"`
	Std  number   `json:"std"`
}

// number is a float64 that is null in JSON when it is not finite.
type number float64

// MarshalJSON writes the number as the shortest text that reads back the same.
func (n number) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(n)) || math.IsInf(float64(n), 0) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(n))
}

// newReport describes a result, and the error that ended its run early, if one did.
func newReport(r *fastresnet.Result, err error) report {
	rep := report{
		Recipe: r.Recipe.Name, Backend: r.Backend, Device: r.Device, Seed: r.Seed,
		Width: r.Recipe.Width, Params: r.Model.Network().Parameters(), BatchSize: r.Recipe.BatchSize,
		TestAccuracy:    number(math.NaN()),
		ImagesPerSecond: number(r.Timing.ImagesPerSecond),
		CompileSeconds:  number(r.Timing.Compile.Seconds()),
		TrainSeconds:    number(r.Timing.Train.Seconds()),
		TotalSeconds:    number(r.Timing.Total.Seconds()),
	}
	if err != nil {
		rep.Error = terminal.OneLine(err)
	}
	for _, e := range r.Epochs {
		row := epochReport{
			Epoch: e.Number, LR: number(e.Rate), TrainLoss: number(e.TrainLoss), TrainAcc: number(e.TrainAccuracy),
			TestLoss: number(e.TestLoss), TestAcc: number(e.TestAccuracy),
			TrainSeconds: number(e.TrainTime.Seconds()), TotalSeconds: number(e.TotalTime.Seconds()), Partial: e.Partial,
		}
		if e.Tested {
			rep.TestAccuracy = row.TestAcc
		} else {
			row.TestLoss, row.TestAcc = number(math.NaN()), number(math.NaN())
		}
		rep.Epochs = append(rep.Epochs, row)
	}
	return rep
}

// newSeries puts runs together.
func newSeries(reports []report) series {
	mean, std := meanStd(accuracies(reports))
	return series{Runs: reports, Mean: number(mean), Std: number(std)}
}
