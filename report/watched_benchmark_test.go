package report_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/report"
)

// BenchmarkWatched trains in turns without and with a viewer, who takes all that comes, on the same processors: the least and the
// median of the times of whole runs. Each turn trains twice: -benchtime 10x.
func BenchmarkWatched(b *testing.B) {
	train, err := data.Synthetic(8192, 1)
	check(b, err)
	test, err := data.Synthetic(512, 2)
	check(b, err)
	run := func(more ...fastresnet.Option) time.Duration {
		start := time.Now()
		result, err := fastresnet.Train(b.Context(), append([]fastresnet.Option{
			fastresnet.WithDataset(train, test), fastresnet.WithRecipe(fastresnet.ResNet9Epochs24()), fastresnet.WithBackend("go"),
			fastresnet.WithWidth(8), fastresnet.WithBatchSize(128), fastresnet.WithEpochs(3),
		}, more...)...)
		took := time.Since(start)
		check(b, err)
		result.Model.Close()
		return took
	}
	watched := func() time.Duration {
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
	var without, with []time.Duration
	for turn := 0; b.Loop(); turn++ {
		if turn%2 == 0 {
			without = append(without, run())
			with = append(with, watched())
		} else {
			with = append(with, watched())
			without = append(without, run())
		}
	}
	slices.Sort(without)
	slices.Sort(with)
	b.ReportMetric(without[0].Seconds(), "without-least-s")
	b.ReportMetric(with[0].Seconds(), "with-least-s")
	b.ReportMetric(without[len(without)/2].Seconds(), "without-median-s")
	b.ReportMetric(with[len(with)/2].Seconds(), "with-median-s")
	b.ReportMetric(0, "ns/op") // which has the time of a turn
}
