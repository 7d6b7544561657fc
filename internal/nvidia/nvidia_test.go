package nvidia

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestModuleVersion(t *testing.T) {
	tests := []struct{ label, text, want string }{
		{"closed", "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.129.03  Thu Oct 19 18:56:32 UTC 2023\nGCC version:  gcc version 11.4.0\n", "535.129.03"},
		{"open", "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  570.86.15  Release Build  (dvs-builder@U16)\n", "570.86.15"},
		{"something else", "GCC version:  gcc version 11.4.0\n", ""},
	}
	for _, tt := range tests {
		t.Run(tt.label, func(t *testing.T) {
			if got := moduleVersion(tt.text); got != tt.want {
				t.Errorf("moduleVersion = %q, want %q", got, tt.want)
			}
		})
	}
}

// script puts a program named nvidia-smi, and no other, on the path.
func script(t *testing.T, text string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the stand-in for nvidia-smi is a shell script")
	}
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "nvidia-smi"), []byte("#!/bin/sh\n"+text), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", folder)
}

func TestRead(t *testing.T) {
	tests := []struct {
		label, script string
		want          State
	}{
		{"two GPUs", `echo "570.86.15, 143771, 1024, NVIDIA H200"; echo "570.86.15, [N/A], [N/A], NVIDIA GB10, odd"`, State{
			Driver: "570.86.15", GPUs: []GPU{{"NVIDIA H200", 143771, 1024}, {"NVIDIA GB10, odd", 0, 0}},
		}},
		{"no GPU", `echo "No devices were found"`, State{}},
		{"a driver that has gone", `echo "Failed to initialize NVML: Driver/library version mismatch"; echo "NVML library version: 570.86"; exit 18`, State{
			Problem: "exit status 18: Failed to initialize NVML: Driver/library version mismatch",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.label, func(t *testing.T) {
			if _, err := os.Stat(versionFile); err == nil {
				t.Skip("there is a driver here")
			}
			script(t, tt.script)
			got := Read(t.Context())
			if path, problem, ok := strings.Cut(got.Problem, ": "); ok && filepath.Base(path) == "nvidia-smi" {
				got.Problem = problem
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestNoWaiting(t *testing.T) {
	tests := []struct {
		label    string
		caller   time.Duration // after which the context ends
		patience time.Duration
		want     error
	}{
		{"the driver hangs", time.Minute, 50 * time.Millisecond, errSilent},
		{"the caller does not wait", 50 * time.Millisecond, time.Minute, context.DeadlineExceeded},
		{"the caller has gone", 0, time.Minute, context.DeadlineExceeded},
	}
	for _, tt := range tests {
		t.Run(tt.label, func(t *testing.T) {
			script(t, "exec /bin/sleep 30") // what the test leaves behind ends soon
			ctx, cancel := context.WithTimeout(t.Context(), tt.caller)
			defer cancel()
			start := time.Now()
			if _, err := output(ctx, tt.patience, "nvidia-smi"); !errors.Is(err, tt.want) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
			if d := time.Since(start); d > 5*time.Second {
				t.Errorf("it took %v", d)
			}
		})
	}
}

// A driver does not hang because its caller stops.
func TestReadStops(t *testing.T) {
	script(t, "exec /bin/sleep 30")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if s := Read(ctx); s.Silent || !strings.HasSuffix(s.Problem, "context canceled") {
		t.Errorf("state %+v, want what the context says, and no hanging driver", s)
	}
}
