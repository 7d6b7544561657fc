package scripts

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// program stands for each of the programs that the script calls. It writes down its name and where it keeps things, and leaves
// something where the real ones would.
const program = `#!/bin/sh
name=${0##*/}
echo "$name ${XDG_CACHE_HOME#"$TEST_FOLDER/"}" >>"$TEST_FOLDER/calls"
mkdir -p "$XDG_CACHE_HOME/go-xla" "$XDG_CACHE_HOME/fastresnet/xla"
touch "$XDG_CACHE_HOME/go-xla/$name.whl" "$XDG_CACHE_HOME/fastresnet/xla/$name"
[ "$name" != "$FAILING" ]
`

// python stands for one with a plugin and, perhaps, PyTorch.
const python = `#!/bin/sh
case $(cat) in
*jax_plugins*) echo "$PLUGIN" ;;
*torch*) echo "$TORCH"; exit "${TORCH_STATUS:-0}" ;;
esac
`

// runGPU runs scripts/gpu with those programs, and returns the folder in which it did, what was called, and what it printed.
func runGPU(t *testing.T, environment ...string) (folder string, calls []string, output string, status int) {
	t.Helper()
	bash, err := exec.LookPath("bash")
	if runtime.GOOS != "linux" || err != nil {
		t.Skip("scripts/gpu is for Linux, with bash")
	}
	script, err := filepath.Abs("gpu")
	if err != nil {
		t.Fatal(err)
	}
	folder = t.TempDir()
	for name, text := range map[string]string{"program": program, "venv/bin/python": python} {
		file := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), bash, script, "results")
	cmd.Dir = folder
	cmd.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + folder, "XDG_CACHE_HOME=" + filepath.Join(folder, "cache"), "TEST_FOLDER=" + folder,
		"BENCH=program", "CIFAR10=program", "TESTS=program", "PYTHON=venv/bin/python",
	}, environment...)
	printed, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	called, err := os.ReadFile(filepath.Join(folder, "calls"))
	if err != nil {
		t.Fatalf("%v: %s", err, printed)
	}
	return folder, strings.Split(strings.TrimSpace(string(called)), "\n"), string(printed), cmd.ProcessState.ExitCode()
}

// archived are the names in a tar.gz.
func archived(t *testing.T, file string) (names []string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	unpacked, err := gzip.NewReader(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	for archive := tar.NewReader(unpacked); ; {
		header, err := archive.Next()
		if err == io.EOF {
			slices.Sort(names)
			return names
		}
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, header.Name)
	}
}

// TestGPUInstallation has what a backend needs installed before anything is measured, and kept.
func TestGPUInstallation(t *testing.T) {
	t.Parallel()
	folder, calls, output, status := runGPU(t, "BACKEND=xla:cuda", "TORCH=cuda")
	if status != 0 {
		t.Errorf("exit status %d: %s", status, output)
	}
	if calls[0] != "cifar10 cache" || !strings.HasPrefix(calls[1], "bench /") {
		t.Errorf("the first calls were %q, want one of cifar10 with the user's cache, and then bench with another", calls[:2])
	}
	for _, call := range calls[1:] {
		if strings.HasSuffix(call, " cache") {
			t.Errorf("%s: with the user's cache, which is not empty", call)
		}
	}
	if _, err := os.Stat(filepath.Join(folder, "cache", "go-xla", "cifar10.whl")); err != nil {
		t.Errorf("the package is not kept: %v", err)
	}
	want := []string{"fastresnet/xla/", "fastresnet/xla/bench", "fastresnet/xla/xla.test"}
	if diff := cmp.Diff(want, archived(t, filepath.Join(folder, "results", "autotune.tar.gz"))); diff != "" {
		t.Errorf("autotune.tar.gz (-want +got):\n%s", diff)
	}
}

// TestGPUPlugin has the plugin of a Python with a relative name used as it is, without an installation.
func TestGPUPlugin(t *testing.T) {
	t.Parallel()
	_, calls, output, status := runGPU(t, "PLUGIN=/packages/jax_plugins/xla_cuda13/xla_cuda_plugin.so", "TORCH=cuda")
	if status != 0 || !strings.Contains(output, "\nbackend xla:/packages/jax_plugins/xla_cuda13/xla_cuda_plugin.so\n") {
		t.Errorf("exit status %d: %s", status, output)
	}
	if !strings.HasPrefix(calls[0], "bench ") {
		t.Errorf("the first call was %q, want one of bench", calls[0])
	}
}

// TestGPUFailures has a part that fails, or cannot be made, be in the list at the end.
func TestGPUFailures(t *testing.T) {
	for _, test := range []struct {
		name        string
		environment []string
		want        string // what failed; "" for nothing
	}{
		{"PyTorch sees the GPU", []string{"BACKEND=xla:/cuda.so", "TORCH=cuda"}, ""},
		{"no PyTorch", []string{"BACKEND=xla:/cuda.so", "TORCH=none"}, ""},
		{"PyTorch sees no GPU", []string{"BACKEND=xla:/cuda.so", "TORCH=cpu"}, "PyTorch, which sees no GPU"},
		{"PyTorch takes too long", []string{"BACKEND=xla:/cuda.so", "TORCH_STATUS=124"}, "PyTorch, which does not start"},
		{"PyTorch on a CPU", []string{"BACKEND=go", "TORCH=cpu"}, ""},
		{"no Python", []string{"BACKEND=xla:/cuda.so", "PYTHON=no/python"}, ""},
		{"a program", []string{"BACKEND=xla:/cuda.so", "TORCH=none", "FAILING=xla.test"}, "one step against pure Go\n  bfloat16 against float32\n  one step of other networks against pure Go"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, _, output, status := runGPU(t, test.environment...)
			_, failed, some := strings.Cut(output, "\nfailed:\n  ")
			if diff := cmp.Diff(test.want, strings.TrimSuffix(failed, "\n")); diff != "" {
				t.Errorf("failed (-want +got):\n%s\n%s", diff, output)
			}
			if (status == 1) != some || status > 1 {
				t.Errorf("exit status %d", status)
			}
		})
	}
}

// TestGPUVerdict has the head of the results say whether the computations are right.
func TestGPUVerdict(t *testing.T) {
	heads := func(others, rounded, step string) string {
		return "One step of other networks against pure Go: " + others + ".\n\nBfloat16 against float32: " + rounded +
			".\n\nOne step against pure Go: " + step + ".\n\nThe first start"
	}
	const failed = "failed: do not trust what is below"
	for _, test := range []struct{ name, setting, want string }{
		{"right", "FAILING=", heads("passed", "passed", "passed")},
		{"wrong", "FAILING=xla.test", heads(failed, failed, failed)},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			folder, _, output, _ := runGPU(t, "BACKEND=xla:/cuda.so", "TORCH=none", test.setting)
			text, err := os.ReadFile(filepath.Join(folder, "results", "results.md"))
			if err != nil || !strings.HasPrefix(string(text), test.want) {
				t.Errorf("%v; results.md has %q, want %q first\n%s", err, text, test.want, output)
			}
		})
	}
}
