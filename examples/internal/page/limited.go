package page

import (
	"net"
	"sync"
)

// limited is a listener that has no more than some connections at a time; the next ones wait.
type limited struct {
	net.Listener
	taken  chan struct{} // has one for each connection
	closed chan struct{}
	close  func() error
}

func limit(l net.Listener, connections int) *limited {
	closed := make(chan struct{})
	return &limited{l, make(chan struct{}, connections), closed, sync.OnceValue(func() error {
		close(closed)
		return l.Close()
	})}
}

// Accept waits for a connection, and for there being few enough.
func (l *limited) Accept() (net.Conn, error) {
	select {
	case l.taken <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	conn, err := l.Listener.Accept()
	if err != nil {
		<-l.taken
		return nil, err
	}
	return &connection{conn, sync.OnceFunc(func() { <-l.taken })}, nil
}

// Close ends the waiting.
func (l *limited) Close() error { return l.close() }

// connection makes room for the next one when it is closed.
type connection struct {
	net.Conn
	leave func()
}

func (c *connection) Close() error {
	c.leave()
	return c.Conn.Close()
}
