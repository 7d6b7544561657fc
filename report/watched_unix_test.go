//go:build unix

package report_test

import (
	"cmp"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/report"
)

// spent is what a run has taken: by the clock, and of the processors, which other work on the machine disturbs less.
type spent struct{ clock, processors time.Duration }

// processors is the time that the process has had of them.
func processors(b *testing.B) time.Duration {
	var usage syscall.Rusage
	check(b, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// BenchmarkWatched trains in turns without and with a viewer, who takes all that comes, in one process: the least and the median of
// what whole runs take. Each turn trains twice: -benchtime 10x.
func BenchmarkWatched(b *testing.B) {
	train, err := data.Synthetic(8192, 1)
	check(b, err)
	test, err := data.Synthetic(512, 2)
	check(b, err)
	run := func(more ...fastresnet.Option) spent {
		start, before := time.Now(), processors(b)
		result, err := fastresnet.Train(b.Context(), append([]fastresnet.Option{
			fastresnet.WithDataset(train, test), fastresnet.WithRecipe(fastresnet.ResNet9Epochs24()), fastresnet.WithBackend("go"),
			fastresnet.WithWidth(8), fastresnet.WithBatchSize(128), fastresnet.WithEpochs(3),
		}, more...)...)
		took := spent{time.Since(start), processors(b) - before}
		check(b, err)
		result.Model.Close()
		return took
	}
	watched := func() spent {
		var live report.Live
		server := httptest.NewServer(&live)
		defer server.Close()
		ctx, leave := context.WithCancel(b.Context())
		defer leave()
		request, err := http.NewRequestWithContext(ctx, "GET", server.URL+"/?events", nil)
		check(b, err)
		response, err := http.DefaultClient.Do(request)
		check(b, err)
		defer response.Body.Close()
		go io.Copy(io.Discard, response.Body) // until the viewer leaves
		return run(fastresnet.WithProgress(live.Observer()))
	}
	run() // what happens once in a program
	var without, with []spent
	for turn := 0; b.Loop(); turn++ {
		if turn%2 == 0 {
			without = append(without, run())
			with = append(with, watched())
		} else {
			with = append(with, watched())
			without = append(without, run())
		}
	}
	for _, measured := range []struct {
		name string
		of   func(spent) time.Duration
	}{{"clock", func(s spent) time.Duration { return s.clock }}, {"cpu", func(s spent) time.Duration { return s.processors }}} {
		for name, runs := range map[string][]spent{"without": without, "with": with} {
			slices.SortFunc(runs, func(a, b spent) int { return cmp.Compare(measured.of(a), measured.of(b)) })
			b.ReportMetric(measured.of(runs[0]).Seconds(), name+"-"+measured.name+"-least-s")
			b.ReportMetric(measured.of(runs[len(runs)/2]).Seconds(), name+"-"+measured.name+"-median-s")
		}
	}
	b.ReportMetric(0, "ns/op") // which has the time of a turn
}
