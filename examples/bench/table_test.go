package main

import (
	"math"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet/examples/internal/results"
)

var unknown = results.Number(math.NaN())

// made is a run of a rung that came to its end, with the target reached after so many seconds.
func made(rung int, recipe string, accuracy, seconds, target results.Number) benchRun {
	return benchRun{
		Rung: rung, Precision: "bfloat16", FirstStepSeconds: 20, DAWNBenchSeconds: seconds, TargetSeconds: target, FLOPS: 2e14,
		PeakMemoryBytes: 3 << 30, Memory: memoryOfGPU,
		Run: results.Run{Recipe: recipe, Backend: "xla:cuda", Device: "a GPU", TestAccuracy: accuracy, CompileSeconds: 12, ImagesPerSecond: 87_890.6},
	}
}

// measured has a recipe of three runs, one that diverged, and one of a single step without a memory figure.
func measured() *content {
	diverged := made(18, "resnet9-24", unknown, 1, unknown)
	diverged.Error = "training diverged"
	short := made(9, "shortest-path", 0.1, 2, unknown)
	short.ImagesPerSecond, short.FLOPS, short.PeakMemoryBytes = unknown, unknown, 0
	c := &content{
		Command: "bench -seeds 4", Machine: machine{System: "linux/amd64", CPU: "a CPU", Cores: 16, GPU: "a GPU", Driver: "580.1"},
		Versions: map[string]string{"go": "1.26", "gomlx": "0.28"}, ColdStartSeconds: 21.5,
		Conditions: conditions{Data: "CIFAR-10", TrainImages: 50_000, TestImages: 10_000, Width: 64, Test: testEvery, Target: 0.94, Devices: 1, PeakTFLOPS: 800},
		Runs: []benchRun{
			made(18, "resnet9-24", 0.94, 10, 9.5), made(18, "resnet9-24", 0.942, 12, 11.5), made(18, "resnet9-24", 0.938, 11, unknown), diverged,
			short,
		},
	}
	c.summarize()
	return c
}

func TestText(t *testing.T) {
	const want = `
recipe               accuracy  n  ≥ 94 %  first step  compile        training  to 94 %  images/s  TFLOP/s  of peak    memory
resnet9-24     94.00 ± 0.20 %  3     2/4     20.00 s  12.00 s  11.00 ± 1.00 s  10.50 s    87,891      200   25.0 %  3.00 GiB  1 of 4 diverged
shortest-path         10.00 %  1     0/1     20.00 s  12.00 s          2.00 s        -         -        -        -         -

On xla:cuda (a GPU), bfloat16; 16 cores of a CPU, a GPU, driver 580.1, linux/amd64.
Versions: go 1.26, gomlx 0.28.
Width 64 where the series has 64, epochs the recipe's own, batch the recipe's own; CIFAR-10, 50,000 training and 10,000 test images, tested after every epoch.
Command: bench -seeds 4
Cold start: 21.50 s from the program's start to the end of the first step of resnet9-24, reading the data included.
Accuracy and training: mean of n runs ± standard deviation, over n-1; the rest are means, but for memory, the most.
First step: from the call of Train to its end. Compile: of the training step and the evaluation step.
Training, by DAWNBench's rule: all steps, and once the initial weights, copying them and the training set to the device, and padding it. Not in it: reading the data, opening the backend, compiling, tests.
To 94 %: the same to the end of the first epoch with that test accuracy, of the runs that had it.
Images/s: the median of the epochs after the first, in which programs are still loaded; of a single epoch, after its first step.
TFLOP/s: 3 x 2 x the multiply-adds of an image's forward pass x images/s. Peak, as given: 800 TFLOP/s.
Memory: GPU, all programs on it, by nvidia-smi.
`
	compare(t, "text", strings.TrimPrefix(want, "\n"), measured().text(0))
}

// TestSeveralDevices has a share of what all of them can do.
func TestSeveralDevices(t *testing.T) {
	c := measured()
	c.Conditions.Devices = 4
	c.summarize()
	compare(t, "share of the peak", results.Number(2e14/(4*800e12)), c.Recipes[0].OfPeak)
	if want := " Peak, as given: 800 TFLOP/s of each of 4 devices.\n"; !strings.Contains(c.note(), want) {
		t.Errorf("note:\n%s\nwant%q", c.note(), want)
	}
}

func TestMarkdown(t *testing.T) {
	const want = `| recipe | accuracy | n | ≥ 94 % | first step | compile | training | to 94 % | images/s | TFLOP/s | of peak | memory | note |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |
| resnet9-24 | 94.00 ± 0.20 % | 3 | 2/4 | 20.00 s | 12.00 s | 11.00 ± 1.00 s | 10.50 s | 87,891 | 200 | 25.0 % | 3.00 GiB | 1 of 4 diverged |
| shortest-path | 10.00 % | 1 | 0/1 | 20.00 s | 12.00 s | 2.00 s | - | - | - | - | - |  |

On xla:cuda (a GPU), bfloat16; 16 cores of a CPU, a GPU, driver 580.1, linux/amd64.

Versions: go 1.26, gomlx 0.28.

`
	if got := measured().markdown(); !strings.HasPrefix(got, want) {
		t.Errorf("Markdown:\n%s\nwant it to begin:\n%s", got, want)
	}
}

// TestAllDiverged has a row of nothing but that.
func TestAllDiverged(t *testing.T) {
	c := measured()
	c.Runs = c.Runs[3:4]
	c.summarize()
	want := []string{"resnet9-24", "-", "0", "0/1", "-", "-", "-", "-", "-", "-", "-", "3.00 GiB", "1 of 1 diverged"}
	compare(t, "cells", want, c.Recipes[0].cells())
}
