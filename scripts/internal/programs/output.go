// Package programs runs other programs for the commands of scripts, and installs Python's packages for them.
package programs

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// Output is what a program prints to standard output, without the space around it. The environment is added to that of this
// process. The error has what the program printed to standard error.
func Output(environment []string, program string, arguments ...string) (string, error) {
	var stderr bytes.Buffer
	cmd := exec.Command(program, arguments...)
	cmd.Env, cmd.Stderr = append(os.Environ(), environment...), &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s", program, strings.Join(arguments, " "), err, stderr.String())
	}
	return strings.TrimSpace(string(out)), nil
}
