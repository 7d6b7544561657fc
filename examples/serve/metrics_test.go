package main

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fastresnet/fastresnet/internal/testpicture"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// The names and kinds of the metrics are as Prometheus recommends, and have what happened.
func TestMetrics(t *testing.T) {
	s := newTestService(t, usual)
	url := listen(t, s).url
	png := testpicture.Encode(t, "png", testpicture.Image(32, 32))
	for range 2 {
		fetch(t, "POST", url+"/classify", "image/png", bytes.NewReader(png))
	}
	fetch(t, "POST", url+"/classify", "text/plain", strings.NewReader("no picture"))
	infer(t, url, "/v2/models/test/infer", `{"inputs":[{"name":"images","shape":[3,32,32,3],"datatype":"UINT8","parameters":{"binary_data_size":9216}}]}`, make([]uint8, 9216))
	fetch(t, "GET", url+"/v2/models/one", "", nil)
	fetch(t, "GET", url+"/v2/models/another", "", nil)
	fetch(t, "GET", url+"/nothing", "", nil)

	r := fetch(t, "GET", url+"/metrics", "", nil)
	if r.status != http.StatusOK || !strings.HasPrefix(r.header.Get("Content-Type"), "text/plain; version=0.0.4") {
		t.Errorf("status %d, %s", r.status, r.header.Get("Content-Type"))
	}
	for _, want := range []string{
		`fastresnet_http_requests_total{path="/classify",status="200"} 2`,
		`fastresnet_http_requests_total{path="/classify",status="415"} 1`,
		`fastresnet_http_requests_total{path="/v2/models/{model}/infer",status="200"} 1`,
		`fastresnet_http_requests_total{path="/v2/models/{model}",status="404"} 2`,
		`fastresnet_http_requests_total{path="/",status="404"} 1`,
		`fastresnet_http_request_duration_seconds_count{path="/classify"} 3`,
		`fastresnet_http_requests_in_flight 1`, // this one
		`fastresnet_images_classified_total 5`,
		`fastresnet_waiting_requests{turn="model"} 0`,
		`fastresnet_refused_requests_total{turn="body_start"} 0`,
		`fastresnet_model_info{classes="10",model="test",parameters="`,
		"go_goroutines ",
	} {
		if !strings.Contains(string(r.body), "\n"+want) {
			t.Errorf("no %s", want)
		}
	}
	problems, err := testutil.GatherAndLint(s.metrics.registry)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

// Those who wait are counted while they do, and those who waited in vain afterwards.
func TestMetricsOfWaiting(t *testing.T) {
	l := usual
	l.compute = time.Second
	s, entered, release := blocked(t, l)
	defer release()
	answer := post(t, listen(t, s).url)
	<-entered
	if n := testutil.ToFloat64(s.metrics.waiting.WithLabelValues(s.images.name)); n != 1 {
		t.Errorf("%g wait for the model, want 1", n)
	}
	if r := <-answer; r.status != http.StatusServiceUnavailable {
		t.Errorf("status %d", r.status)
	}
	if n := testutil.ToFloat64(s.metrics.waiting.WithLabelValues(s.images.name)); n != 0 {
		t.Errorf("%g wait for the model, want 0", n)
	}
	if n := testutil.ToFloat64(s.metrics.refused.WithLabelValues(s.images.name)); n != 1 {
		t.Errorf("%g waited for the model in vain, want 1", n)
	}
}
