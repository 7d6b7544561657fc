// Package nvidia reads what NVIDIA's driver says about itself and its GPUs, without a C library: from the
// files of the Linux driver, and from the program nvidia-smi. It changes nothing.
package nvidia

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// GPU is a GPU as nvidia-smi lists it.
type GPU struct {
	Name string
	// MemoryMiB is all of its memory, and UsedMiB what programs use of it now; 0 if unknown.
	MemoryMiB, UsedMiB int
}

// State is what is known of the driver.
type State struct {
	// Driver is its version, "" if there is none or it does not say.
	Driver string
	// GPUs are those that nvidia-smi lists.
	GPUs []GPU
	// Problem says why nvidia-smi did not list them, the caller's context among the reasons; "" also where there is no
	// nvidia-smi.
	Problem string
	// Silent says that nvidia-smi had time enough and did not end: the driver hangs.
	Silent bool
}

const (
	versionFile = "/proc/driver/nvidia/version"
	// patience is many times what nvidia-smi takes with eight GPUs.
	patience = 15 * time.Second
)

// Read looks at the driver. It returns when ctx ends, at the latest.
func Read(ctx context.Context) State {
	var s State
	if text, err := os.ReadFile(versionFile); err == nil {
		s.Driver = moduleVersion(string(text))
	}
	program, err := exec.LookPath("nvidia-smi")
	if err != nil {
		return s
	}
	text, err := output(ctx, patience, program, "--query-gpu=driver_version,memory.total,memory.used,name", "--format=csv,noheader,nounits")
	if err != nil {
		s.Problem = fmt.Sprintf("%s: %v", program, err)
		s.Silent = errors.Is(err, errSilent)
		return s
	}
	driver, gpus := list(text)
	if driver != "" {
		s.Driver = driver
	}
	s.GPUs = gpus
	return s
}

var errSilent = errors.New("no answer")

// output is what a program prints. The error is that of ctx if ctx has ended, and errSilent if the program has not within
// the patience. It does not wait for one that cannot even be killed, as happens with a driver that hangs.
func output(ctx context.Context, patience time.Duration, program string, args ...string) (string, error) {
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	type result struct {
		text []byte
		err  error
	}
	done := make(chan result, 1)
	go func() {
		text, err := exec.CommandContext(waiting, program, args...).CombinedOutput()
		done <- result{text, err}
	}()
	select {
	case r := <-done:
		if r.err == nil {
			return string(r.text), nil
		}
		if waiting.Err() == nil {
			return "", fmt.Errorf("%w: %s", r.err, firstLine(string(r.text)))
		}
	case <-waiting.Done():
	}
	return "", cmp.Or(ctx.Err(), errSilent) // and the program is killed
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}

var module = regexp.MustCompile(`Kernel Module.*?\s(\d+\.[\d.]+)`)

// moduleVersion finds the version in the text of the driver's file.
func moduleVersion(text string) string {
	if m := module.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return ""
}

// list reads nvidia-smi's table: driver, memory, memory in use, name.
func list(text string) (driver string, gpus []GPU) {
	for line := range strings.Lines(text) {
		fields := strings.SplitN(strings.TrimSpace(line), ", ", 4)
		if len(fields) < 4 {
			continue // "No devices were found"
		}
		driver = fields[0]
		gpus = append(gpus, GPU{Name: fields[3], MemoryMiB: number(fields[1]), UsedMiB: number(fields[2])})
	}
	return driver, gpus
}

// number is 0 for what is none, such as "[N/A]".
func number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0
	}
	return n
}
