package fastresnet

import (
	"context"
	"slices"
	"sync"

	"github.com/fastresnet/fastresnet/internal/engine"
)

// batcher collects the callers that wait for a model at the same time: images together take less time than one after the
// other.
type batcher struct {
	mu      sync.Mutex
	waiting []*request
	serving bool // a goroutine takes what waits, until nothing does
}

// request is what one caller wants to know. Its answer and err may be read once done is closed.
type request struct {
	// waits ends when the caller leaves. It is a context of this package: those of callers are used on their own
	// goroutines alone, as a panic of theirs would end the process elsewhere.
	waits  context.Context
	by     *generation // of the model's weights, which the request holds until it is answered or dropped
	output engine.Output
	pixels []uint8
	answer []float32
	err    error
	done   chan struct{}
}

// like says whether two requests may be computed together.
func (r *request) like(other *request) bool { return r.by == other.by && r.output == other.output }

// take returns the requests that have waited longest of those like the first: together a full batch if as much
// waits, of at most full bytes, or a single larger one. Otherwise they are a small batch, so that their callers prepare
// the next requests while others are computed. Those whose callers have left are dropped. If there are none, serving
// ends.
func (b *batcher) take(small, full int) []*request {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting = slices.DeleteFunc(b.waiting, func(r *request) bool {
		left := r.waits.Err() != nil
		if left {
			r.by.release()
		}
		return left
	})
	all := 0
	for _, r := range b.waiting {
		if r.like(b.waiting[0]) {
			all += len(r.pixels)
		}
	}
	bytes := small
	if all >= full {
		bytes = full
	}
	var requests, others []*request
	fits := true
	for _, r := range b.waiting {
		same := r.like(b.waiting[0])
		fits = fits && (!same || len(requests) == 0 || len(r.pixels) <= bytes)
		if !same || !fits {
			others = append(others, r)
			continue
		}
		requests = append(requests, r)
		bytes -= len(r.pixels)
	}
	b.waiting = others
	b.serving = len(requests) > 0
	return requests
}
