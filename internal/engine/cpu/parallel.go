package cpu

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// parallel runs f(0) to f(n-1) on up to GOMAXPROCS goroutines, in no fixed order. Tasks write to memory of their own, so
// that results do not depend on the number of goroutines; who divides work by that number sees to it that no sum depends on the
// division. A panic in f reaches the caller.
func parallel(n int, f func(i int)) {
	if oneByOne != nil {
		oneByOne(n, f)
		return
	}
	workers := min(runtime.GOMAXPROCS(0), n)
	if workers <= 1 {
		for i := range n {
			f(i)
		}
		return
	}
	j := &job{n: int64(n), f: f}
	if helpers.busy.TryLock() {
		defer helpers.busy.Unlock()
		helpers.offer(j, workers-1)
	} else { // by another caller
		for range workers - 1 {
			go j.work()
		}
	}
	j.work()
	for spins := 1; j.done.Load() < j.n; spins++ {
		if spins%1024 == 0 {
			runtime.Gosched()
		}
	}
	j.f = nil // helpers remember the job, and need not keep what it computed with
	if p := j.panicked.Load(); p != nil {
		panic(p.value)
	}
}

// oneByOne, if it is set, runs the tasks of a call of parallel in its place: a benchmark measures each. It sets it while nobody else
// computes.
var oneByOne func(n int, f func(i int))

// job is the tasks of a call of parallel.
type job struct {
	n          int64
	f          func(i int)
	next, done atomic.Int64
	panicked   atomic.Pointer[panicValue]
}

// work takes tasks until none is left. After a panic those that are left are taken, and not run.
func (j *job) work() {
	for j.some() {
	}
}

// some takes tasks until none is left, or one panics: then there may be more.
func (j *job) some() (more bool) {
	defer func() {
		if p := recover(); p != nil {
			j.panicked.CompareAndSwap(nil, &panicValue{p})
			j.done.Add(1)
			more = true
		}
	}()
	for i := j.next.Add(1) - 1; i < j.n; i = j.next.Add(1) - 1 {
		if j.panicked.Load() == nil {
			j.f(int(i))
		}
		j.done.Add(1)
	}
	return false
}

// panicValue is what a task panicked with.
type panicValue struct{ value any }

// helpers are goroutines that look for jobs for a moment before they end. Between the loops of a step, or of an image's
// layers, that moment is not over: a loop on goroutines of its own would first wait for sleeping processors to wake.
var helpers crew

// crew is a number of helpers.
type crew struct {
	// busy is held by the caller whose jobs they look for.
	busy  sync.Mutex
	job   atomic.Pointer[job]
	count atomic.Int64
}

// patience is how long a helper looks for a job: longer than what is done between two loops, and shorter than anybody
// notices.
const patience = 100 * time.Microsecond

// offer has n helpers, or more, look for a job.
func (c *crew) offer(j *job, n int) {
	c.job.Store(j)
	for c.count.Load() < int64(n) {
		c.count.Add(1)
		go c.help()
	}
}

func (c *crew) help() {
	defer c.count.Add(-1)
	var last *job
	since := time.Now()
	for spins := 1; ; spins++ {
		if j := c.job.Load(); j != last {
			j.work()
			runtime.Gosched() // to whoever has waited for the processor
			last, since = j, time.Now()
		} else if spins%64 == 0 && time.Since(since) > patience {
			return
		}
	}
}
