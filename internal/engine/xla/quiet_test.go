//go:build linux || darwin

package xla

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"k8s.io/klog/v2"
)

// A program without HOME, as a service often is, prints nothing by linking this package, and klog is its own
// afterwards.
func TestPrintsNothingWithoutHome(t *testing.T) {
	const said = "said by the program itself"
	if os.Getenv("FASTRESNET_TEST_QUIET") != "" {
		klog.Error(said)
		return
	}
	child := exec.Command(os.Args[0], "-test.run=^TestPrintsNothingWithoutHome$")
	child.Env = []string{"FASTRESNET_TEST_QUIET=1"}
	var stderr strings.Builder
	child.Stderr = &stderr
	if err := child.Run(); err != nil {
		t.Fatal(err)
	}
	if lines := strings.Split(strings.TrimSpace(stderr.String()), "\n"); len(lines) != 1 || !strings.Contains(lines[0], said) {
		t.Errorf("standard error has %q, want one line, %q", lines, said)
	}
}
