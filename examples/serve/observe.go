package main

import (
	"crypto/rand"
	"log/slog"
	"net/http"
	"regexp"
	"time"
)

// requestID is the header by which a request can be found in the logs of all that it passed through.
const requestID = "X-Request-Id"

// sane are identifiers of others that may be in the log and in an answer.
var sane = regexp.MustCompile(`^[A-Za-z0-9._:=+/@-]{1,128}$`)

// identify is the identifier that came with a request, or a new one.
func identify(r *http.Request) string {
	if id := r.Header.Get(requestID); sane.MatchString(id) {
		return id
	}
	return rand.Text()
}

// observed names each request, writes a line of log about it, and counts it.
func (s *service) observed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start, id := time.Now(), identify(r)
		w.Header().Set(requestID, id)
		if s.leaving.Load() {
			w.Header().Set("Connection", "close") // the next request is another copy's
		}
		counted := &countingWriter{ResponseWriter: w, status: http.StatusOK}
		s.metrics.inFlight.Inc()
		defer s.metrics.inFlight.Dec()
		next.ServeHTTP(counted, r)
		took := time.Since(start)
		s.metrics.answered(r.Pattern, counted.status, took)

		level := slog.LevelInfo
		if counted.status >= http.StatusInternalServerError {
			level = slog.LevelWarn
		}
		attributes := []any{"method", r.Method, "path", r.URL.Path, "status", counted.status, "bytes", counted.bytes,
			"ms", milliseconds(took), "from", r.RemoteAddr, "id", id}
		if counted.problem != nil {
			attributes = append(attributes, "problem", counted.problem.Error())
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
