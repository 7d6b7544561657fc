package main

import (
	"bytes"
	"fmt"
	"image"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fastresnet/fastresnet/data/picture"
	"github.com/fastresnet/fastresnet/examples/internal/signature"
	"github.com/fastresnet/fastresnet/internal/testpicture"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// TestSlowClientsBlockNobody has 64 clients send a byte now and then, from one address: more than there was room for
// when a body took a place among so many. Another client gets its answers meanwhile.
func TestSlowClientsBlockNobody(t *testing.T) {
	url := listen(t, newTestService(t, usual)).url
	for range 64 {
		conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprint(conn, "POST /classify HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000\r\n\r\nGIF89a")
	}
	for range 5 {
		start := time.Now()
		if r := <-post(t, url); r.status != http.StatusOK {
			t.Errorf("status %d: %s", r.status, r.body)
		}
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("answered after %v", took)
		}
	}
}

// TestUploadsOfOneAddress has large pictures arrive at once from one address: they do not wait for one another for
// ever.
func TestUploadsOfOneAddress(t *testing.T) {
	url := listen(t, newTestService(t, usual)).url
	body := append(testpicture.Encode(t, "png", testpicture.Image(64, 64)), make([]byte, 9_000_000)...)
	var clients sync.WaitGroup
	for range 24 {
		clients.Go(func() {
			if r, err := send("POST", url+"/classify", "image/png", bytes.NewReader(body)); err != nil || r.status != http.StatusOK {
				t.Errorf("status %d, error %v", r.status, err)
			}
		})
	}
	clients.Wait()
}

// sent is a request's body, where it is sent, and the header of a tensor's.
type sent struct {
	path, header string
	body         []byte
}

// tensor is a request about some images.
func tensor(images int) sent {
	text := fmt.Sprintf(`{"inputs":[{"name":"images","shape":[%d,32,32,3],"datatype":"UINT8","parameters":{"binary_data_size":%d}}]}`, images, images*3072)
	return sent{"/v2/models/test/infer", fmt.Sprint(len(text)), append([]byte(text), make([]byte, images*3072)...)}
}

// from sends it from an address.
func (s sent) from(address string, h http.Handler) *httptest.ResponseRecorder {
	r, w := httptest.NewRequest("POST", s.path, bytes.NewReader(s.body)), httptest.NewRecorder()
	r.Header.Set(jsonLength, s.header)
	r.RemoteAddr = address
	h.ServeHTTP(w, r)
	return w
}

// TestTensorsBlockNobody has one address send all the tensors that there is room for, to a model that is slow. There is no more
// than one of them before the tensor of another address.
func TestTensorsBlockNobody(t *testing.T) {
	l := usual
	l.wait = time.Minute
	s, entered, release := blocked(t, l)
	h := s.handler()
	waiting := func(turn *room) float64 { return testutil.ToFloat64(s.metrics.waiting.WithLabelValues(turn.name)) }
	var clients sync.WaitGroup
	ask := func(address string, request sent) {
		clients.Go(func() {
			if w := request.from(address, h); w.Code != http.StatusOK {
				t.Errorf("%s: status %d: %s", address, w.Code, w.Body)
			}
		})
	}
	const heavy = 12
	for range heavy {
		ask("10.0.0.1:1", tensor(signature.MaxBatch))
	}
	waitUntil(t, func() bool { return waiting(s.images)+waiting(s.small) == heavy })
	ask("10.0.0.2:1", tensor(1))
	waitUntil(t, func() bool { return len(entered) == 2 })
	if n := waiting(s.images) + waiting(s.small); n != heavy+1 {
		t.Errorf("%g requests wait, want all %d", n, heavy+1)
	}
	release()
	clients.Wait()
}

// TestHeavyClientBlocksNobody has one address send the pictures that take longest, again and again, on 64 connections.
// A small picture, a tensor and a photograph of another address are answered soon.
func TestHeavyClientBlocksNobody(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: this takes a quarter of a minute")
	}
	picture := func(encoded []byte) sent { return sent{"/classify", "", encoded} }
	photo := picture(testpicture.Encode(t, "jpeg", testpicture.Image(1600, 1200)))
	small := picture(testpicture.Encode(t, "png", testpicture.Image(32, 32)))
	for name, heavy := range map[string]sent{
		"PNG of 25 megapixels":              picture(testpicture.Encode(t, "png", image.NewNRGBA(image.Rect(0, 0, 5000, 5000)))),
		"small pictures":                    small,
		"JPEG with as many scans as may be": picture(testpicture.JPEGOfScans(5000, 5000, 20)),
		"tensors of as many images":         tensor(signature.MaxBatch),
	} {
		t.Run(name, func(t *testing.T) {
			h := newTestService(t, usual).handler()
			end := time.Now().Add(4 * time.Second)
			var attack sync.WaitGroup
			for range 64 {
				attack.Go(func() {
					for time.Now().Before(end) {
						heavy.from("10.0.0.1:1", h)
					}
				})
			}
			time.Sleep(time.Second)
			for range 2 {
				for kind, other := range map[string]sent{"small picture": small, "tensor": tensor(1), "photograph": photo} {
					start := time.Now()
					code := other.from("10.0.0.2:1", h).Code
					t.Logf("another address: %s: %v", kind, time.Since(start))
					if code != http.StatusOK || time.Since(start) > 4*time.Second {
						t.Errorf("another address: %s: status %d after %v", kind, code, time.Since(start))
					}
				}
			}
			attack.Wait()
		})
	}
}

