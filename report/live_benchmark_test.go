package report_test

import (
	"io"
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/report"
)

// BenchmarkLive is what a run that is watched costs besides training: word of a step, and a page of 24 epochs.
func BenchmarkLive(b *testing.B) {
	b.Run("step", func(b *testing.B) {
		var live report.Live
		step := live.Observer().Step
		for b.Loop() {
			step(fastresnet.Progress{Epoch: 1, Epochs: 24, Step: 1, Steps: 390, Taken: 1, Total: 24 * 390})
		}
	})
	b.Run("page", func(b *testing.B) {
		run := report.Run{Record: history(24, 24)}
		for b.Loop() {
			check(b, report.HTML(io.Discard, run))
		}
	})
}
