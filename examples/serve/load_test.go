package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/testpicture"
)

// TestConcurrent has each of 200 clients get the answer for its own picture.
func TestConcurrent(t *testing.T) {
	l := usual
	l.wait = time.Minute // pure Go is slow where its kernels are scalar
	s := newTestService(t, l)
	url := listen(t, s).url
	pictures, err := data.Synthetic(200, 5)
	if err != nil {
		t.Fatal(err)
	}
	want, err := s.model.PredictDataset(t.Context(), pictures)
	if err != nil {
		t.Fatal(err)
	}
	var clients sync.WaitGroup
	for i, p := range want {
		png := testpicture.Encode(t, "png", pictures.Image(i))
		clients.Go(func() {
			r, err := send("POST", url+"/classify?top=1", "image/png", bytes.NewReader(png))
			var got classification
			if err == nil {
				err = json.Unmarshal(r.body, &got)
			}
			if err != nil || len(got.Classes) != 1 {
				t.Errorf("status %d, error %v: %s", r.status, err, r.body)
			} else if d := float64(got.Classes[0].Probability) - p.Probability; got.Classes[0].Class != p.Class || d > 1e-4 || d < -1e-4 {
				t.Errorf("picture %d: %+v, want %s with %g", i, got.Classes[0], p.Label, p.Probability)
			}
		})
	}
	clients.Wait()
}

