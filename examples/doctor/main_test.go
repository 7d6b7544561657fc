package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/examples/internal/program"
	"github.com/fastresnet/fastresnet/internal/testbackend"
	"github.com/google/go-cmp/cmp"
)

// childEnv has the test's program be doctor, as the child that doctor starts.
const childEnv = "FASTRESNET_TEST_DOCTOR"

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		main()
	}
	os.Exit(m.Run())
}

// start runs the program, with what it prints, where a backend is named and no plugin is installed.
func start(t *testing.T, backend string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	t.Setenv(childEnv, "1")
	t.Setenv("GOMLX_BACKEND", backend)
	t.Setenv("PJRT_PLUGIN_LIBRARY_PATH", t.TempDir())
	t.Setenv("FASTRESNET_DATA", t.TempDir())
	var out, errs bytes.Buffer
	status = run(t.Context(), args, &out, &errs)
	return status, out.String(), errs.String()
}

func TestRun(t *testing.T) {
	tests := []struct {
		label, backend, verdict, problem string
		status                           int
	}{
		{"good", "go", "training runs on go\n", "FASTRESNET_DATA", program.ExitOK},
		{"bad", "nonsense", "training cannot run\n", `"nonsense" is unknown`, program.ExitFailed},
	}
	for _, tt := range tests {
		t.Run(tt.label, func(t *testing.T) {
			status, stdout, stderr := start(t, tt.backend)
			if status != tt.status || stderr != "" {
				t.Errorf("exit status %d, want %d; stderr %q", status, tt.status, stderr)
			}
			problems, facts, _ := strings.Cut(stdout, "\nthis machine and program:\n")
			if !strings.HasPrefix(problems, tt.verdict) || !strings.Contains(problems, tt.problem) {
				t.Errorf("want %q and %q first in:\n%s", tt.verdict, tt.problem, stdout)
			}
			if !strings.Contains(facts, "\ngo          CPU, pure Go, ") || !strings.Contains(facts, "\nGOMLX_BACKEND="+tt.backend+"\n") {
				t.Errorf("facts:\n%s", facts)
			}
		})
	}
}

// A backend that a flag names is no variable's; CIFAR-10 is no problem where nobody says that it is there.
func TestBackendFlag(t *testing.T) {
	t.Setenv(childEnv, "1")
	for _, name := range []string{backendVariable, "FASTRESNET_DATA"} {
		t.Setenv(name, "") // which the test's end undoes
		os.Unsetenv(name)
	}
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("PJRT_PLUGIN_LIBRARY_PATH", t.TempDir())
	for _, args := range [][]string{{"-backend", "foo"}, {"-backend", "foo", "-json"}, {"-backend", "foo", "-direct"}} {
		var stdout, stderr bytes.Buffer
		status := run(t.Context(), args, &stdout, &stderr)
		os.Unsetenv(backendVariable)
		if text := stdout.String(); status != program.ExitFailed || strings.Contains(text, backendVariable) || !strings.Contains(text, "foo: ") {
			t.Errorf("%q: exit status %d, stderr %q, stdout:\n%s", args, status, &stderr, text)
		}
		problems, _, _ := strings.Cut(stdout.String(), "\nthis machine and program:\n")
		if strings.Contains(problems, "- data") {
			t.Errorf("%q: want no problem with data:\n%s", args, problems)
		}
	}
}

func TestJSON(t *testing.T) {
	for _, args := range [][]string{{"-json"}, {"-json", "-direct"}} {
		status, stdout, stderr := start(t, "nonsense", args...)
		if status != program.ExitFailed || stderr != "" {
			t.Errorf("%q: exit status %d, stderr %q", args, status, stderr)
		}
		var r report
		if err := json.Unmarshal([]byte(stdout), &r); err != nil {
			t.Fatalf("%q: %v in:\n%s", args, err, stdout)
		}
		if r.Backend != "" || r.Environment["GOMLX_BACKEND"] != "nonsense" || strings.Count(r.DataProblem, program.Fetching) != 1 {
			t.Errorf("%q: %+v", args, r)
		}
		if diff := cmp.Diff(r.Diagnosis.Problems(), r.Problems); diff != "" {
			t.Errorf("%q: problems (-of the diagnosis +printed):\n%s", args, diff)
		}
	}
}

// TestXLAEndsTheProcess gives XLA a flag that it does not know.
func TestXLAEndsTheProcess(t *testing.T) {
	backend := testbackend.XLA(t)
	t.Setenv("XLA_FLAGS", "--nonsense=1")
	for _, tt := range []struct {
		label, backend, verdict string
		status                  int
	}{
		{"where it is taken", backend, "training cannot run\n", program.ExitFailed},
		{"where it is not", "go", "training runs on go\n", program.ExitOK},
	} {
		t.Run(tt.label, func(t *testing.T) {
			status, stdout, stderr := start(t, tt.backend)
			if status != tt.status || stderr != "" || !strings.HasPrefix(stdout, tt.verdict) {
				t.Errorf("exit status %d, stderr %q, stdout:\n%s", status, stderr, stdout)
			}
			if broken := strings.Contains(stdout, "Unknown flag in XLA_FLAGS: --nonsense=1"); broken != (tt.backend == backend) {
				t.Errorf("XLA's last words:\n%s", stdout)
			}
		})
	}
}

