package main

import (
	"testing"
	"time"

	"github.com/fastresnet/fastresnet"
)

func TestImagesPerSecond(t *testing.T) {
	epoch := func(images int, seconds float64) fastresnet.Epoch {
		return fastresnet.Epoch{Images: images, TrainTime: time.Duration(seconds * float64(time.Second))}
	}
	partial := epoch(100, 1)
	partial.Partial = true
	for _, test := range []struct {
		name   string
		epochs []fastresnet.Epoch
		want   float64
	}{
		{"a single epoch: after its first step", []fastresnet.Epoch{epoch(1000, 1)}, 5},
		{"the first epoch is slow", []fastresnet.Epoch{epoch(1000, 9), epoch(1000, 0.5)}, 2000},
		{"the epoch in the middle, in order of speed", []fastresnet.Epoch{epoch(1000, 9), epoch(1000, 4), epoch(1000, 1), epoch(1000, 2)}, 500},
		{"between the two in the middle", []fastresnet.Epoch{epoch(1000, 9), epoch(1000, 1), epoch(1000, 2)}, 750},
		{"no part of an epoch", []fastresnet.Epoch{epoch(1000, 9), epoch(1000, 1), partial}, 1000},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := &fastresnet.Result{Record: fastresnet.Record{Epochs: test.epochs, Timing: fastresnet.Timing{ImagesPerSecond: 5}}}
			compare(t, "images/s", test.want, imagesPerSecond(r))
		})
	}
}

func TestTargetSeconds(t *testing.T) {
	epoch := func(accuracy float64, tested bool) fastresnet.Epoch {
		return fastresnet.Epoch{TestAccuracy: accuracy, Tested: tested, TrainTime: 10 * time.Second, TotalTime: time.Hour}
	}
	for _, test := range []struct {
		name   string
		epochs []fastresnet.Epoch
		want   string
	}{
		{"the first epoch that has it, though a later one loses it", []fastresnet.Epoch{epoch(0.9, true), epoch(0.94, true), epoch(0.93, true), epoch(0.95, true)}, "23.0"},
		{"tested at the end alone", []fastresnet.Epoch{epoch(0, false), epoch(0.95, true)}, "23.0"},
		{"never", []fastresnet.Epoch{epoch(0.9, true), epoch(0.9399, true)}, "-"},
		{"never tested", []fastresnet.Epoch{epoch(0, false)}, "-"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := &fastresnet.Result{Record: fastresnet.Record{Epochs: test.epochs, Timing: fastresnet.Timing{Prepare: 3 * time.Second, Compile: time.Minute}}}
			compare(t, "seconds", test.want, known(targetSeconds(r, 0.94), "%.1f"))
		})
	}
}
