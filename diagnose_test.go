package fastresnet_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/internal/testbackend"
	"github.com/google/go-cmp/cmp"
)

// quiet takes what would change a diagnosis out of the environment.
func quiet(t *testing.T) {
	t.Helper()
	for _, name := range []string{"GOMLX_BACKEND", "FASTRESNET_DATA"} {
		t.Setenv(name, "")
		os.Unsetenv(name)
	}
}

func names(d fastresnet.Diagnosis) []string {
	var n []string
	for _, b := range d.Backends {
		n = append(n, b.Name)
	}
	return n
}

func TestDiagnose(t *testing.T) {
	quiet(t)
	t.Setenv("GOMLX_BACKEND", "auto") // which names none
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "test_batch.bin"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("FASTRESNET_DATA", folder)
	d := fastresnet.Diagnose(t.Context())

	if diff := cmp.Diff([]string{"xla:cuda", "go"}, names(d)); diff != "" {
		t.Errorf("backends (-want +got):\n%s", diff)
	}
	first := ""
	for _, b := range d.Backends {
		if b.Available && first == "" {
			first = b.Name
		}
		if b.Available != (b.Problem == "") || b.Available != (len(b.Devices) > 0) {
			t.Errorf("contradicts itself: %+v", b)
		}
	}
	if d.Backend != first || !d.Backends[1].Available {
		t.Errorf("auto takes %q, want %q, and go to be available: %+v", d.Backend, first, d.Backends)
	}
	if d.GoVersion != runtime.Version() || d.OS != runtime.GOOS || d.Arch != runtime.GOARCH || d.CPUs < 1 || d.Kernels == "" {
		t.Errorf("program: %+v", d)
	}
	if d.Data != folder || d.DataProblem != "" || d.Environment["FASTRESNET_DATA"] != folder {
		t.Errorf("data %q, problem %q, want %s", d.Data, d.DataProblem, folder)
	}
	if _, err := json.Marshal(d); err != nil {
		t.Error(err)
	}
}

func TestDiagnoseTheNamedBackend(t *testing.T) {
	tests := []struct{ label, named, backend, problem string }{
		{"good", "go", "go", ""},
		{"unknown", "nonsense", "", `nonsense: "nonsense" is unknown`},
	}
	for _, tt := range tests {
		t.Run(tt.label, func(t *testing.T) {
			quiet(t)
			t.Setenv("GOMLX_BACKEND", tt.named)
			d := fastresnet.Diagnose(t.Context(), "xla:cuda")
			if d.Backend != tt.backend || d.Backends[0].Name != tt.named {
				t.Errorf("auto takes %q of %q, want %q", d.Backend, names(d), tt.backend)
			}
			problems := d.Problems()
			if tt.problem != "" && (!strings.HasPrefix(problems[0], tt.problem) || !strings.HasPrefix(problems[1], "GOMLX_BACKEND: ")) {
				t.Errorf("problems %q, want %q and the variable first", problems, tt.problem)
			}
			if all := strings.Join(problems, "\n"); strings.Contains(all, "left out") {
				t.Errorf("problems with what is not considered:\n%s", all)
			}
		})
	}
}

func TestDiagnosePlugin(t *testing.T) {
	backend := testbackend.XLA(t)
	quiet(t)
	t.Setenv("GOMLX_BACKEND", backend)
	b := fastresnet.Diagnose(t.Context()).Backends[0]
	if !b.Available || "xla:"+b.Plugin != backend || !strings.HasPrefix(b.PluginVersion, "0.") {
		t.Errorf("%+v, want %s and a version", b, backend)
	}
}

// Whoever stops a diagnosis is not told of a driver that hangs.
func TestDiagnoseOpensNothingOnceCancelled(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the stand-in for nvidia-smi is a shell script")
	}
	quiet(t)
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "nvidia-smi"), []byte("#!/bin/sh\nexec /bin/sleep 30\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", folder)
	for name, after := range map[string]time.Duration{"before it begins": 0, "while nvidia-smi runs": 50 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), after)
			defer cancel()
			d := fastresnet.Diagnose(ctx)
			if d.DriverProblem != "nvidia-smi was stopped: context canceled" {
				t.Errorf("the driver's problem is %q", d.DriverProblem)
			}
			for _, b := range d.Backends {
				if b.Available || b.Problem != "not tried: context canceled" {
					t.Errorf("%+v", b)
				}
			}
		})
	}
}

