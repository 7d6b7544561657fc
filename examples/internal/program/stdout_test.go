package program

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// A program whose output cannot be written has failed, whatever else it did.
func TestOutputThatCannotBeWritten(t *testing.T) {
	const variable = "FASTRESNET_TEST_PROGRAM" // says what the program does, which is this test again
	what := os.Getenv(variable)
	if what != "" {
		Main("printer", func(_ context.Context, _ []string, stdout, stderr io.Writer) int {
			switch what {
			case "prints":
				fmt.Fprintln(stdout, "one")
				fmt.Fprintln(stdout, "two")
			case "is interrupted":
				fmt.Fprintln(stdout, "one")
				return Status("printer", ErrInterrupted, stderr)
			}
			return ExitOK
		})
	}
	for _, tt := range []struct {
		what   string
		status int
		stderr string // a part of it, "" for none at all
	}{
		{"prints", ExitFailed, "printer: write "},
		{"is interrupted", ExitInterrupted, "printer: interrupted\n"},
		{"prints nothing", ExitOK, ""},
	} {
		t.Run(tt.what, func(t *testing.T) {
			readOnly, err := os.Open(os.DevNull)
			if err != nil {
				t.Fatal(err)
			}
			defer readOnly.Close()
			var stderr strings.Builder
			program := exec.Command(os.Args[0], "-test.run=^TestOutputThatCannotBeWritten$")
			program.Env = append(os.Environ(), variable+"="+tt.what)
			program.Stdout, program.Stderr = readOnly, &stderr
			_ = program.Run() // its status says the same
			if status := program.ProcessState.ExitCode(); status != tt.status || !strings.Contains(stderr.String(), tt.stderr) ||
				strings.Count(stderr.String(), "\n") > 1 || tt.stderr == "" && stderr.Len() > 0 {
				t.Errorf("exit status %d, stderr %q; want %d and one line with %q", status, stderr.String(), tt.status, tt.stderr)
			}
		})
	}
}
