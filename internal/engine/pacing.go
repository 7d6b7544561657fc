package engine

import "time"

// maxDispatch is how long a dispatch of several steps may last, so that a run stops soon after it is told to.
const maxDispatch = 500 * time.Millisecond

// pacingSteps are dispatched one by one to see how long a step takes; the first also warms the device up.
const pacingSteps = 3

// pacing decides, by how long steps have taken so far, whether several may be one dispatch.
type pacing struct {
	limit time.Duration // of a dispatch
	steps int
	last  time.Duration // what a step took
}

// stepped takes note of a dispatch of count steps.
func (p *pacing) stepped(count int, took time.Duration) {
	p.steps += count
	p.last = took / time.Duration(count)
}

// allows says whether count steps are known to fit a dispatch.
func (p *pacing) allows(count int) bool {
	return p.steps >= pacingSteps && time.Duration(count)*p.last <= p.limit
}
