package main

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics are what Prometheus reads.
type metrics struct {
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	inFlight prometheus.Gauge
	images   prometheus.Counter
	waiting  *prometheus.GaugeVec
	refused  *prometheus.CounterVec

	registry *prometheus.Registry
	handler  http.Handler
}

func newMetrics(s *service) *metrics {
	path, status, turn := "path", "status", "turn"
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "fastresnet_http_requests_total", Help: "Requests that were answered, by the pattern of their path and by status.",
		}, []string{path, status}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "fastresnet_http_request_duration_seconds", Help: "Time from a request's header to the end of its answer.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2, 16), // to 16 s
		}, []string{path}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "fastresnet_http_requests_in_flight", Help: "Requests that are being answered.",
		}),
		images: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "fastresnet_images_classified_total", Help: "Images that the model has answered about.",
		}),
		waiting: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "fastresnet_waiting_requests", Help: "Requests that wait for memory for their body, for room to decode their picture, or for the model.",
		}, []string{turn}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "fastresnet_refused_requests_total", Help: "Requests that waited in vain, and were answered with 503.",
		}, []string{turn}),
		registry: prometheus.NewRegistry(),
	}
	for _, turn := range []string{s.starts.name, s.bodies.name, s.small.name, s.pixels.name, s.images.name} {
		m.waiting.WithLabelValues(turn)
		m.refused.WithLabelValues(turn)
	}
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "fastresnet_model_info", Help: "The model, in labels.",
		ConstLabels: prometheus.Labels{
			"model": s.name, "recipe": s.model.Record().Recipe.Name, "classes": strconv.Itoa(len(s.model.Classes())),
			"parameters": strconv.Itoa(s.model.Network().Parameters()),
		},
	})
	info.Set(1)
	m.registry.MustRegister(m.requests, m.seconds, m.inFlight, m.images, m.waiting, m.refused, info,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.handler = promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
	return m
}

// answer answers GET /metrics.
func (m *metrics) answer(w http.ResponseWriter, r *http.Request) error {
	m.handler.ServeHTTP(w, r)
	return nil
}

// answered counts a request. Its path is the pattern that the service has it under; none for one from a page of
// another site, which has not come so far.
func (m *metrics) answered(path string, status int, took time.Duration) {
	m.requests.WithLabelValues(path, strconv.Itoa(status)).Inc()
	m.seconds.WithLabelValues(path).Observe(took.Seconds())
}

// wait counts a request as one that waits for a turn while it does.
func (m *metrics) wait(turn string, f func() error) error {
	waiting := m.waiting.WithLabelValues(turn)
	waiting.Inc()
	defer waiting.Dec()
	err := f()
	if errors.Is(err, errBusy) {
		m.refused.WithLabelValues(turn).Inc()
	}
	return err
}
