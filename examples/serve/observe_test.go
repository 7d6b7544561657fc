package main

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// Every request has an identifier, in its answer and in the log: its own if that is a sane one.
func TestRequestID(t *testing.T) {
	s := newTestService(t, usual)
	var log bytes.Buffer
	s.log = slog.New(slog.NewJSONHandler(&log, nil))
	h := s.handler()
	for _, test := range []struct {
		name, id string
		kept     bool
	}{
		{"none", "", false},
		{"a UUID", "0190163d-8694-739b-aea5-966c26f8ad91", true},
		{"a line break", "a\nb", false},
		{"a quotation mark", `a"b`, false},
		{"a long one", strings.Repeat("a", 129), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			log.Reset()
			r, w := httptest.NewRequest("GET", "/nothing", nil), httptest.NewRecorder()
			r.Header.Set(requestID, test.id)
			h.ServeHTTP(w, r)
			id := w.Header().Get(requestID)
			if kept := id == test.id; kept != test.kept || len(id) < 16 {
				t.Errorf("identifier %q", id)
			}
			var line struct {
				Msg, Method, Path, ID, Problem string
				Status                         int
			}
			if err := json.Unmarshal(log.Bytes(), &line); err != nil {
				t.Fatalf("%v: %s", err, &log)
			}
			if line.Msg != "request" || line.Method != "GET" || line.Path != "/nothing" || line.Status != http.StatusNotFound || line.ID != id ||
				line.Problem != errNotFound.Error() {
				t.Errorf("log %s", &log)
			}
		})
	}
}
