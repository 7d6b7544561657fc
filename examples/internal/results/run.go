// Package results is what the example programs share to keep what came of training: runs as JSON, in files
// that are replaced as a whole, and their statistics.
package results

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"path/filepath"
	"strings"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/internal/digits"
	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/internal/terminal"
)

// Run is what a file says about a run. What [fastresnet.Record] has too has its key, but that times are in seconds. Accuracies are
// 0 to 1.
type Run struct {
	Recipe     string  `json:"recipe"` // its name
	Backend    string  `json:"backend"`
	Device     string  `json:"device"`
	Devices    int     `json:"devices"` // how many of them
	Seed       uint64  `json:"seed"`
	Width      int     `json:"width"`
	Parameters int     `json:"parameters"` // trainable
	BatchSize  int     `json:"batch_size"`
	Epochs     []Epoch `json:"epochs"`

	TestAccuracy    Number `json:"test_accuracy"`     // of the last test
	ImagesPerSecond Number `json:"images_per_second"` // of training, after the first step; null if there was none after it
	CompileSeconds  Number `json:"compile_seconds"`
	TrainSeconds    Number `json:"train_seconds"`
	TotalSeconds    Number `json:"total_seconds"`

	// Error says why the run ended early; left out if it did not.
	Error string `json:"error,omitempty"`
}

// Epoch is what a file says about an epoch. Its test figures are null if it was not tested.
type Epoch struct {
	Number        int    `json:"number"` // from 1
	Rate          Number `json:"rate"`   // of the last step
	TrainLoss     Number `json:"train_loss"`
	TrainAccuracy Number `json:"train_accuracy"`
	TestLoss      Number `json:"test_loss"`
	TestAccuracy  Number `json:"test_accuracy"`
	TrainSeconds  Number `json:"train_seconds"` // no validation
	TotalSeconds  Number `json:"total_seconds"` // since the run's start
	// Partial is set if the run ended within the epoch; left out if it did not.
	Partial bool `json:"partial,omitempty"`
}

// NewRun describes a result, and the error that ended its run early, if one did.
func NewRun(r *fastresnet.Result, err error) Run {
	run := Run{
		Recipe: r.Recipe.Name, Backend: r.Backend, Device: r.Device, Devices: r.Devices, Seed: r.Seed,
		Width: r.Recipe.Design.Width, Parameters: r.Model.Network().Parameters(), BatchSize: r.Recipe.BatchSize,
		TestAccuracy:    Number(math.NaN()),
		ImagesPerSecond: Number(cmp.Or(r.Timing.ImagesPerSecond, math.NaN())),
		CompileSeconds:  Number(r.Timing.Compile.Seconds()),
		TrainSeconds:    Number(r.Timing.Train.Seconds()),
		TotalSeconds:    Number(r.Timing.Total.Seconds()),
	}
	if err != nil {
		run.Error = terminal.OneLine(err)
	}
	for _, e := range r.Epochs {
		row := Epoch{
			Number: e.Number, Rate: Number(e.Rate), TrainLoss: Number(e.TrainLoss), TrainAccuracy: Number(e.TrainAccuracy),
			TestLoss: Number(e.TestLoss), TestAccuracy: Number(e.TestAccuracy),
			TrainSeconds: Number(e.TrainTime.Seconds()), TotalSeconds: Number(e.TotalTime.Seconds()), Partial: e.Partial,
		}
		if e.Tested {
			run.TestAccuracy = row.TestAccuracy
		} else {
			row.TestLoss, row.TestAccuracy = Number(math.NaN()), Number(math.NaN())
		}
		run.Epochs = append(run.Epochs, row)
	}
	return run
}

// Place names what computed: the backend and the device, without the folder of a plugin named by its path.
func Place(backend, device string) string {
	text := fmt.Sprintf("%s (%s)", backend, device)
	if _, plugin, _ := strings.Cut(backend, ":"); filepath.IsAbs(plugin) {
		text = strings.ReplaceAll(text, plugin, filepath.Base(plugin))
	}
	return text
}

// PassedOver has a line on each better backend that was not taken. That there is no GPU is no fault.
func PassedOver(r fastresnet.Record) string {
	var text strings.Builder
	for _, why := range r.PassedOver {
		if strings.HasPrefix(why, "xla:cuda: "+engine.NoGPU) {
			text.WriteString(engine.NoGPU + ", so the CPU computes; if there is one, go run ./examples/doctor says what it takes\n")
		} else {
			fmt.Fprintf(&text, "passed over: %s\n", why)
		}
	}
	return text.String()
}

// Speed is a speed in words, to come behind others: "; 2,326 images/s", and "" if it is not known.
func Speed(imagesPerSecond Number) string {
	if math.IsNaN(float64(imagesPerSecond)) {
		return ""
	}
	return fmt.Sprintf("; %s images/s", digits.Count(int(imagesPerSecond)))
}

// Number is a float64 that is null in JSON when it is not finite.
type Number float64

// MarshalJSON writes the number as the shortest text that reads back the same.
func (n Number) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(n)) || math.IsInf(float64(n), 0) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(n))
}

// UnmarshalJSON reads null as not a number.
func (n *Number) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		*n = Number(math.NaN())
		return nil
	}
	return json.Unmarshal(text, (*float64)(n))
}
