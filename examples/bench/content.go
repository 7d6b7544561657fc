package main

import (
	"math"
	"slices"

	"github.com/fastresnet/fastresnet/examples/internal/results"
)

// content is what the results file holds.
type content struct {
	Command    string            `json:"command"`
	Machine    machine           `json:"machine"`
	Versions   map[string]string `json:"versions"`
	Conditions conditions        `json:"conditions"`
	// ColdStartSeconds is from the program's start to the end of the first run's first step: reading the data
	// too.
	ColdStartSeconds results.Number `json:"cold_start_seconds"`
	Recipes          []summary      `json:"recipes"`
	Runs             []benchRun     `json:"runs"` // in the order that they were made in
}

// conditions are what all runs have in common.
type conditions struct {
	Data        string  `json:"data"` // CIFAR-10 or synthetic
	TrainImages int     `json:"train_images"`
	TestImages  int     `json:"test_images"`
	Width       int     `json:"width"`  // where the series has 64
	Epochs      int     `json:"epochs"` // 0: the recipe's own
	Batch       int     `json:"batch"`  // 0: the recipe's own
	Test        string  `json:"test"`   // every or end
	Target      float64 `json:"target"`
	Devices     int     `json:"devices"`     // that train together
	PeakTFLOPS  float64 `json:"peak_tflops"` // of each of them; 0: unknown
}

// summary is what came of a recipe's runs. Times and speeds are means of those that are known, and standard deviations are over
// n-1; null of too few runs. Those that diverged count only where it says so.
type summary struct {
	Rung        int            `json:"rung"`
	Recipe      string         `json:"recipe"`
	Runs        int            `json:"runs"` // diverged ones too
	Diverged    int            `json:"diverged"`
	Accuracy    results.Number `json:"accuracy"`
	AccuracyStd results.Number `json:"accuracy_std"`
	// Reached is the number of runs whose last test accuracy was the target at least.
	Reached          int            `json:"reached"`
	FirstStepSeconds results.Number `json:"first_step_seconds"`
	CompileSeconds   results.Number `json:"compile_seconds"`
	DAWNBenchSeconds results.Number `json:"dawnbench_seconds"`
	DAWNBenchStd     results.Number `json:"dawnbench_seconds_std"`
	// TargetSeconds is of the runs that had the target at some epoch.
	TargetSeconds   results.Number `json:"target_seconds"`
	ImagesPerSecond results.Number `json:"images_per_second"`
	FLOPS           results.Number `json:"flops"`
	OfPeak          results.Number `json:"of_peak"`           // null if the peak is not known
	PeakMemoryBytes int64          `json:"peak_memory_bytes"` // the most of all runs; 0 if unknown
}

// summarize makes the summaries of the runs there are, in their order.
func (c *content) summarize() {
	c.Recipes = nil
	for i, r := range c.Runs {
		if slices.ContainsFunc(c.Runs[:i], func(earlier benchRun) bool { return earlier.Rung == r.Rung }) {
			continue
		}
		var runs []benchRun
		for _, other := range c.Runs[i:] {
			if other.Rung == r.Rung {
				runs = append(runs, other)
			}
		}
		c.Recipes = append(c.Recipes, newSummary(runs, c.Conditions))
	}
}

// newSummary sums up runs of one recipe.
func newSummary(runs []benchRun, c conditions) summary {
	s := summary{Rung: runs[0].Rung, Recipe: runs[0].Recipe, Runs: len(runs), OfPeak: results.Number(math.NaN())}
	var whole []benchRun // came to their end
	for _, r := range runs {
		s.PeakMemoryBytes = max(s.PeakMemoryBytes, r.PeakMemoryBytes)
		if r.Error == "" {
			whole = append(whole, r)
		}
		if r.Error == "" && float64(r.TestAccuracy) >= c.Target {
			s.Reached++
		}
	}
	s.Diverged = len(runs) - len(whole)
	s.Accuracy, s.AccuracyStd = meanStd(whole, func(r benchRun) results.Number { return r.TestAccuracy })
	s.FirstStepSeconds, _ = meanStd(whole, func(r benchRun) results.Number { return r.FirstStepSeconds })
	s.CompileSeconds, _ = meanStd(whole, func(r benchRun) results.Number { return r.CompileSeconds })
	s.DAWNBenchSeconds, s.DAWNBenchStd = meanStd(whole, func(r benchRun) results.Number { return r.DAWNBenchSeconds })
	s.TargetSeconds, _ = meanStd(whole, func(r benchRun) results.Number { return r.TargetSeconds })
	s.ImagesPerSecond, _ = meanStd(whole, func(r benchRun) results.Number { return r.ImagesPerSecond })
	s.FLOPS, _ = meanStd(whole, func(r benchRun) results.Number { return r.FLOPS })
	if c.PeakTFLOPS > 0 {
		s.OfPeak = s.FLOPS / results.Number(float64(c.Devices)*c.PeakTFLOPS*1e12)
	}
	return s
}

// meanStd are of a figure of those runs that have it.
func meanStd(runs []benchRun, figure func(benchRun) results.Number) (mean, std results.Number) {
	var known []float64
	for _, r := range runs {
		if f := float64(figure(r)); !math.IsNaN(f) {
			known = append(known, f)
		}
	}
	m, s := results.MeanStd(known)
	return results.Number(m), results.Number(s)
}
