package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data/picture"
	"github.com/fastresnet/fastresnet/internal/testpicture"
	"github.com/fastresnet/fastresnet/pretrained"
)

// measured are pictures to classify: as small as the network's, and as large as a camera's.
func measured(b *testing.B) []namedContent {
	return []namedContent{
		{"32x32.png", testpicture.Encode(b, "png", ship(32, 32))},
		{"1600x1200.jpg", testpicture.Encode(b, "jpeg", ship(1600, 1200))},
		{"4000x3000.jpg", testpicture.Encode(b, "jpeg", ship(4000, 3000))},
	}
}

// report has the least and the median of some times.
func report(b *testing.B, milliseconds []float64) {
	slices.Sort(milliseconds)
	b.ReportMetric(milliseconds[0], "least-ms")
	b.ReportMetric(milliseconds[len(milliseconds)/2], "median-ms")
	b.ReportMetric(0, "ns/op") // which has the time of the test itself
}

// BenchmarkChromium is what the page says that its answers took, the memory of the program after them, and how long the page
// takes from its start until it is ready, from a server on the same machine. On a busy machine the time of processors says more:
// that is with the preview of the picture and all else that the page does. There are no more than 20 cards: -benchtime 10x.
func BenchmarkChromium(b *testing.B) {
	browser := browserFor(b)
	url := site(b, func(w http.ResponseWriter, r *http.Request, usual http.Handler) {
		if r.URL.Path != "/worker.js" {
			usual.ServeHTTP(w, r)
			return
		}
		script := httptest.NewRecorder()
		usual.ServeHTTP(script, r)
		w.Header().Set("Content-Type", "text/javascript")
		fmt.Fprint(w, strings.Replace(script.Body.String(), "const go =", "const go = self.go =", 1), tellsMemory)
	})
	b.Run("ready", func(b *testing.B) {
		var times []float64
		for b.Loop() {
			p := browser.open(url, "light", 1280, 900)
			p.ready()
			var ms float64
			p.Evaluate(`performance.getEntriesByName("ready")[0].startTime`, &ms)
			times = append(times, ms)
			p.Close()
		}
		report(b, times)
	})
	for i, path := range write(b, measured(b)...) {
		b.Run(measured(b)[i].name, func(b *testing.B) {
			p := browser.open(url, "light", 1280, 900)
			p.ready()
			cpu := browser.cpu()
			var times []float64
			for b.Loop() {
				p.choose(path)
				_, facts, _ := strings.Cut(p.answered(len(times)+1).Facts, "; ")
				var ms float64
				_, err := fmt.Sscanf(facts, "%f", &ms)
				check(b, err)
				times = append(times, ms)
			}
			report(b, times)
			b.ReportMetric((browser.cpu()-cpu)/float64(len(times))*1e3, "cpu-ms")
			b.ReportMetric(p.memory()/1e6, "MB")
			p.Close()
		})
	}
}

// tellsMemory is added to the worker.
const tellsMemory = `;
new BroadcastChannel("memory").onmessage = ({target}) => target.postMessage(go._inst.exports.mem.buffer.byteLength);
`

// cpu is how many seconds of processors the browser's pages have taken.
func (b testBrowser) cpu() (seconds float64) {
	b.t.Helper()
	var info struct {
		ProcessInfo []struct {
			Type    string
			CPUTime float64
		}
	}
	check(b.t, b.Call("", "SystemInfo.getProcessInfo", nil, &info))
	for _, p := range info.ProcessInfo {
		if p.Type == "renderer" {
			seconds += p.CPUTime
		}
	}
	return seconds
}

// memory is how many bytes the program in the worker has.
func (p tab) memory() (bytes float64) {
	p.t.Helper()
	p.Evaluate(`new Promise(done => {
		const channel = new BroadcastChannel("memory");
		channel.onmessage = ({data}) => { channel.close(); done(data); };
		channel.postMessage("?");
	})`, &bytes)
	return bytes
}

// BenchmarkNative is the same outside of the browser, in one process on all processors.
func BenchmarkNative(b *testing.B) {
	start := time.Now()
	model, err := pretrained.CIFAR10(fastresnet.WithBackend("go"))
	check(b, err)
	defer model.Close()
	b.Logf("the model is there after %v", time.Since(start))
	for _, file := range measured(b) {
		b.Run(file.name, func(b *testing.B) {
			var times []float64
			for b.Loop() {
				start := time.Now()
				img, err := picture.Decode(b.Context(), file.content)
				check(b, err)
				_, err = model.Predict(b.Context(), img)
				check(b, err)
				times = append(times, time.Since(start).Seconds()*1e3)
			}
			report(b, times)
		})
	}
}
