package main

import (
	"bytes"
	"context"
	"path/filepath"
	"testing"

	"github.com/fastresnet/fastresnet/examples/internal/program"
)

// TestInterruptedInEvaluation cancels when the only run has been kept, and its page has not been made.
func TestInterruptedInEvaluation(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	stdout, stderr := &cancelOn{text: "rung  9", cancel: cancel}, &bytes.Buffer{}
	page := filepath.Join(t.TempDir(), "out.html")
	status := run(ctx, with("-rungs", "9", "-seeds", "1", "-report", page), stdout, stderr)
	if status != program.ExitInterrupted || stderr.String() != "ladder: interrupted\n" {
		t.Errorf("exit status %d, stderr %q", status, stderr)
	}
	readFile(t, page)
}

// TestNoPageOfNoRun has the results file hold all runs: that there is no page of them is said.
func TestNoPageOfNoRun(t *testing.T) {
	folder := t.TempDir()
	page := filepath.Join(folder, "out.html")
	args := with("-rungs", "9", "-seeds", "1", "-json", filepath.Join(folder, "out.json"))
	start(t.Context(), args...)
	status, _, stderr := start(t.Context(), append(args, "-report", page)...)
	if want := "ladder: -report " + page + ": not written, as no run was made now\n"; status != program.ExitOK || stderr != want {
		t.Errorf("exit status %d, stderr %q, want %q", status, stderr, want)
	}
}
