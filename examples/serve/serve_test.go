package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"io"
	"log/slog"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/examples/internal/testmodel"
	"github.com/fastresnet/fastresnet/internal/testpicture"
)

// newTestService is a service with a model that is trained little.
func newTestService(t testing.TB, l limits) *service {
	t.Helper()
	return newServiceOfWidth(t, l, 4)
}

func newServiceOfWidth(t testing.TB, l limits, width int) *service {
	t.Helper()
	return newService(testmodel.Load(t, testmodel.Save(t, width)), "test", l, slog.New(slog.DiscardHandler))
}

// running is a service that listens.
type running struct {
	url  string
	stop func() error // ends it as a signal does, and returns its error
}

// listen starts a service, which stops with the test at the latest.
func listen(t testing.TB, s *service) running {
	t.Helper()
	listener, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	return listenOn(t, s, listener)
}

func listenOn(t testing.TB, s *service, listener net.Listener) running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended, err := make(chan struct{}), error(nil)
	go func() { err = answer(ctx, listener, s); close(ended) }()
	r := running{"http://" + listener.Addr().String(), func() error { cancel(); <-ended; return err }}
	t.Cleanup(func() { _ = r.stop() })
	return r
}

// response is what a service answered.
type response struct {
	status int
	header http.Header
	body   []byte
}

// fetch sends a request.
func fetch(t testing.TB, method, url, contentType string, body io.Reader) response {
	t.Helper()
	r, err := send(method, url, contentType, body)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func send(method, url, contentType string, body io.Reader) (response, error) {
	request, err := http.NewRequest(method, url, body)
	if err != nil {
		return response{}, err
	}
	request.Header.Set("Content-Type", contentType)
	return do(request)
}

func do(request *http.Request) (response, error) {
	answer, err := client.Do(request)
	if err != nil {
		return response{}, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return response{answer.StatusCode, answer.Header, text}, err
}

var client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 500}, Timeout: 30 * time.Second}

// problem is the message of an answer that is an error.
func (r response) problem(t testing.TB) string {
	t.Helper()
	var answer struct{ Error string }
	if err := json.Unmarshal(r.body, &answer); err != nil {
		t.Errorf("status %d with no JSON: %q", r.status, r.body)
	}
	return answer.Error
}

// form is a body with a file in a field, and its content type.
func form(t testing.TB, field string, content []byte) (contentType string, body []byte) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	if err := w.WriteField("other", "text"); err != nil {
		t.Fatal(err)
	}
	part, err := w.CreateFormFile(field, "picture")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = part.Write(content)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return w.FormDataContentType(), b.Bytes()
}

// TestRoutes looks at everything but the classification.
func TestRoutes(t *testing.T) {
	url := listen(t, newTestService(t, usual)).url
	for _, test := range []struct {
		name, method, path string
		status             int
		allow, want        string // want is in the body
	}{
		{"page", "GET", "/", 200, "", "<!doctype html>"},
		{"page's header", "HEAD", "/", 200, "", ""},
		{"health", "GET", "/healthz", 200, "", `{"status":"ok"}`},
		{"model's size", "GET", "/model", 200, "", `"width":32,"height":32,"resizing":"crop","threshold":0,"parameters":`},
		{"model", "GET", "/model", 200, "", `"test_images":64,"max_bytes":10000000,"max_pixels":25000000}`},
		{"nothing", "GET", "/nothing", 404, "", `{"error":"there is nothing here`},
		{"posting to the page", "POST", "/", 405, "GET, HEAD", `{"error":"the method is wrong: need GET, HEAD"}`},
		{"getting a classification", "GET", "/classify", 405, "POST", `{"error":"the method is wrong: need POST"}`},
		{"deleting the model", "DELETE", "/model", 405, "GET, HEAD", `{"error":`},
		{"a method that is a part of another", "GE", "/model", 405, "GET, HEAD", `{"error":`},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := fetch(t, test.method, url+test.path, "", nil)
			if r.status != test.status || r.header.Get("Allow") != test.allow || !strings.Contains(string(r.body), test.want) {
				t.Errorf("status %d, Allow %q, body %.200q", r.status, r.header.Get("Allow"), r.body)
			}
			for name, want := range map[string]string{
				"Content-Security-Policy": "default-src 'none'; script-src 'sha256-", "X-Content-Type-Options": "nosniff",
				"Referrer-Policy": "no-referrer", "Cross-Origin-Resource-Policy": "same-origin",
			} {
				if got := r.header.Get(name); !strings.HasPrefix(got, want) {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
		})
	}
}

