package main

import (
	"errors"
	"io"
	"net"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// from is a listener to which connections of these addresses come, one after the other. It says which were closed.
type from struct {
	net.Listener
	addresses []string
	closed    map[string]bool
}

// arrived is a connection to it.
type arrived struct {
	net.Conn
	address string
	closed  map[string]bool
}

func (f *from) Accept() (net.Conn, error) {
	if len(f.addresses) == 0 {
		return nil, io.EOF
	}
	conn := arrived{nil, f.addresses[0], f.closed}
	f.addresses = f.addresses[1:]
	return conn, nil
}

func (a arrived) RemoteAddr() net.Addr { return address(a.address) }
func (a arrived) Close() error         { a.closed[a.address] = true; return nil }

// address is that of a connection.
type address string

func (address) Network() string  { return "tcp" }
func (a address) String() string { return string(a) }

// TestDoor has connections come to a door for 4, and 2 of each client.
func TestDoor(t *testing.T) {
	const one, two, three = "10.0.0.1:1", "10.0.0.1:2", "10.0.0.1:3"
	for _, test := range []struct {
		name      string
		addresses []string
		leave     int // how many of the first that came in leave at once, twice over
		want      []string
	}{
		{"few", []string{one, two}, 0, []string{one, two}},
		{"a third one of a client", []string{one, two, three, "10.0.0.2:1"}, 0, []string{one, two, "10.0.0.2:1"}},
		{"a third one of a household", []string{"[2001:db8::1]:1", "[2001:db8::2]:1", "[2001:db8::3]:1", one}, 0, []string{"[2001:db8::1]:1", "[2001:db8::2]:1", one}},
		{"a fifth one", []string{one, "10.0.0.2:1", "10.0.0.3:1", "10.0.0.4:1", "10.0.0.5:1"}, 0, []string{one, "10.0.0.2:1", "10.0.0.3:1", "10.0.0.4:1"}},
		{"one that takes the place of another", []string{one, two, three}, 1, []string{one, two, three}},
		{"no place twice", []string{one, two, three, "10.0.0.1:4"}, 1, []string{one, two, three}},
	} {
		t.Run(test.name, func(t *testing.T) {
			outside := &from{addresses: test.addresses, closed: map[string]bool{}}
			d := newDoor(outside, 4, 2)
			var got []string
			for {
				conn, err := d.Accept()
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				if got = append(got, conn.RemoteAddr().String()); len(got) <= test.leave {
					_, _ = conn.Close(), conn.Close()
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("let in (-want +got):\n%s", diff)
			}
			if closed := len(outside.closed) - test.leave; closed != len(test.addresses)-len(got) {
				t.Errorf("%d were closed: %v", closed, outside.closed)
			}
		})
	}
}