func TestLastWords(t *testing.T) {
	tests := []struct{ label, stderr, want string }{
		{"XLA", "WARNING: All log messages before\nF0000 00:00:1795410212.145240   31675 parse_flags_from_env.cc:234] Unknown flag in XLA_FLAGS: --nonsense=1\nSIGABRT: abort\n", "Unknown flag in XLA_FLAGS: --nonsense=1"},
		{"a signal", "SIGSEGV: segmentation violation\nPC=0x0 m=0\n", "SIGSEGV: segmentation violation"},
		{"Go", "fatal error: all goroutines are asleep - deadlock!\n", "all goroutines are asleep - deadlock!"},
		{"nothing", "", "exit status 3"},
	}
	for _, tt := range tests {
		t.Run(tt.label, func(t *testing.T) {
			if got := lastWords(tt.stderr, errors.New("exit status 3")); got != tt.want {
				t.Errorf("lastWords = %q, want %q", got, tt.want)
			}
		})
	}
}

// Why CUDA did not start is added where nothing else is known, once.
func TestAddReason(t *testing.T) {
	const none, other = "CUDA does not start (No visible GPU devices.)", "no such PJRT plugin is installed"
	tests := []struct{ label, log, want string }{
		{"a code", "E0000 00:00:1.5 7 cuda_platform.cc:57] failed call to cuInit: INTERNAL: CUDA error: Failed call to cuInit: CUDA_ERROR_SYSTEM_NOT_READY: system not yet initialized\n=== Source Location Trace: ===\n",
			none + "; CUDA says: CUDA_ERROR_SYSTEM_NOT_READY: system not yet initialized"},
		{"no libcuda", "E0000 00:00:1.5 7 cuda_platform.cc:57] failed call to cuInit: INTERNAL: CUDA error: Failed call to cuInit: UNKNOWN ERROR (303)\n", none + "; CUDA says: UNKNOWN ERROR (303)"},
		{"nothing", "E0000 something else\n", none},
	}
	for _, tt := range tests {
		t.Run(tt.label, func(t *testing.T) {
			d := fastresnet.Diagnosis{Backends: []fastresnet.BackendDiagnosis{{Problem: none}, {Problem: other}, {Available: true}}}
			addReason(&d, tt.log)
			want := []fastresnet.BackendDiagnosis{{Problem: tt.want}, {Problem: other}, {Available: true}}
			if diff := cmp.Diff(want, d.Backends); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestText(t *testing.T) {
	d := fastresnet.Diagnosis{
		GoVersion: "go1.26.0", OS: "linux", Arch: "amd64", CPUs: 16, XLA: true, Kernels: "AVX-512",
		Driver: "570.86.15", GPUs: []fastresnet.GPU{{Name: "NVIDIA H200", MemoryMiB: 143771, UsedMiB: 1024}},
		Backends: []fastresnet.BackendDiagnosis{
			{Name: "xla:cuda", Problem: strings.Repeat("word ", 25) + "end"},
			{Name: "xla:cpu", Available: true, Devices: []string{"TFRT_CPU_0"}, Plugin: filepath.FromSlash("/lib/cpu.so"), PluginVersion: "0.81"},
		},
		Backend: "xla:cpu", Data: "/cifar", Environment: map[string]string{"XLA_FLAGS": "--flag", "GOMAXPROCS": "4"},
	}
	want := `training runs on xla:cpu

problems, and what to do about them:
- xla:cuda: word word word word word word word word word word word word word word word word word
  word word word word word word word word end

this machine and program:
program     go1.26.0, linux/amd64, with XLA, 16 CPUs
kernels     AVX-512
NVIDIA      driver 570.86.15
GPU 0       NVIDIA H200, 143,771 MiB of memory, 1,024 in use
xla:cuda    not available
xla:cpu     TFRT_CPU_0; plugin ` + filepath.FromSlash("/lib/cpu.so") + `, PJRT 0.81
CIFAR-10    /cifar

environment variables:
GOMAXPROCS=4
XLA_FLAGS=--flag
`
	if diff := cmp.Diff(want, reportOf(d, false).text()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestMistakesAndHelp(t *testing.T) {
	status, stdout, stderr := start(t, "", "-nonsense")
	if status != program.ExitFailed || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "-nonsense") {
		t.Errorf("exit status %d, stdout %q, stderr %q", status, stdout, stderr)
	}
	status, stdout, stderr = start(t, "", "-h")
	if status != program.ExitOK || stderr != "" || !strings.Contains(stdout, "\n  -json") || !strings.Contains(stdout, "\n  -direct") {
		t.Errorf("exit status %d, stderr %q, usage:\n%s", status, stderr, stdout)
	}
}
