package main

import (
	"io"
	"net/http"
	"time"
)

// portion is how much of a body is waited for at a time, and how much is read before there has to be memory for all of
// it.
const portion = 64 << 10

// growth is how many bytes of memory a byte of a body takes while what holds it grows.
const growth = 2

// meter is a request's body that has memory before it is read, and a time for each portion. The first portion has a
// room of its own, which small pictures need nothing else of; what is behind it is given memory at once: bodies that
// each held some and waited for more would wait for one another.
type meter struct {
	io.ReadCloser
	service *service
	request *http.Request
	control *http.ResponseController
	end     time.Time // of the time for all of it
	begun   int       // portions
	left    int       // bytes of the portion
	held    []func()  // release what it holds
}

// meter makes the body of a request one that is metered.
func (s *service) meter(w http.ResponseWriter, r *http.Request) *meter {
	m := &meter{ReadCloser: r.Body, service: s, request: r, control: http.NewResponseController(w), end: time.Now().Add(s.limits.read)}
	r.Body = m
	return m
}

// Read implements [io.Reader].
func (m *meter) Read(p []byte) (int, error) {
	if m.left == 0 {
		if err := m.next(); err != nil {
			return 0, err
		}
	}
	n, err := m.ReadCloser.Read(p[:min(len(p), m.left)])
	m.left -= n
	return n, err
}

// next waits for the memory of a portion, and sets its time.
func (m *meter) next() error {
	var err error
	switch m.begun {
	case 0:
		err = m.take(m.service.starts, portion)
	case 1:
		err = m.take(m.service.bodies, m.rest())
	}
	if err != nil {
		return err
	}
	m.begun++
	m.left = portion
	end := time.Now().Add(m.service.limits.part)
	if end.After(m.end) {
		end = m.end
	}
	_ = m.control.SetReadDeadline(end) // where there is none, the server's own stands
	return nil
}

// rest is how many bytes may be behind the first portion.
func (m *meter) rest() int64 {
	all := m.request.ContentLength
	if all < 0 || all > m.service.limits.bytes {
		all = m.service.limits.bytes
	}
	return max(all-portion, 0)
}

// take waits for memory for a number of bytes.
func (m *meter) take(memory *room, bytes int64) error {
	release, err := m.service.turn(m.request, memory, growth*bytes)
	if err == nil {
		m.held = append(m.held, release)
	}
	return err
}

// arrived ends the time for the body.
func (m *meter) arrived() { _ = m.control.SetReadDeadline(time.Time{}) }

// done gives the memory back.
func (m *meter) done() {
	for _, release := range m.held {
		release()
	}
}
