package cpu

import (
	"runtime"
	"testing"
)

func TestPanicInATaskReachesTheCaller(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	defer func() {
		if p := recover(); p != "task 7" {
			t.Errorf("recovered %v, want what the task panicked with", p)
		}
	}()
	parallel(100, func(i int) {
		if i == 7 {
			panic("task 7")
		}
	})
	t.Error("parallel returned")
}
