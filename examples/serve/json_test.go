package main

import (
	"math"
	"net/http"
	"net/http/httptest"
	"testing"
)

// What JSON cannot hold is an error that can still be answered, not half an answer.
func TestWriteJSONRefusesNaN(t *testing.T) {
	w := httptest.NewRecorder()
	err := writeJSON(w, http.StatusOK, classification{Milliseconds: math.NaN()})
	if err == nil || w.Body.Len() > 0 || len(w.Header()) > 0 {
		t.Errorf("error %v, header %v, body %q; want an error and nothing written", err, w.Header(), w.Body)
	}
}
