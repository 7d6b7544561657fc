package main

import (
	"context"
	"net/netip"
	"slices"
	"sync"
)

// room is something of which there is a limited amount, such as memory, and that clients share. A client may hold no
// more than it leaves free, but for one request that is larger, so that there is room for others whatever it sends. Of
// those who wait the next one is who would have been done first if all had been served a little at a time: this is
// weighted fair queueing. One who seldom comes, or wants little, is so served soon, and one who wants much gets its turn.
type room struct {
	name    string // in the metrics
	mu      sync.Mutex
	free    int64
	now     float64                  // how much each client would have been given by now, a little at a time
	senders map[netip.Prefix]*sender // that hold some, or wait for it
	turns   []*sender                // that wait for it, in the order in which they came
}

// sender is a client: an address from which requests come.
type sender struct {
	held    int64
	given   float64  // what it was given, on the room's scale
	waiting []*place // the next one first
}

// done is what a client that waits will have been given with its next place.
func (c *sender) done() float64 { return c.given + float64(c.waiting[0].size) }

// place is for one request.
type place struct {
	size  int64
	given chan struct{} // is closed when it has it
}

func newRoom(name string, size int64) *room {
	return &room{name: name, free: size, senders: map[netip.Prefix]*sender{}}
}

// take waits for some of the room, of which release gives it back, or for the end of ctx.
func (r *room) take(ctx context.Context, address string, size int64) (release func(), err error) {
	from, p := network(address), &place{size: size, given: make(chan struct{})}
	r.mu.Lock()
	c := r.senders[from]
	if c == nil {
		c = &sender{}
		r.senders[from] = c
	}
	if c.waiting = append(c.waiting, p); len(c.waiting) == 1 {
		c.given = max(c.given, r.now)
		r.turns = append(r.turns, c)
	}
	r.give()
	r.mu.Unlock()

	release = func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		c.held -= size
		r.free += size
		r.tidy(from, c)
	}
	select {
	case <-p.given:
		return release, nil
	case <-ctx.Done():
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	i := slices.Index(c.waiting, p)
	if i < 0 {
		return release, nil // it was given meanwhile
	}
	c.waiting = slices.Delete(c.waiting, i, i+1)
	r.tidy(from, c)
	return nil, ctx.Err()
}

// tidy forgets a client that has nothing and wants nothing, and gives what is free to the others.
func (r *room) tidy(from netip.Prefix, c *sender) {
	if len(c.waiting) == 0 {
		r.turns = slices.DeleteFunc(r.turns, func(other *sender) bool { return other == c })
		if c.held == 0 {
			delete(r.senders, from)
		}
	}
	r.give()
}

// give gives what is free to those who wait. One who wants more than is free is waited for.
func (r *room) give() {
	for c := r.next(); c != nil && c.waiting[0].size <= r.free; c = r.next() {
		size := c.waiting[0].size
		r.now += float64(size) / float64(len(r.senders))
		r.free -= size
		c.held += size
		c.given += float64(size)
		close(c.waiting[0].given)
		if c.waiting = c.waiting[1:]; len(c.waiting) == 0 {
			r.turns = slices.DeleteFunc(r.turns, func(other *sender) bool { return other == c })
		}
	}
}

// next is whose turn it is, of those who have none or may have more; nil for nobody.
func (r *room) next() (next *sender) {
	for _, c := range r.turns {
		if c.held > 0 && c.held+c.waiting[0].size > r.free-c.waiting[0].size {
			continue
		}
		if next == nil || c.done() < next.done() {
			next = c
		}
	}
	return next
}

// network is where a request is from: an address, or as many as one household has in IPv6. What is no address is one
// client.
func network(address string) netip.Prefix {
	from, err := netip.ParseAddrPort(address)
	if err != nil {
		return netip.Prefix{}
	}
	addr := from.Addr().Unmap()
	prefix, _ := addr.Prefix(min(addr.BitLen(), 64)) // no error: it has as many bits
	return prefix
}
