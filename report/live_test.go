package report_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/report"
	"github.com/google/go-cmp/cmp"
)

// pipes is a listener of connections within the program, which hold nothing that nobody reads.
type pipes struct {
	waiting chan net.Conn
	close   func()
}

func newPipes() *pipes {
	waiting := make(chan net.Conn)
	return &pipes{waiting, sync.OnceFunc(func() { close(waiting) })}
}

func (p *pipes) Accept() (net.Conn, error) {
	if c, ok := <-p.waiting; ok {
		return c, nil
	}
	return nil, net.ErrClosed
}

func (p *pipes) Close() error   { p.close(); return nil }
func (p *pipes) Addr() net.Addr { return &net.IPAddr{} }

func (p *pipes) dial() net.Conn {
	ours, theirs := net.Pipe()
	p.waiting <- theirs
	return ours
}

// serve serves the page until the test ends, to the client.
func serve(t *testing.T, l *report.Live) (*pipes, *http.Client) {
	t.Helper()
	p := newPipes()
	server := &http.Server{Handler: l}
	served := make(chan error)
	go func() { served <- server.Serve(p) }()
	client := &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return p.dial(), nil }}}
	t.Cleanup(func() {
		client.CloseIdleConnections()
		server.Close()
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	return p, client
}

// event is one that the page gets.
type event struct{ name, data string }

// next reads an event.
func next(t *testing.T, from *bufio.Reader) (e event) {
	t.Helper()
	for {
		line, err := from.ReadString('\n')
		check(t, err)
		line = strings.TrimSuffix(line, "\n")
		if name, is := strings.CutPrefix(line, "event: "); is {
			e.name = name
		} else if data, is := strings.CutPrefix(line, "data: "); is {
			e.data += data + "\n"
		} else if line == "" {
			return e
		}
	}
}

// get asks for the page, or for its events.
func get(t *testing.T, client *http.Client, url string) (*http.Response, *bufio.Reader) {
	t.Helper()
	response, err := client.Get(url)
	check(t, err)
	t.Cleanup(func() { response.Body.Close() })
	return response, bufio.NewReader(response.Body)
}

// heading is that of a page.
func heading(t *testing.T, page string) string {
	t.Helper()
	return parse(t, page).all("h1")[0].words()
}

// A viewer is told of the start, of steps, of epochs and of the end, and a page that is opened meanwhile is up to date.
func TestLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var live report.Live
		_, client := serve(t, &live)
		page := func() (text string) {
			response, body := get(t, client, "http://x/")
			all, err := io.ReadAll(body)
			check(t, err)
			if response.StatusCode != http.StatusOK {
				t.Fatalf("status %d: %s", response.StatusCode, all)
			}
			return string(all)
		}
		if got := heading(t, page()); got != "No run yet" {
			t.Errorf("before the run: %q", got)
		}
		_, events := get(t, client, "http://x/?events")
		progress := func() (p struct {
			Text string
			Done float64
		}) {
			t.Helper()
			e := next(t, events)
			if e.name != "progress" {
				t.Fatalf("event %+v, want progress", e)
			}
			check(t, json.Unmarshal([]byte(e.data), &p))
			return p
		}
		if got := progress(); got.Text != "Waiting for the run to start." {
			t.Errorf("before the run: %+v", got)
		}

		observer, record := live.Observer(), history(2, 4)
		started := record
		started.Epochs, started.Recipe.Selection = nil, &fastresnet.Selection{Share: 0.5} // 256 images a step
		observer.Start(&fastresnet.Result{Record: started})
		if got := progress(); got.Text != "The first step is on its way." {
			t.Errorf("at the start: %+v", got)
		}
		if e := next(t, events); e.name != "page" || heading(t, e.data) != "In the first epoch" {
			t.Errorf("at the start: %s %s", e.name, e.data)
		}
		observer.Step(fastresnet.Progress{Epoch: 1, Epochs: 4, Step: 50, Steps: 100, Taken: 50, Total: 400, Loss: 1.5, ImagesPerSecond: 512})
		want := "Epoch 1 of 4, step 50 of 100, loss 1.5000; 512\u00a0images/s; training takes 2\u00a0min 55\u00a0s more, and tests come on top"
		if got := progress(); got.Text != want || got.Done != 0.125 {
			t.Errorf("within an epoch: %+v", got)
		}
		observer.Epoch(record.Epochs[0])
		observer.Epoch(record.Epochs[1])
		if e := next(t, events); e.name != "page" || heading(t, e.data) != "40.41 % of 10,000 test images right so far" {
			t.Errorf("after two epochs: %s %s", e.name, heading(t, e.data))
		}
		if got := heading(t, page()); got != "40.41 % of 10,000 test images right so far" {
			t.Errorf("a page that is opened now: %q", got)
		}
		check(t, observer.End(nil, errors.New("it broke")))
		if got := progress(); got.Text != "The run has ended; more may come." {
			t.Errorf("at the end: %+v", got)
		}
		live.Finish(report.Run{Record: record, Name: "the last word"})
		for {
			e := next(t, events)
			if e.name == "end" {
				break
			}
			if e.name == "page" && strings.Contains(e.data, "the last word") {
				want = ""
			}
		}
		if want != "" {
			t.Error("the last page was not sent")
		}
		if _, err := events.ReadByte(); err != io.EOF {
			t.Errorf("after the end: %v", err)
		}
		if text := page(); !strings.Contains(text, "the last word") || strings.Contains(text, "<script") {
			t.Errorf("the page after the end has a script, or not the last word:\n%s", text)
		}
	})
}

