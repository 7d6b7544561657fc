package main

import (
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
)

// portion is how much of a body is waited for at a time, and so how much memory a slow sender holds.
const portion = 64 << 10

// growth is how many bytes of memory a byte of a body takes while what holds it grows.
const growth = 2

// shares is memory for bodies, of which one address may have a quarter: whatever one client sends, there is room for
// others.
type shares struct {
	all  *semaphore.Weighted
	each int64

	mu      sync.Mutex
	senders map[string]*sender
}

// sender is an address from which bodies arrive.
type sender struct {
	share  *semaphore.Weighted
	bodies int
}

func newShares(size int64) *shares {
	return &shares{all: semaphore.NewWeighted(size), each: max(size/4, growth*portion), senders: map[string]*sender{}}
}

// of is the share of an address, until leave is called.
func (s *shares) of(address string) (share *semaphore.Weighted, leave func()) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = address
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	from := s.senders[host]
	if from == nil {
		from = &sender{share: semaphore.NewWeighted(s.each)}
		s.senders[host] = from
	}
	from.bodies++
	return from.share, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if from.bodies--; from.bodies == 0 {
			delete(s.senders, host)
		}
	}
}

// meter is a request's body that takes memory as it arrives, and has a time for each portion.
type meter struct {
	io.ReadCloser
	service *service
	request *http.Request
	control *http.ResponseController
	share   *semaphore.Weighted
	leave   func()
	end     time.Time // of the time for all of it
	held    int64     // bytes of memory
	left    int       // of the portion
}

// meter makes the body of a request one that is metered.
func (s *service) meter(w http.ResponseWriter, r *http.Request) *meter {
	m := &meter{ReadCloser: r.Body, service: s, request: r, control: http.NewResponseController(w), end: time.Now().Add(s.limits.read)}
	m.share, m.leave = s.bodies.of(r.RemoteAddr)
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
	ctx := m.request.Context()
	if err := m.service.turn(ctx, m.share, growth*portion); err != nil {
		return err
	}
	if err := m.service.turn(ctx, m.service.bodies.all, growth*portion); err != nil {
		m.share.Release(growth * portion)
		return err
	}
	m.held += growth * portion
	m.left = portion
	end := time.Now().Add(m.service.limits.part)
	if end.After(m.end) {
		end = m.end
	}
	_ = m.control.SetReadDeadline(end) // where there is none, the server's own stands
	return nil
}

// arrived ends the time for the body.
func (m *meter) arrived() { _ = m.control.SetReadDeadline(time.Time{}) }

// done gives the memory back.
func (m *meter) done() {
	m.service.bodies.all.Release(m.held)
	m.share.Release(m.held)
	m.leave()
}