func TestDiagnoseStopsWhileABackendOpens(t *testing.T) {
	quiet(t)
	ctx, cancel := context.WithCancel(t.Context())
	engine.Register(func(_, _ string, _ engine.Opening) (*engine.Device, error) {
		cancel()
		<-t.Context().Done() // the test's end
		return nil, t.Context().Err()
	}, "slow")
	t.Setenv("GOMLX_BACKEND", "slow")
	if b := fastresnet.Diagnose(ctx, "xla:cuda").Backends[0]; b.Available || b.Problem != "stopped: context canceled" {
		t.Errorf("%+v", b)
	}
}

// TestProblems looks at machines that are not here.
func TestProblems(t *testing.T) {
	backends := func(cuda, cpu string) []fastresnet.BackendDiagnosis {
		return []fastresnet.BackendDiagnosis{
			{Name: "xla:cuda", Available: cuda == "", Problem: cuda},
			{Name: "xla:cpu", Available: cpu == "", Problem: cpu},
			{Name: "go", Available: true},
		}
	}
	tests := []struct {
		label string
		d     fastresnet.Diagnosis
		want  []string
	}{
		{"all is well on a GPU, whatever else there is", fastresnet.Diagnosis{
			Arch: "amd64", Kernels: "scalar", Backend: "xla:cuda", Backends: backends("", "none"), Driver: "570.86", DriverProblem: "fails",
		}, nil},
		{"a driver that hangs", fastresnet.Diagnosis{
			Arch: "amd64", Kernels: "AVX2", Backend: "go", Backends: backends("not tried", "none"), Driver: "570.86", DriverProblem: "fails",
		}, []string{"NVIDIA's driver: fails", "xla:cuda: not tried", "xla:cpu: none"}},
		{"a driver without GPUs", fastresnet.Diagnosis{
			Arch: "amd64", Kernels: "AVX2", Backend: "xla:cpu", Backends: backends("none", ""), Driver: "570.86",
		}, []string{"NVIDIA's driver: version 570.86 is there, but nvidia-smi lists no GPU: put it on the PATH, and run it to see why", "xla:cuda: none"}},
		{"an architecture whose kernels are scalar", fastresnet.Diagnosis{
			Arch: "riscv64", Kernels: "scalar", Backend: "go", Backends: backends("none", "none"),
		}, []string{"xla:cuda: none", "xla:cpu: none"}},
		{"an old CPU", fastresnet.Diagnosis{
			Arch: "amd64", Kernels: "scalar", Backend: "go", Backends: backends("none", "none"),
		}, []string{"xla:cuda: none", "xla:cpu: none", "pure Go: its kernels are scalar, and many times slower than others: this CPU has neither AVX2 nor AVX-512"}},
		{"no CIFAR-10", fastresnet.Diagnosis{Backend: "xla:cuda", Backends: backends("", "none"), DataProblem: "not there"}, nil},
		{"no CIFAR-10 where it should be", fastresnet.Diagnosis{
			Backend: "xla:cuda", Backends: backends("", "none"), DataProblem: "not there", Environment: map[string]string{"FASTRESNET_DATA": "nowhere"},
		}, []string{"data: not there"}},
		{"a backend that is named, of none", fastresnet.Diagnosis{Environment: map[string]string{"GOMLX_BACKEND": "xla:cpu"}},
			[]string{"GOMLX_BACKEND: it names xla:cpu, and so no other is taken: unset it, or have it name another backend"}},
		{"none that is named, of several", fastresnet.Diagnosis{
			Backend: "go", Backends: backends("none", "none"), Environment: map[string]string{"GOMLX_BACKEND": "auto"},
		}, []string{"xla:cuda: none", "xla:cpu: none"}},
	}
	for _, tt := range tests {
		t.Run(tt.label, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, tt.d.Problems()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
