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
// If that happens, the child's last words are the problem of every backend of XLA.
func diagnoseInChild(ctx context.Context) (d fastresnet.Diagnosis, err error) {
	program, err := os.Executable()
	if err != nil {
		return d, err
	}
	var stdout, stderr bytes.Buffer
	child := exec.CommandContext(ctx, program, "-direct", "-json")
	child.Stdout, child.Stderr = &stdout, &stderr
	ended := child.Run()
	if json.Unmarshal(stdout.Bytes(), &d) == nil { // its exit status says what the report says
		return d, nil
	}

	// What is left is what can be known without opening XLA.
	leaveOut := []string{"xla:cuda"}
	if named := os.Getenv("GOMLX_BACKEND"); !strings.HasPrefix(named, "go") {
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

// fatal finds the reason in what XLA, or the runtime of Go, prints when it ends a process.
var fatal = regexp.MustCompile(`(?m)^(?:F\d{4} .*?\] |fatal error: |panic: )(.*)$|^(SIG[A-Z]+: .*)$`)

func lastWords(stderr string, ended error) string {
	if m := fatal.FindStringSubmatch(stderr); m != nil {
		return strings.TrimSpace(m[1] + m[2])
	}
	return fmt.Sprint(ended)
}