func TestModel(t *testing.T) {
	s := newTestService(t, usual)
	var got description
	if err := json.Unmarshal(fetch(t, "GET", listen(t, s).url+"/model", "", nil).body, &got); err != nil {
		t.Fatal(err)
	}
	if got.Recipe != "resnet9-24" || len(got.Classes) != 10 || got.Width != 32 || got.Height != 32 || got.Parameters < 1000 {
		t.Errorf("%+v", got)
	}
	if got.TestAccuracy == nil || *got.TestAccuracy != s.model.Record().TestAccuracy() {
		t.Errorf("test accuracy %v, want %g", got.TestAccuracy, s.model.Record().TestAccuracy())
	}
}

// TestClassify compares what is answered with what the model says.
func TestClassify(t *testing.T) {
	s := newTestService(t, usual)
	url := listen(t, s).url
	img := testpicture.Image(48, 32)
	predictions, err := s.model.Predict(t.Context(), img)
	if err != nil {
		t.Fatal(err)
	}
	p := predictions[0]
	png, bmp := testpicture.Encode(t, "png", img), testpicture.Encode(t, "bmp", img)
	formType, formBody := form(t, "image", png)
	for _, test := range []struct {
		name, query, contentType string
		body                     []byte
		classes                  int
		format                   string
	}{
		{"body", "", "image/png", png, 5, "png"},
		{"form", "", formType, formBody, 5, "png"},
		{"as curl --data-binary sends it", "", "application/x-www-form-urlencoded", png, 5, "png"},
		{"without a type", "", "", bmp, 5, "bmp"},
		{"the best", "?top=1", "image/png", png, 1, "png"},
		{"all", "?top=1000", "image/png", png, 10, "png"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := fetch(t, "POST", url+"/classify"+test.query, test.contentType, bytes.NewReader(test.body))
			if r.status != http.StatusOK || r.header.Get("Content-Type") != "application/json; charset=utf-8" {
				t.Fatalf("status %d, %q: %s", r.status, r.header.Get("Content-Type"), r.body)
			}
			var got classification
			if err := json.Unmarshal(r.body, &got); err != nil {
				t.Fatal(err)
			}
			if got.Format != test.format || got.Width != 48 || got.Height != 32 || got.Milliseconds <= 0 || len(got.Classes) != test.classes {
				t.Fatalf("%+v", got)
			}
			best := got.Classes[0]
			if d := float64(best.Probability) - p.Probability; best.Class != p.Class || best.Label != p.Label || d > 1e-5 || d < -1e-5 {
				t.Errorf("best %+v, the model says %+v", best, p)
			}
		})
	}
}

// TestUnknown has a model with and without a threshold answer about one picture.
func TestUnknown(t *testing.T) {
	s := newTestService(t, usual)
	png := sent{path: "/classify", body: testpicture.Encode(t, "png", testpicture.Image(32, 32))}
	for _, test := range []struct {
		name      string
		threshold float64
		want      string // of the member unknown
		described string // the threshold of the model
	}{
		{"none", 0, "", "0"},
		{"one that no answer reaches", 1, "true", "1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := s.model.SetThreshold(test.threshold); err != nil {
				t.Fatal(err)
			}
			var got struct{ Unknown json.RawMessage }
			if err := json.Unmarshal(png.from("10.0.0.1:1", s.handler()).Body.Bytes(), &got); err != nil || string(got.Unknown) != test.want {
				t.Errorf("unknown %q, want %q; error %v", got.Unknown, test.want, err)
			}
			var model struct{ Threshold json.RawMessage }
			w := httptest.NewRecorder()
			s.handler().ServeHTTP(w, httptest.NewRequest("GET", "/model", nil))
			if err := json.Unmarshal(w.Body.Bytes(), &model); err != nil || string(model.Threshold) != test.described {
				t.Errorf("the model has the threshold %q, want %q; error %v", model.Threshold, test.described, err)
			}
		})
	}
}

