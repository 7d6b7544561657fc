package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"

	"github.com/fastresnet/fastresnet"
)

// diagnoseInChild has a child of this program open the backends, since XLA ends the process over some faults.
// If that happens, the child's last words are the problem of every backend of XLA. If it does not, the child's log says why CUDA
// does not start.
func diagnoseInChild(ctx context.Context) (d fastresnet.Diagnosis, err error) {
	program, err := os.Executable()
	if err != nil {
		return d, err
	}
	var stdout, stderr bytes.Buffer
	child := exec.CommandContext(ctx, program, "-direct", "-json")
	child.Stdout, child.Stderr = &stdout, &stderr
	child.Env = append(os.Environ(), "TF_CPP_MIN_LOG_LEVEL=2") // errors are in XLA's log, which go-xla silences
	ended := child.Run()
	if json.Unmarshal(stdout.Bytes(), &d) == nil { // its exit status says what the report says
		addReason(&d, stderr.String())
		return d, nil
	}

	// What is left is what can be known without opening XLA.
	leaveOut := []string{"xla:cuda"}
	if named := os.Getenv(backendVariable); !strings.HasPrefix(named, "go") {
		leaveOut = append(leaveOut, named)
	}
	d = diagnose(ctx, leaveOut...)
	if !d.Backends[0].Available {
		d.Backend = "" // "auto" would end its process too
	}
	for i := range d.Backends {
		if b := &d.Backends[i]; !b.Available {
			b.Problem = fmt.Sprintf("XLA ended the program that opened it: %s: mend what it names, or ask for the backend go by name",
				lastWords(stderr.String(), ended))
		}
	}
	return d, nil
}

// notStarted finds what CUDA says in XLA's log when it does not start; XLA's own error says nothing of it.
var notStarted = regexp.MustCompile(`(?mi).*failed call to cuInit: (.+)$`)

// addReason adds why CUDA did not start to the problems that say no more than that there is no GPU.
func addReason(d *fastresnet.Diagnosis, log string) {
	m := notStarted.FindStringSubmatch(log)
	for i := range d.Backends {
		if b := &d.Backends[i]; m != nil && strings.Contains(b.Problem, "No visible GPU devices") {
			b.Problem += "; CUDA says: " + strings.TrimSpace(m[1])
		}
	}
}

// fatal finds the reason in what XLA, or the runtime of Go, prints when it ends a process.
var fatal = regexp.MustCompile(`(?m)^(?:F\d{4} .*?\] |fatal error: |panic: )(.*)$|^(SIG[A-Z]+: .*)$`)

func lastWords(stderr string, ended error) string {
	if m := fatal.FindStringSubmatch(stderr); m != nil {
		return strings.TrimSpace(m[1] + m[2])
	}
	return fmt.Sprint(ended)
}