// TestAttack sends good, bad, heavy and slow requests from 300 clients for a few seconds. Nothing is answered with a
// server error but "busy", memory keeps to the limit, and when it is over good requests are answered again.
func TestAttack(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: this takes some ten seconds")
	}
	const clients, lasts = 300, 4 * time.Second
	url := listen(t, newTestService(t, usual)).url
	good := testpicture.Encode(t, "png", testpicture.Image(32, 32))
	photo := testpicture.Encode(t, "jpeg", testpicture.Image(3000, 2000))
	kinds := []struct {
		name string
		body func() io.Reader
	}{
		{"good", func() io.Reader { return bytes.NewReader(good) }},
		{"a photograph", func() io.Reader { return bytes.NewReader(photo) }},
		{"no picture", func() io.Reader { return strings.NewReader("<html>") }},
		{"a bomb", func() io.Reader { return bytes.NewReader(testpicture.PNGClaiming(60_000, 60_000)) }},
		{"heavy", func() io.Reader { return io.LimitReader(zeros{}, usual.bytes) }},
		{"too large", func() io.Reader { return io.LimitReader(zeros{}, usual.bytes+1) }},
		{"slow", func() io.Reader { return &dripping{content: good, every: 200 * time.Millisecond} }},
	}
	var statuses [600]atomic.Int64
	var peak atomic.Uint64
	end := time.Now().Add(lasts)
	var attack sync.WaitGroup
	attack.Go(func() {
		for ; time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak.Store(max(peak.Load(), m.HeapInuse+m.StackInuse))
		}
	})
	for client := range clients {
		attack.Go(func() {
			kind := kinds[client%len(kinds)]
			for time.Now().Before(end) {
				r, err := send("POST", url+"/classify", "application/octet-stream", kind.body())
				if err == nil { // otherwise the connection was closed on a body that is not wanted
					statuses[r.status].Add(1)
				}
			}
		})
	}
	attack.Wait()
	var text []string
	for status := range statuses {
		if n := statuses[status].Load(); n > 0 {
			text = append(text, fmt.Sprintf("%d: %d", status, n))
			if status >= 500 && status != http.StatusServiceUnavailable {
				t.Errorf("status %d, %d times", status, n)
			}
		}
	}
	t.Logf("answers %s; memory %d MB at most", strings.Join(text, ", "), peak.Load()/1_000_000)
	if statuses[http.StatusOK].Load() == 0 {
		t.Error("no good request was answered")
	}
	if limit := uint64(usual.memory); peak.Load() > limit {
		t.Errorf("%d bytes of memory, need %d at most", peak.Load(), limit)
	}
	start := time.Now()
	if r := <-post(t, url); r.status != http.StatusOK || time.Since(start) > 5*time.Second {
		t.Errorf("afterwards: status %d after %v", r.status, time.Since(start))
	}
}

// A WebP file is counted by its bytes too, and nothing as more than there is room for.
func TestShare(t *testing.T) {
	s := &service{limits: usual}
	for _, tt := range []struct {
		header picture.Header
		bytes  int
		want   int64
	}{
		{picture.Header{Format: "png", Width: 100, Height: 50}, 1_000_000, 5000},
		{picture.Header{Format: "webp", Width: 100, Height: 60}, 6000, 6000 + 100_000},
		{picture.Header{Format: "webp", Width: 208, Height: 208}, 5_000_000, usual.pixels},
	} {
		if got := s.share(tt.header, tt.bytes); got != tt.want {
			t.Errorf("%+v of %d bytes: %d, want %d", tt.header, tt.bytes, got, tt.want)
		}
	}
}

// zeros are bytes without end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// dripping sends a byte at a time.
type dripping struct {
	content []byte
	every   time.Duration
}

func (d *dripping) Read(p []byte) (int, error) {
	if len(d.content) == 0 || len(p) == 0 {
		return 0, io.EOF
	}
	time.Sleep(d.every)
	p[0], d.content = d.content[0], d.content[1:]
	return 1, nil
}
