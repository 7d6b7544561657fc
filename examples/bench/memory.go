package main

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// What a memory figure is of.
const (
	memoryOfGPU     = "GPU, all programs on it, by nvidia-smi"
	memoryOfProcess = "resident in this process so far"
)

// memoryWatch finds the most memory that is in use during a run: on an NVIDIA GPU that of the card, and elsewhere,
// on Linux, that of the process. The zero value has not started.
type memoryWatch struct {
	cancel  context.CancelFunc // nil: nothing to stop
	done    chan int64         // receives the GPU's peak in bytes
	peakGPU int64
}

// start watches the card if the backend computes on one.
func (w *memoryWatch) start(ctx context.Context, backend string) {
	if !strings.Contains(strings.ToLower(backend), "cuda") {
		return
	}
	ctx, w.cancel = context.WithCancel(ctx)
	w.done = make(chan int64, 1)
	go func() { w.done <- watchGPU(ctx) }()
}

// watchGPU is the most memory that was in use on the fullest card until the context ended, 0 if that cannot be
// had. One nvidia-smi repeats itself: to start it anew for each look would cost the run more.
func watchGPU(ctx context.Context) (peak int64) {
	command := exec.CommandContext(ctx, "nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader,nounits", "--loop-ms=500")
	out, err := command.StdoutPipe()
	if err != nil || command.Start() != nil {
		return 0
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if mib, err := strconv.ParseInt(strings.TrimSpace(lines.Text()), 10, 64); err == nil {
			peak = max(peak, mib<<20)
		}
	}
	_ = command.Wait() // it was killed
	return peak
}

// farewell is how long the watch may take to end. It does not where the driver hangs, as nvidia-smi cannot be killed then.
const farewell = 2 * time.Second

// stop ends the watch. What has not ended in time leaves the peak unknown.
func (w *memoryWatch) stop() {
	if w.cancel == nil {
		return
	}
	w.cancel()
	select {
	case w.peakGPU = <-w.done:
	case <-time.After(farewell):
	}
}

// peak is the most memory that was in use, in bytes, and what it is of; 0 if it is not known.
func (w *memoryWatch) peak() (bytes int64, of string) {
	if w.cancel == nil {
		if bytes = processPeak(); bytes > 0 {
			of = memoryOfProcess
		}
	} else if bytes = w.peakGPU; bytes > 0 {
		of = memoryOfGPU
	}
	return bytes, of
}

// processPeak is the most memory that the process has had resident; 0 where Linux does not tell.
func processPeak() int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if size, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(size), " kB"), 10, 64)
			return kib << 10
		}
	}
	return 0
}