// TestRefused has the right status and a message for everything that a client can get wrong.
func TestRefused(t *testing.T) {
	l := usual
	l.bytes = 20_000
	url := listen(t, newTestService(t, l)).url
	png := testpicture.Encode(t, "png", testpicture.Image(32, 32))
	formType, formBody := form(t, "image", png)
	wrongType, wrongField := form(t, "picture", png)
	largeType, largeForm := form(t, "image", make([]byte, 30_000))
	for _, test := range []struct {
		name, query, contentType string
		body                     io.Reader
		status                   int
		want                     string // in the message
	}{
		{"nothing", "", "image/png", http.NoBody, 400, "it is empty"},
		{"an empty form", "", formType, http.NoBody, 400, "the form cannot be read"},
		{"a form cut off", "", formType, bytes.NewReader(formBody[:len(formBody)-60]), 400, "the form cannot be read"},
		{"a form with another boundary", "", "multipart/form-data; boundary=x", bytes.NewReader(formBody), 400, "the form"},
		{"a form without a boundary", "", "multipart/form-data", bytes.NewReader(formBody), 400, "the form"},
		{"another field", "", wrongType, bytes.NewReader(wrongField), 400, `as the file "image"`},
		{"top 0", "?top=0", "image/png", bytes.NewReader(png), 400, "top must be"},
		{"top in words", "?top=five", "image/png", bytes.NewReader(png), 400, "top must be"},
		{"top and more", "?top=1;x=2", "image/png", bytes.NewReader(png), 400, "top must be"},
		{"top empty", "?top=", "image/png", bytes.NewReader(png), 400, "top must be"},
		{"too many bytes", "", "image/png", bytes.NewReader(make([]byte, 20_001)), 413, "need a body of no more than"},
		{"too many, of unknown length", "", "image/png", io.MultiReader(bytes.NewReader(make([]byte, 30_000))), 413, "need a body"},
		{"too many in a form", "", largeType, io.MultiReader(bytes.NewReader(largeForm)), 413, "need a body"},
		{"too many pixels", "", "image/png", bytes.NewReader(testpicture.PNGClaiming(15_000, 15_000)), 413, "25 million"},
		{"text", "", "text/plain", strings.NewReader("what is this?"), 415, "no picture that can be read"},
		{"a picture cut off", "", "image/png", bytes.NewReader(png[:len(png)/2]), 422, "damaged"},
		{"a header alone", "", "image/gif", strings.NewReader("GIF89a"), 422, "damaged"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := fetch(t, "POST", url+"/classify"+test.query, test.contentType, test.body)
			if problem := r.problem(t); r.status != test.status || !strings.Contains(problem, test.want) {
				t.Errorf("status %d, %q, want %d and %q", r.status, problem, test.status, test.want)
			}
		})
	}
}

// TestTooLong has a picture that a model cannot scale be the client's fault.
func TestTooLong(t *testing.T) {
	s := newService(modelOf(t, data.ResizeByStretching), "test", usual, slog.New(slog.DiscardHandler))
	long := testpicture.Encode(t, "png", image.NewGray(image.Rect(0, 0, 1_100_000, 1)))
	r := fetch(t, "POST", listen(t, s).url+"/classify", "image/png", bytes.NewReader(long))
	if problem := r.problem(t); r.status != http.StatusUnprocessableEntity || !strings.Contains(problem, "which is too long") {
		t.Errorf("status %d, %q", r.status, problem)
	}
}

