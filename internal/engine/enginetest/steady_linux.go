package enginetest

import (
	"context"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet/internal/engine"
)

// resident is the process's resident memory in bytes.
func resident(t *testing.T) float64 {
	t.Helper()
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Skip(err)
	}
	pages, err := strconv.Atoi(strings.Fields(string(statm))[1])
	if err != nil {
		t.Fatal(err)
	}
	return float64(pages * os.Getpagesize())
}

// MemoryIsSteady trains for a while: what each step makes must not pile up.
func MemoryIsSteady(t *testing.T, d *engine.Device) {
	if testing.Short() {
		t.Skip("-short: this trains 500 steps")
	}
	const (
		steps, epochs = 100, 5
		garbage       = 4 << 20 // bytes that Go's collector may leave where they are: its smallest heap
	)
	set := Synthetic(t, 16*steps)
	run := NewTrainer(t, d, Config(t, set, 16), set)
	var byEpoch []float64 // mean resident memory
	for epoch := 1; epoch <= epochs; epoch++ {
		var sum float64
		_, err := run.Epoch(context.Background(), epoch, Constant(0.01, steps), func(engine.Progress) { sum += resident(t) })
		if err != nil {
			t.Fatal(err)
		}
		byEpoch = append(byEpoch, sum/steps)
	}
	last, before := byEpoch[epochs-1], byEpoch[epochs-2]
	if last > 1.05*before+garbage {
		t.Errorf("resident memory by 100 steps %.0f: the last 100 have %.0f bytes more than those before", byEpoch, last-before)
	}
}
