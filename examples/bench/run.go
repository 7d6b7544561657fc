package main

import (
	"cmp"
	"math"
	"slices"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/examples/internal/results"
)

// benchRun is what the file says about a run that came to its end, or diverged: its error says so then.
type benchRun struct {
	Rung        int    `json:"rung"`
	results.Run        // its speed is that of [imagesPerSecond]
	Precision   string `json:"precision"`
	// FirstStepSeconds is from the call of Train to the end of the first step: opening the backend, compiling,
	// preparing, and the step.
	FirstStepSeconds results.Number `json:"first_step_seconds"`
	PrepareSeconds   results.Number `json:"prepare_seconds"` // part of the next two
	// DAWNBenchSeconds is training by DAWNBench's rule, and TargetSeconds that up to the end of the first epoch
	// after which the test accuracy was the target at least; null if none was.
	DAWNBenchSeconds results.Number `json:"dawnbench_seconds"`
	TargetSeconds    results.Number `json:"target_seconds"`
	// FLOPS are floating-point operations a second: a multiply-add is two of them, and training on an image
	// takes three times its forward pass.
	FLOPS           results.Number `json:"flops"`             // null if the speed is not known
	PeakMemoryBytes int64          `json:"peak_memory_bytes"` // 0 if unknown
	Memory          string         `json:"memory"`            // what that is of
}

// newRun describes a result of Train and the error that ended it early, if one did.
func newRun(rung int, r *fastresnet.Result, err error, target float64) benchRun {
	run := results.NewRun(r, err)
	run.ImagesPerSecond = results.Number(imagesPerSecond(r))
	return benchRun{
		Rung: rung, Run: run, Precision: string(r.Precision),
		PrepareSeconds:   results.Number(r.Timing.Prepare.Seconds()),
		DAWNBenchSeconds: results.Number((r.Timing.Prepare + r.Timing.Train).Seconds()),
		TargetSeconds:    results.Number(targetSeconds(r, target)),
		FLOPS:            3 * 2 * results.Number(r.Model.Network().MultiplyAdds()) * run.ImagesPerSecond,
	}
}

// imagesPerSecond is the median speed of the whole epochs after the first, in which a device still loads each program as it
// runs for the first time, one of several steps not before the fourth. Without such an epoch it is the speed after the
// first step, and not a number if there is none.
func imagesPerSecond(r *fastresnet.Result) float64 {
	var speeds []float64
	for _, e := range r.Epochs[1:] {
		if !e.Partial && e.TrainTime > 0 {
			speeds = append(speeds, float64(e.Images)/e.TrainTime.Seconds())
		}
	}
	if len(speeds) == 0 {
		return cmp.Or(r.Timing.ImagesPerSecond, math.NaN())
	}
	slices.Sort(speeds)
	return (speeds[(len(speeds)-1)/2] + speeds[len(speeds)/2]) / 2
}

// targetSeconds is the time by DAWNBench's rule to the first epoch whose test accuracy is the target at least;
// not a number if there is none.
func targetSeconds(r *fastresnet.Result, target float64) float64 {
	time := r.Timing.Prepare
	for _, e := range r.Epochs {
		time += e.TrainTime
		if e.Tested && e.TestAccuracy >= target {
			return time.Seconds()
		}
	}
	return math.NaN()
}
