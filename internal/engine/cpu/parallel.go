package cpu

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// parallel runs f(0) to f(n-1) on up to GOMAXPROCS goroutines, in no fixed order. Tasks write to memory of
// their own, so that results do not depend on the number of goroutines. A panic in f reaches the caller.
func parallel(n int, f func(i int)) {
	workers := min(runtime.GOMAXPROCS(0), n)
	if workers <= 1 {
		for i := range n {
			f(i)
		}
		return
	}
	var next atomic.Int64
	var panicked atomic.Value
	work := func() {
		defer func() {
			if p := recover(); p != nil {
				panicked.CompareAndSwap(nil, panicValue{p})
			}
		}()
		for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
			f(i)
		}
	}
	var others sync.WaitGroup
	for range workers - 1 {
		others.Go(work)
	}
	work()
	others.Wait()
	if p := panicked.Load(); p != nil {
		panic(p.(panicValue).value)
	}
}

// panicValue gives all panics one type, as atomic.Value wants it.
type panicValue struct{ value any }
