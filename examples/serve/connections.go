package main

import (
	"net"
	"net/netip"
	"sync"
)

// door is a listener that lets in a number of connections at a time, and a number of each client's. What comes beyond is closed,
// so that it costs no more than that, and what one client opens keeps nobody else out.
type door struct {
	net.Listener
	all, each int

	mu     sync.Mutex
	inside int
	from   map[netip.Prefix]int
}

func newDoor(l net.Listener, all, each int) *door {
	return &door{Listener: l, all: all, each: each, from: map[netip.Prefix]int{}}
}

// Accept waits for a connection that may come in.
func (d *door) Accept() (net.Conn, error) {
	for {
		conn, err := d.Listener.Accept()
		if err != nil {
			return nil, err
		}
		from := network(conn.RemoteAddr().String())
		if d.enter(from) {
			return &visit{conn, sync.OnceFunc(func() { d.leave(from) })}, nil
		}
		_ = conn.Close() // it is nobody's
	}
}

func (d *door) enter(from netip.Prefix) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.inside >= d.all || d.from[from] >= d.each {
		return false
	}
	d.inside++
	d.from[from]++
	return true
}

func (d *door) leave(from netip.Prefix) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.inside--
	if d.from[from]--; d.from[from] == 0 {
		delete(d.from, from)
	}
}

// visit is a connection that makes room for another one when it is closed.
type visit struct {
	net.Conn
	leave func()
}

func (v *visit) Close() error {
	v.leave()
	return v.Conn.Close()
}
