package main

import (
	"context"
	"encoding/json"
	"fmt"
	"image"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/fastresnet/fastresnet"
)

// service is a model and what answers requests with it.
type service struct {
	model  *fastresnet.Model
	limits limits
	log    *slog.Logger

	starts, bodies *room // bytes of memory for the first portions of bodies, and for what is behind them
	small, pixels  *room // pixels of small pictures, and of others
	// predict is the model's, which computes together what waits at the same time.
	predict func(context.Context, ...image.Image) ([]fastresnet.Prediction, error)
}

func newService(model *fastresnet.Model, l limits, log *slog.Logger) *service {
	return &service{
		model: model, limits: l, log: log,
		starts: newRoom(l.starts), bodies: newRoom(l.bodies), small: newRoom(l.small), pixels: newRoom(l.pixels),
		predict: model.Predict,
	}
}

// handler answers all requests.
func (s *service) handler() http.Handler {
	page := newPage()
	read := []string{http.MethodGet, http.MethodHead}
	mux := http.NewServeMux()
	for _, route := range []struct {
		path    string
		methods []string // nil: all
		answer  func(w http.ResponseWriter, r *http.Request) error
	}{
		{"/{$}", read, page.answer},
		{"/model", read, s.describe},
		{"/healthz", read, healthy},
		{"/classify", []string{http.MethodPost}, s.classify},
		{"/", nil, func(http.ResponseWriter, *http.Request) error { return errNotFound }},
	} {
		mux.HandleFunc(route.path, func(w http.ResponseWriter, r *http.Request) {
			if route.methods != nil && !slices.Contains(route.methods, r.Method) {
				allowed := strings.Join(route.methods, ", ")
				w.Header().Set("Allow", allowed)
				refuse(w, fmt.Errorf("%w: need %s", errMethod, allowed))
			} else if err := route.answer(w, r); err != nil {
				refuse(w, err)
			}
		})
	}

	// A page of another site may not use the visitor's browser to post here.
	sameOrigin := http.NewCrossOriginProtection()
	sameOrigin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, errCrossOrigin)
	}))
	return s.logged(secured(page.policy, sameOrigin.Handler(mux)))
}

// secured adds the headers that keep a browser from doing more than the page needs.
func secured(policy string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// logged writes a line a request.
func (s *service) logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		counted := &countingWriter{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(counted, r)
		level := slog.LevelInfo
		if counted.status >= http.StatusInternalServerError {
			level = slog.LevelWarn
		}
		attributes := []any{"method", r.Method, "path", r.URL.Path, "status", counted.status, "bytes", counted.bytes,
			"ms", milliseconds(time.Since(start)), "from", r.RemoteAddr}
		if counted.problem != nil {
			attributes = append(attributes, "problem", counted.problem)
		}
		s.log.Log(r.Context(), level, "request", attributes...)
	})
}

// countingWriter remembers what was answered.
type countingWriter struct {
	http.ResponseWriter
	status, bytes int
	problem       error
}

func (w *countingWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

func (w *countingWriter) Write(p []byte) (int, error) {
	n, err := w.ResponseWriter.Write(p)
	w.bytes += n
	return n, err
}

// Unwrap is for http.ResponseController.
func (w *countingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// writeJSON answers with a value.
func writeJSON(w http.ResponseWriter, status int, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n')) // fails if the client is gone: nobody is left to be told
	return nil
}

// milliseconds is a time with a tenth of a millisecond.
func milliseconds(d time.Duration) float64 { return float64(d.Round(100*time.Microsecond)) / 1e6 }

func healthy(w http.ResponseWriter, _ *http.Request) error {
	return writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
}