// TestBadUploads has many clients send nothing that is good. The service says so to each, needs no more memory than
// it should, and gives it back.
func TestBadUploads(t *testing.T) {
	const uploads, clients = 1000, 20
	l := usual
	l.bytes = 2_000_000
	url := listen(t, newTestService(t, l)).url
	png := testpicture.Encode(t, "png", testpicture.Image(64, 64))
	jpeg := testpicture.Encode(t, "jpeg", testpicture.Image(64, 64))
	formType, formBody := form(t, "image", png)
	_, wrongField := form(t, "file", png)
	large := make([]byte, l.bytes+1)
	noise := make([]byte, 5000)
	for i := range noise {
		noise[i] = byte(rand.Uint32())
	}
	kinds := []struct {
		contentType string
		body        []byte
		length      bool // is known beforehand
		status      int
	}{
		{"image/png", nil, true, 400},
		{"text/html", []byte("<html></html>"), true, 415},
		{"image/png", noise, false, 415},
		{"image/png", png[:len(png)-20], true, 422},
		{"image/jpeg", jpeg[:len(jpeg)/2], true, 422},
		{"image/png", large, true, 413},
		{"image/png", large, false, 413},
		{"image/png", testpicture.PNGClaiming(65_535, 65_535), true, 413},
		{"image/gif", testpicture.GIFClaiming(65_535, 65_535), true, 413},
		{"image/png", testpicture.PNGClaiming(1000, 1000), true, 422},
		{"image/gif", testpicture.GIFClaiming(1000, 1000), true, 422},
		{formType, formBody[:len(formBody)/2], true, 400},
		{formType, wrongField, true, 400},
		{"multipart/form-data", formBody, true, 400},
	}

	before := memory(true)
	var peak runtime.MemStats
	var sent atomic.Int64
	var working sync.WaitGroup
	for range clients {
		working.Go(func() {
			for i := sent.Add(1); i <= uploads; i = sent.Add(1) {
				kind := kinds[int(i)%len(kinds)]
				var body io.Reader = bytes.NewReader(kind.body)
				if !kind.length {
					body = io.MultiReader(body)
				}
				r, err := send("POST", url+"/classify", kind.contentType, body)
				// A client that is still sending what is refused may find the connection closed.
				if kind.status == http.StatusRequestEntityTooLarge && err != nil {
					continue
				}
				if err != nil || r.status != kind.status || r.problem(t) == "" {
					t.Errorf("%s of %d bytes: status %d, error %v: %s; want status %d", kind.contentType, len(kind.body), r.status, err, r.body, kind.status)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { working.Wait(); close(done) }()
	for alive := true; alive; {
		select {
		case <-done:
			alive = false
		case <-time.After(20 * time.Millisecond):
		}
		if now := memory(false); now.HeapAlloc > peak.HeapAlloc {
			peak = now
		}
	}
	after := memory(true)

	const mb = 1 << 20
	t.Logf("heap: %d MB before, %d MB at most, %d MB after; %d MB of the system, %d before",
		before.HeapAlloc/mb, peak.HeapAlloc/mb, after.HeapAlloc/mb, after.Sys/mb, before.Sys/mb)
	if peak.HeapAlloc > before.HeapAlloc+400*mb || after.Sys > before.Sys+500*mb {
		t.Errorf("bad uploads took %d MB of memory", (peak.HeapAlloc-before.HeapAlloc)/mb)
	}
	if after.HeapAlloc > before.HeapAlloc+20*mb {
		t.Errorf("%d MB are still in use", (after.HeapAlloc-before.HeapAlloc)/mb)
	}
	if r := fetch(t, "POST", url+"/classify", "image/png", bytes.NewReader(png)); r.status != http.StatusOK {
		t.Errorf("status %d of a good picture afterwards: %s", r.status, r.body)
	}
}

// memory is what is in use now, garbage left out if it is collected first.
func memory(collect bool) (m runtime.MemStats) {
	if collect {
		client.CloseIdleConnections()
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return m
}

// TestShutdown ends the service with requests in hand: they are answered.
func TestShutdown(t *testing.T) {
	s, entered, release := blocked(t, usual)
	r := listen(t, s)
	first := post(t, r.url)
	<-entered
	second := post(t, r.url)
	<-entered
	ended := make(chan error, 1)
	go func() { ended <- r.stop() }()
	waitUntil(t, func() bool { // new ones are refused
		_, err := send("GET", r.url+"/healthz", "", nil)
		return err != nil
	})
	select {
	case err := <-ended:
		t.Fatalf("stopped with requests in hand: %v", err)
	default:
	}
	release()
	for i, answer := range []<-chan response{first, second} {
		if r := <-answer; r.status != http.StatusOK {
			t.Errorf("request %d: status %d: %s", i, r.status, r.body)
		}
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestShutdownGivesUp on a client that does not finish its request.
func TestShutdownGivesUp(t *testing.T) {
	l := usual
	l.grace = 100 * time.Millisecond
	s := newTestService(t, l)
	r := listen(t, s)
	conn, err := net.Dial("tcp", strings.TrimPrefix(r.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "POST /classify HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nGIF89a")
	waitUntil(t, func() bool { // it has its turn
		s.starts.mu.Lock()
		defer s.starts.mu.Unlock()
		return s.starts.free < s.limits.starts
	})
	if err := r.stop(); err == nil || !strings.Contains(err.Error(), "not answered") {
		t.Errorf("error %v", err)
	}
}

// BenchmarkClassify is requests through a real connection, in numbers of clients that each wait for their answer
// before they send again. It reports requests/s, milliseconds that requests take, and those that were answered with 503.
//
// The model is that of FASTRESNET_SERVE_WIDTH, 16 if it is not set: it is trained for a moment only.
func BenchmarkClassify(b *testing.B) {
	width := 16
	if v := os.Getenv("FASTRESNET_SERVE_WIDTH"); v != "" {
		if _, err := fmt.Sscan(v, &width); err != nil {
			b.Fatal(err)
		}
	}
	s := newServiceOfWidth(b, usual, width)
	url := listen(b, s).url
	classify := func(picture []byte) func() (response, error) {
		return func() (response, error) { return send("POST", url+"/classify", "", bytes.NewReader(picture)) }
	}
	small := classify(testpicture.Encode(b, "png", testpicture.Image(32, 32)))
	photo := classify(testpicture.Encode(b, "jpeg", testpicture.Image(1600, 1200)))
	pixels := make([]uint8, 32*32*3)
	infer := func() (response, error) {
		const text = `{"inputs":[{"name":"images","shape":[1,32,32,3],"datatype":"UINT8","parameters":{"binary_data_size":3072}}],` +
			`"outputs":[{"name":"probabilities","parameters":{"binary_data":true}}]}`
		return sendInference(url+"/v2/models/test/infer", text, pixels)
	}
	for _, test := range []struct {
		name    string
		send    func() (response, error)
		clients []int
	}{
		{"png", small, []int{1, 8, 32, 100, 200, 500}},
		{"infer", infer, []int{1, 8, 32, 100, 200, 500}},
		{"photo", photo, []int{1, 8}},
	} {
		for _, clients := range test.clients {
			b.Run(fmt.Sprintf("width=%d/%s/clients=%d", width, test.name, clients), func(b *testing.B) { benchmarkRequests(b, test.send, clients) })
		}
	}
}

func benchmarkRequests(b *testing.B, send func() (response, error), clients int) {
	client.CloseIdleConnections()     // of the last numbers of clients, which the service is about to close
	if _, err := send(); err != nil { // compiles
		b.Fatal(err)
	}
	times := make([]time.Duration, b.N)
	var sent, refused atomic.Int64
	var working sync.WaitGroup
	b.ResetTimer()
	for range clients {
		working.Go(func() {
			for i := sent.Add(1) - 1; i < int64(b.N); i = sent.Add(1) - 1 {
				start := time.Now()
				r, err := send()
				times[i] = time.Since(start)
				switch {
				case r.status == http.StatusServiceUnavailable:
					refused.Add(1)
				case err != nil || r.status != http.StatusOK:
					b.Errorf("status %d, error %v: %s", r.status, err, r.body)
				}
			}
		})
	}
	working.Wait()
	b.StopTimer()
	slices.SortFunc(times, cmp.Compare[time.Duration])
	percentile := func(p int) float64 { return float64(times[(len(times)-1)*p/100].Microseconds()) / 1000 }
	b.ReportMetric(0, "ns/op") // of which many run at a time
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
	b.ReportMetric(percentile(50), "ms-p50")
	b.ReportMetric(percentile(95), "ms-p95")
	b.ReportMetric(percentile(99), "ms-p99")
	b.ReportMetric(float64(refused.Load()), "refused")
}
