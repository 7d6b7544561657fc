package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// crowd takes a room's places one after the other, and notes who was given one.
type crowd struct {
	t    *testing.T
	room *room

	mu       sync.Mutex
	given    []string
	releases map[string]func()
}

// come has somebody, who is called by a name, ask for a place.
func (c *crowd) come(ctx context.Context, name, address string, size int64) {
	go func() {
		release, err := c.room.take(ctx, address, size)
		if err != nil {
			name += " left"
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.given, c.releases[name] = append(c.given, name), release
	}()
	synctest.Wait()
}

// want compares who was given a place since.
func (c *crowd) want(names ...string) {
	c.t.Helper()
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	slices.Sort(c.given)
	if diff := cmp.Diff(names, c.given, cmpopts.EquateEmpty()); diff != "" {
		c.t.Errorf("(-want +got):\n%s", diff)
	}
	c.given = nil
}

// leave gives the places back.
func (c *crowd) leave(names ...string) {
	for _, name := range names {
		c.releases[name]()
		synctest.Wait()
	}
}

func crowded(t *testing.T, size int64, test func(ctx context.Context, c *crowd)) {
	synctest.Test(t, func(t *testing.T) {
		c := &crowd{t: t, room: newRoom("test", size), releases: map[string]func(){}}
		test(t.Context(), c)
		if c.room.free != size || len(c.room.senders) != 0 || len(c.room.turns) != 0 {
			t.Errorf("afterwards %d are free of %d, with %d clients of whom %d wait", c.room.free, size, len(c.room.senders), len(c.room.turns))
		}
	})
}

const (
	one   = "10.0.0.1:1000"
	two   = "10.0.0.2:1000"
	three = "[2001:db8::1]:1000"
)

func TestRoomIsNeverAllOfOneClient(t *testing.T) {
	crowded(t, 10, func(ctx context.Context, c *crowd) {
		for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
			c.come(ctx, name, one, 1)
		}
		c.want("a", "b", "c", "d", "e")
		c.come(ctx, "g", two, 2)
		c.want("g")
		c.come(ctx, "h", three, 2)
		c.want("h")
		c.leave("a", "b", "c", "d", "e", "g", "h")
		c.want("f")
		c.leave("f")
	})
}

// A second place leaves as much free as its client then holds, whatever the places' size.
func TestHalfOfARoom(t *testing.T) {
	for _, test := range []struct {
		size int64
		want []string
	}{
		{1, []string{"a", "b", "c", "d", "e"}}, {2, []string{"a", "b"}}, {3, []string{"a"}}, {5, []string{"a"}}, {10, []string{"a"}},
	} {
		crowded(t, 10, func(ctx context.Context, c *crowd) {
			ctx, leave := context.WithCancel(ctx)
			for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
				c.come(ctx, name, one, test.size)
			}
			c.want(test.want...)
			leave()
			synctest.Wait()
			c.leave(test.want...)
		})
	}
}

func TestRoomTakesTurnsByClient(t *testing.T) {
	crowded(t, 10, func(ctx context.Context, c *crowd) {
		for _, name := range []string{"a", "b", "c", "d"} {
			c.come(ctx, name, one, 10)
		}
		for _, name := range []string{"other a", "other b"} {
			c.come(ctx, name, two, 10)
		}
		for _, next := range []string{"a", "b", "other a", "c", "other b", "d"} {
			c.want(next)
			c.leave(next)
		}
	})
}

// Who comes now and then and wants little goes before those who always want all of it.
func TestRoomServesWhoWantsLittle(t *testing.T) {
	crowded(t, 10, func(ctx context.Context, c *crowd) {
		for _, name := range []string{"a", "b", "c"} {
			c.come(ctx, name, one, 10)
		}
		for _, name := range []string{"other a", "other b"} {
			c.come(ctx, name, two, 10)
		}
		c.want("a")
		c.come(ctx, "little", three, 2)
		c.leave("a")
		c.want("little")
		c.leave("little")
		c.want("b")
		c.come(ctx, "little again", three, 2)
		c.leave("b")
		for _, next := range []string{"little again", "other a", "c", "other b"} {
			c.want(next)
			c.leave(next)
		}
	})
}

// Somebody who wants all of it has a turn, however many small ones come.
func TestRoomForALargeOne(t *testing.T) {
	crowded(t, 10, func(ctx context.Context, c *crowd) {
		c.come(ctx, "first", one, 1)
		c.want("first")
		c.come(ctx, "large", two, 10)
		for range 27 { // three clients would have been given 9 each by now
			c.come(ctx, "small", three, 1)
			c.want("small")
			c.leave("small")
		}
		c.come(ctx, "later", three, 1)
		c.want()
		c.leave("first")
		c.want("large")
		c.leave("large")
		c.want("later")
		c.leave("later")
	})
}

func TestRoomIsLeft(t *testing.T) {
	crowded(t, 10, func(ctx context.Context, c *crowd) {
		short, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		c.come(ctx, "a", one, 9)
		c.come(short, "b", two, 5)
		c.come(ctx, "c", two, 1)
		c.come(ctx, "d", three, 5)
		c.want("a")
		time.Sleep(2 * time.Second)
		c.want("b left", "c")
		c.leave("a")
		c.want("d")
		c.leave("c", "d")
	})
}

func TestNetwork(t *testing.T) {
	same := func(a, b string) bool { return network(a) == network(b) }
	for _, tt := range []struct {
		a, b string
		want bool
	}{
		{"10.0.0.1:1", "10.0.0.1:2", true},
		{"10.0.0.1:1", "10.0.0.2:1", false},
		{"10.0.0.1:1", "[::ffff:10.0.0.1]:1", true},
		{"[2001:db8:0:1::1]:1", "[2001:db8:0:1:ffff::2]:2", true},
		{"[2001:db8:0:1::1]:1", "[2001:db8:0:2::1]:1", false},
		{"[fe80::1%eth0]:1", "[fe80::2%eth1]:1", true},
		{"@", "pipe", true},
	} {
		if got := same(tt.a, tt.b); got != tt.want {
			t.Errorf("%s and %s: %t, want %t", tt.a, tt.b, got, tt.want)
		}
	}
}

// TestRoomAtOnce has many come and go: no more than there is is ever given, and nothing is lost.
func TestRoomAtOnce(t *testing.T) {
	const size = 100
	r := newRoom("test", size)
	var mu sync.Mutex
	held := int64(0)
	var clients sync.WaitGroup
	for i := range 64 {
		clients.Go(func() {
			for range 200 {
				ctx, cancel := context.WithTimeout(context.Background(), time.Duration(rand.IntN(2000))*time.Microsecond)
				n := 1 + rand.Int64N(size)
				release, err := r.take(ctx, []string{one, two, three}[i%3], n)
				cancel()
				if err != nil {
					if !errors.Is(err, context.DeadlineExceeded) {
						t.Error(err)
					}
					continue
				}
				mu.Lock()
				if held += n; held > size {
					t.Errorf("%d given, of %d", held, size)
				}
				mu.Unlock()
				mu.Lock()
				held -= n
				mu.Unlock()
				release()
			}
		})
	}
	clients.Wait()
	if r.free != size || len(r.senders) != 0 || len(r.turns) != 0 {
		t.Errorf("%d free, %d clients, %d wait", r.free, len(r.senders), len(r.turns))
	}
}