// While a run goes on the heading says of which epoch its figure is, where that is not the last one.
func TestLiveHeading(t *testing.T) {
	for _, test := range []struct {
		name   string
		epochs int
		tests  int // images
		want   string
	}{
		{"at the start", 0, 10_000, "In the first epoch"},
		{"before the first test", 1, 10_000, "Training on 50,000 images, and not tested yet"},
		{"tested", 2, 10_000, "40.41 % of 10,000 test images right so far"},
		{"since the test", 3, 10_000, "40.41 % of 10,000 test images right after 2 of 4 epochs so far"},
		{"without tests", 1, 0, "Training on 50,000 images, without tests"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var live report.Live
			record := history(test.epochs, 4)
			record.TestImages = test.tests
			for i := range record.Epochs {
				record.Epochs[i].Tested = i == 1
			}
			live.Observer().Start(&fastresnet.Result{Record: record})
			w := httptest.NewRecorder()
			live.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
			if got := heading(t, w.Body.String()); got != test.want {
				t.Errorf("the heading is %q, want %q", got, test.want)
			}
		})
	}
}

// The training time of a run that goes on from a checkpoint is that of all of its epochs.
func TestLiveResumed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var live report.Live
		training := func(want string) {
			t.Helper()
			time.Sleep(2 * time.Second) // until it is drawn again
			w := httptest.NewRecorder()
			live.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
			if !strings.Contains(w.Body.String(), want+" of training on go") {
				t.Errorf("no %s of training in\n%s", want, w.Body)
			}
		}
		observer, record := live.Observer(), history(3, 4)
		started := record
		started.Epochs = record.Epochs[:2]
		started.Timing.Train, started.Timing.Total = 0, 0 // known at the end
		observer.Start(&fastresnet.Result{Record: started})
		training("40.0\u00a0s")
		observer.Epoch(record.Epochs[2])
		training("1\u00a0min 0\u00a0s")
	})
}

// A viewer that takes nothing is left behind: the run does not wait, others see it, and the viewer is gone after a while.
func TestStuckViewer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var live report.Live
		pipes, client := serve(t, &live)
		observer, record := live.Observer(), history(1, 1000)
		var stuck []net.Conn
		for range 16 {
			conn := pipes.dial()
			_, err := fmt.Fprint(conn, "GET /?events HTTP/1.1\r\nHost: x\r\n\r\n")
			check(t, err)
			stuck = append(stuck, conn)
		}
		synctest.Wait()
		if response, _ := get(t, client, "http://x/?events"); response.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("one too many: status %d", response.StatusCode)
		}
		before := time.Now()
		observer.Start(&fastresnet.Result{Record: record})
		for n := range 100 {
			observer.Step(fastresnet.Progress{Epoch: n + 1, Epochs: 1000, Step: 1, Steps: 1, Taken: n + 1, Total: 1000})
			observer.Epoch(record.Epochs[0])
		}
		if took := time.Since(before); took > 0 {
			t.Errorf("the run waited for %v", took)
		}
		time.Sleep(11 * time.Second)
		if response, events := get(t, client, "http://x/?events"); response.StatusCode != http.StatusOK {
			t.Errorf("once they are gone: status %d", response.StatusCode)
		} else if e := next(t, events); e.name != "progress" {
			t.Errorf("once they are gone: %+v", e)
		}
		live.Finish()
		for _, conn := range stuck {
			conn.Close()
		}
	})
}

// Viewers who leave make room for others.
func TestViewersLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var live report.Live
		_, client := serve(t, &live)
		for n := range 50 {
			ctx, leave := context.WithCancel(t.Context())
			request, err := http.NewRequestWithContext(ctx, "GET", "http://x/?events", nil)
			check(t, err)
			response, err := client.Do(request)
			check(t, err)
			if response.StatusCode != http.StatusOK {
				t.Fatalf("viewer %d: status %d", n, response.StatusCode)
			}
			leave()
			response.Body.Close()
			time.Sleep(time.Second)
		}
	})
}

// Nothing but reading is answered, and with headers that keep a browser from more.
func TestLiveRequests(t *testing.T) {
	var live report.Live
	for _, test := range []struct {
		method, body string
		status       int
	}{
		{"GET", "", http.StatusOK}, {"HEAD", "", http.StatusOK}, {"POST", "", http.StatusMethodNotAllowed},
		{"GET", "body", http.StatusRequestEntityTooLarge}, {"DELETE", "body", http.StatusMethodNotAllowed},
	} {
		w := httptest.NewRecorder()
		live.ServeHTTP(w, httptest.NewRequest(test.method, "/", strings.NewReader(test.body)))
		if w.Code != test.status {
			t.Errorf("%s with %q: status %d, want %d", test.method, test.body, w.Code, test.status)
		}
		if w.Code != http.StatusOK {
			continue
		}
		policy := w.Header().Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "frame-ancestors 'none'", "connect-src 'self'"} {
			if !strings.Contains(policy, want) {
				t.Errorf("policy %q lacks %q", policy, want)
			}
		}
		if diff := cmp.Diff("no-store", w.Header().Get("Cache-Control")); diff != "" {
			t.Errorf("caching (-want +got):\n%s", diff)
		}
	}
}
