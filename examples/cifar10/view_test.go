package main

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/examples/internal/program"
	"github.com/fastresnet/fastresnet/examples/internal/results"
	"github.com/fastresnet/fastresnet/internal/engine"
)

// A warning is said once, in the log on standard error.
func TestWarning(t *testing.T) {
	status, stdout, stderr := start(t.Context(), append(tiny, "-test-limit", "1")...)
	const want = "the test set has images of one class only"
	if status != program.ExitOK || strings.Contains(stdout, want) || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, want) {
		t.Errorf("exit status %d, stdout:\n%s\nstderr, want one line with %q:\n%s", status, stdout, want, stderr)
	}
}

// Where there is no GPU that is said, and what is in the way of one that there is.
func TestPassedOver(t *testing.T) {
	const none = "no NVIDIA GPU was found, so the CPU computes; if there is one, go run ./examples/doctor says what it takes\n"
	const missing = "xla:cuda: no such PJRT plugin is installed"
	for why, want := range map[string]string{missing: "passed over: " + missing + "\n", "xla:cuda: " + engine.NoGPU + ": why": none} {
		if got := results.PassedOver(fastresnet.Record{PassedOver: []string{why}}); got != want {
			t.Errorf("%q: %q, want %q", why, got, want)
		}
	}
	if _, err := exec.LookPath("nvidia-smi"); err == nil || !engine.Has("xla") {
		t.Skip("there may be a GPU here, or XLA is not in this program")
	}
	t.Setenv(engine.Environment, "")
	status, stdout, stderr := start(t.Context(), append(tiny, "-backend", "auto")...)
	if status != program.ExitOK || stderr != "" || !strings.Contains(stdout, "\n"+none) || strings.Contains(stdout, "passed over") {
		t.Errorf("exit status %d, stderr %q, want %q in:\n%s", status, stderr, none, stdout)
	}
}
