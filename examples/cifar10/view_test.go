package main

import (
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet/examples/internal/program"
)

// A warning is said once, in the log on standard error.
func TestWarning(t *testing.T) {
	status, stdout, stderr := start(t.Context(), append(tiny, "-test-limit", "1")...)
	const want = "the test set has images of one class only"
	if status != program.ExitOK || strings.Contains(stdout, want) || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, want) {
		t.Errorf("exit status %d, stdout:\n%s\nstderr, want one line with %q:\n%s", status, stdout, want, stderr)
	}
}