// TestOtherSites may link to the page, and not post from theirs.
func TestOtherSites(t *testing.T) {
	url := listen(t, newTestService(t, usual)).url
	for _, test := range []struct {
		name, site string
		status     int
	}{
		{"the page itself", "same-origin", http.StatusOK},
		{"another site", "cross-site", http.StatusForbidden},
	} {
		t.Run(test.name, func(t *testing.T) {
			body := bytes.NewReader(testpicture.Encode(t, "png", testpicture.Image(8, 8)))
			request, err := http.NewRequest("POST", url+"/classify", body)
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Sec-Fetch-Site", test.site)
			answer, err := client.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			answer.Body.Close()
			if answer.StatusCode != test.status {
				t.Errorf("status %d, want %d", answer.StatusCode, test.status)
			}
		})
	}
}

// blocked is a service whose model answers when it is told to. entered has an element for each call.
func blocked(t *testing.T, l limits) (s *service, entered chan struct{}, release func()) {
	s = newTestService(t, l)
	g := gate{s.model, make(chan struct{}, 100), make(chan struct{})}
	s.predictor = g
	return s, g.entered, func() { close(g.open) }
}

// gate is a model that answers when the gate is open.
type gate struct {
	*fastresnet.Model
	entered, open chan struct{}
}

func (g gate) Predict(ctx context.Context, images ...image.Image) ([]fastresnet.Prediction, error) {
	if err := g.wait(ctx); err != nil {
		return nil, err
	}
	return g.Model.Predict(ctx, images...)
}

func (g gate) PredictDataset(ctx context.Context, set *data.Dataset) ([]fastresnet.Prediction, error) {
	if err := g.wait(ctx); err != nil {
		return nil, err
	}
	return g.Model.PredictDataset(ctx, set)
}

func (g gate) wait(ctx context.Context) error {
	g.entered <- struct{}{}
	select {
	case <-g.open:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func waitUntil(t *testing.T, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("waited in vain")
		}
	}
}

// post classifies a small picture in the background.
func post(t *testing.T, url string) <-chan response {
	png := testpicture.Encode(t, "png", testpicture.Image(32, 32))
	done := make(chan response, 1)
	go func() {
		r, err := send("POST", url+"/classify", "image/png", bytes.NewReader(png))
		if err != nil {
			r.body = fmt.Append(nil, err)
		}
		done <- r
	}()
	return done
}

// TestBusy has a request wait in vain for each of the things that there can be too little of.
func TestBusy(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*limits)
	}{
		{"memory for bodies", func(l *limits) { l.starts = growth * portion }},
		{"pixels", func(l *limits) { l.small, l.pixels = 0, 32*32 }},
		{"the model", func(*limits) {}},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := usual
			l.wait, l.compute = 300*time.Millisecond, 300*time.Millisecond
			test.change(&l)
			s, entered, release := blocked(t, l)
			url := listen(t, s).url
			first := post(t, url)
			<-entered
			if r := <-post(t, url); r.status != http.StatusServiceUnavailable || r.header.Get("Retry-After") == "" {
				t.Errorf("status %d, Retry-After %q: %s", r.status, r.header.Get("Retry-After"), r.body)
			}
			if r := <-first; r.status != http.StatusServiceUnavailable { // the model took too long for it too
				t.Errorf("status %d of the request that the model never answered", r.status)
			}
			if r := fetch(t, "GET", url+"/healthz", "", nil); r.status != http.StatusOK {
				t.Errorf("health: status %d", r.status)
			}
			release()
			waitUntil(t, func() bool { return (<-post(t, url)).status == http.StatusOK }) // trying again, as it was told
		})
	}
}

// TestSlowClient sends its picture too slowly, as a whole or in part.
func TestSlowClient(t *testing.T) {
	for name, change := range map[string]func(*limits){
		"all of it":     func(l *limits) { l.read = 300 * time.Millisecond },
		"its next part": func(l *limits) { l.part = 300 * time.Millisecond },
	} {
		t.Run(name, func(t *testing.T) { testSlowClient(t, change) })
	}
}

func testSlowClient(t *testing.T, change func(*limits)) {
	l := usual
	change(&l)
	url := listen(t, newTestService(t, l)).url
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "POST /classify HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nGIF89a")
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	answer, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(answer), "HTTP/1.1 408 ") || !strings.Contains(string(answer), errSlow.Error()) {
		t.Errorf("answer:\n%s", answer)
	}
}
