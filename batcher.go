package fastresnet

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/fastresnet/fastresnet/internal/engine"
)

// batcher collects the callers that wait for a model at the same time: one image takes as long as a small batch.
type batcher struct {
	mu      sync.Mutex
	waiting []*request
	serving bool // a goroutine takes what waits, until nothing does
}

// request is what one caller wants to know. Its logits and err may be read once done is closed.
type request struct {
	// waits ends when the caller leaves. It is a context of this package: those of callers are used on their own
	// goroutines alone, as a panic of theirs would end the process elsewhere.
	waits  context.Context
	pixels []uint8
	logits []float32
	err    error
	done   chan struct{}
}

// logits returns [n, classes] for pixels [n, height, width, channels]. It returns early when ctx ends, though the model
// may still be computing for it. More than a batch is asked for batch by batch, so that others get answers between them,
// and all of one set of weights.
func (m *Model) logits(ctx context.Context, pixels []uint8) ([]float32, error) {
	batch := m.batch * m.network.Input.Size()
	if len(pixels) > batch {
		m.changing.RLock()
		defer m.changing.RUnlock()
	}
	var logits []float32
	for {
		n := min(len(pixels), batch)
		some, err := m.ask(ctx, pixels[:n])
		if err != nil {
			return nil, err
		}
		logits, pixels = append(logits, some...), pixels[n:]
		if len(pixels) == 0 {
			return logits, nil
		}
	}
}

// ask waits for the logits of no more than a batch.
func (m *Model) ask(ctx context.Context, pixels []uint8) ([]float32, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r := &request{pixels: pixels, done: make(chan struct{})}
	var leave context.CancelFunc
	r.waits, leave = context.WithCancel(context.Background())
	defer leave()
	b := &m.batcher
	b.mu.Lock()
	b.waiting = append(b.waiting, r)
	if !b.serving {
		b.serving = true
		go m.serve()
	}
	b.mu.Unlock()
	select {
	case <-r.done:
		return r.logits, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// serve computes for all who wait, together where they fit a batch, until nobody waits.
func (m *Model) serve() {
	image := m.network.Input.Size()
	for {
		m.mu.Lock() // those who come while the model is busy are in the next batch
		requests := m.batcher.take(engine.SmallBatch*image, m.batch*image)
		if len(requests) > 0 {
			m.answer(requests)
		}
		m.mu.Unlock()
		if len(requests) == 0 {
			return
		}
		for _, r := range requests {
			close(r.done)
		}
	}
}

// take returns the requests that have waited longest, together a full batch if so much waits: of at most so many bytes,
// or a single larger one. Otherwise they are a small batch, so that their callers prepare the next requests while others
// are computed. Those whose callers have left are dropped. If there are none, serving ends.
func (b *batcher) take(small, full int) []*request {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting = slices.DeleteFunc(b.waiting, func(r *request) bool { return r.waits.Err() != nil })
	all := 0
	for _, r := range b.waiting {
		all += len(r.pixels)
	}
	bytes := small
	if all >= full {
		bytes = full
	}
	n := 0
	for n < len(b.waiting) && (n == 0 || len(b.waiting[n].pixels) <= bytes) {
		bytes -= len(b.waiting[n].pixels)
		n++
	}
	requests := slices.Clone(b.waiting[:n])
	b.waiting = slices.Delete(b.waiting, 0, n)
	b.serving = n > 0
	return requests
}

// answer computes what requests ask for. The model is locked.
func (m *Model) answer(requests []*request) {
	ctx, pixels := requests[0].waits, requests[0].pixels
	if len(requests) > 1 {
		ctx = context.Background() // no caller stops the others, and one batch is soon done
		pixels = nil
		for _, r := range requests {
			pixels = append(pixels, r.pixels...)
		}
	}
	logits, err := m.compute(ctx, pixels)
	for _, r := range requests {
		if r.err = err; err == nil {
			n := len(r.pixels) / m.network.Input.Size() * len(m.classes)
			r.logits, logits = logits[:n], logits[n:]
			r.err = answers(r.logits)
		}
	}
}

// answers reports logits that are no answer.
func answers(logits []float32) error {
	if i := slices.IndexFunc(logits, infinite); i >= 0 {
		return fmt.Errorf("%w: the model's answer is %g, not a finite number: train it again, at lower rates", ErrDiverged, logits[i])
	}
	return nil
}

// compute is the evaluator's logits. The model is locked.
func (m *Model) compute(ctx context.Context, pixels []uint8) (logits []float32, err error) {
	defer guard(&err)
	if m.evaluator == nil {
		return nil, ErrClosed
	}
	return m.evaluator.Logits(ctx, pixels)
}
