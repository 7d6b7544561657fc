package main

import (
	"net/http"
	"testing"
	"time"
)

// A model that takes longer than a turn is waited for answers all the same.
func TestSlowModel(t *testing.T) {
	l := usual
	l.wait = 100 * time.Millisecond
	s, entered, release := blocked(t, l)
	answer := post(t, listen(t, s).url)
	<-entered
	time.Sleep(3 * l.wait)
	release()
	if r := <-answer; r.status != http.StatusOK {
		t.Errorf("status %d: %s", r.status, r.body)
	}
}
