package xla

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/internal/testbackend"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

func TestExplain(t *testing.T) {
	const dlopen = `failed to dynamically load PJRT plugin from %s -- check with ldd in case there are missing required libraries.`
	load := func(message string) string { return strings.Replace(dlopen, "%s", message, 1) }
	tests := []struct {
		label, message string
		kind           error
		want           string
	}{
		{"memory, GPU", "PJRT error (code=8): Out of memory while trying to allocate 4770354232 bytes.\nBufferAssignment OOM Debugging.", engine.ErrMemory, "smaller batch"},
		{"memory, status", "RESOURCE_EXHAUSTED: Failed to allocate request for 6.27GiB (6727663616B) on device ordinal 0", engine.ErrMemory, "smaller batch"},
		{"memory, CPU", "PJRT error (code=13): Compute error: Error preparing computation: Out of memory allocating 17592186044416 bytes.", engine.ErrMemory, "smaller batch"},
		{"memory, driver", "CUDA_ERROR_OUT_OF_MEMORY: failed to allocate 2.00GiB", engine.ErrMemory, "nvidia-smi"},
		{"memory, of the code alone", "PJRT error (code=8): allocation refused", engine.ErrMemory, "smaller batch"},

		{"no driver", load(`"libcuda.so.1: cannot open shared object file: No such file or directory"`), engine.ErrBackend, "driver is not installed, or not visible here (libcuda.so.1)"},
		{"no cudart", load(`"libcudart.so.12: cannot open shared object file: No such file or directory"`), engine.ErrBackend, "CUDA library libcudart.so.12 was not found"},
		{"no cublas", load(`"libcublasLt.so.13: cannot open shared object file: No such file or directory"`), engine.ErrBackend, "CUDA library libcublasLt.so.13 was not found"},
		{"no cudnn", `Could not load dynamic library 'libcudnn.so.9'; dlerror: libcudnn.so.9: cannot open shared object file: No such file or directory`, engine.ErrBackend, "CUDA library libcudnn.so.9 was not found"},
		{"no other library", load(`"libc++.so.1: cannot open shared object file: No such file or directory"`), engine.ErrBackend, "the library libc++.so.1 was not found"},
		{"old system", load("\"/lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.34' not found (required by plugin.so)\""), engine.ErrBackend, "needs GLIBC_2.34"},
		{"half a file", load(`"plugin.so: file too short"`), engine.ErrBackend, "not a PJRT plugin"},
		{"another library", `tried to load "plugin.so", but failed to find symbol "GetPjrtApi", skipping: undefined symbol`, engine.ErrBackend, "not a PJRT plugin"},

		{"old driver", "PJRT error (code=13): CUDA error: CUDA driver version is insufficient for CUDA runtime version", engine.ErrBackend, "install a newer driver"},
		{"old driver, constant", "CUDA_ERROR_INSUFFICIENT_DRIVER", engine.ErrBackend, "install a newer driver"},
		{"mixed driver", "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH: system has unsupported display driver / cuda driver combination", engine.ErrBackend, "restart the machine"},
		{"no GPU", "PJRT error (code=9): no supported devices found for platform CUDA", engine.ErrBackend, "CUDA does not start, or finds no GPU"},
		{"no visible GPU", "PJRT error (code=9): No visible GPU devices.", engine.ErrBackend, "CUDA does not start, or finds no GPU"},
		{"no GPU, driver", "failed call to cuInit: CUDA_ERROR_NO_DEVICE: no CUDA-capable device is detected", engine.ErrBackend, "CUDA does not start, or finds no GPU"},
		{"another GPU", "CUDA error: no kernel image is available for execution on the device", engine.ErrBackend, "does not support this GPU"},

		{"old cuDNN", "Loaded runtime CuDNN library: 9.1.0 but source was compiled with: 9.8.0.", engine.ErrBackend, "cuDNN 9.1.0 was found"},
		{"cuDNN does not start", "PJRT error (code=9): DNN library initialization failed. Look at the errors above for more details.", engine.ErrBackend, "cuDNN did not start"},
		{"no cuDNN", "PJRT error (code=13): All backends failed to find supported configs:\n - INTERNAL: No DNN support for stream", engine.ErrBackend, "cuDNN did not start"},
		{"no cuDNN for a fusion", "PJRT error (code=13): No DNN for stream.", engine.ErrBackend, "cuDNN did not start"},
		{"a convolution that cuDNN does not know", "PJRT error (code=5): No supported configs found for HLO: %cudnn-conv.1 = (bf16[512,32,32,64]) custom-call(%x, %w)", engine.ErrBackend, "take a newer cuDNN"},
		{"a convolution for which cuDNN has errors", "PJRT error (code=13): All backends failed to find supported configs:\n - INTERNAL: CUDNN_STATUS_NOT_SUPPORTED", engine.ErrBackend, "take a newer cuDNN"},
		{"no libdevice", "libdevice not found at ./libdevice.10.bc", engine.ErrBackend, "--xla_gpu_cuda_data_dir"},
		{"no ptxas", "Couldn't find ptxas binary in ${CUDA_DIR}/bin", engine.ErrBackend, "--xla_gpu_cuda_data_dir"},
		{"no ptxas, nor a library", "PJRT error (code=14): No PTX compilation provider is available. Neither ptxas/nvlink nor nvjtlink is available.", engine.ErrBackend, "--xla_gpu_cuda_data_dir"},
	}
	for _, tt := range tests {
		t.Run(tt.label, func(t *testing.T) {
			cause := errors.New(tt.message)
			err := explain(cause)
			if !errors.Is(err, tt.kind) || !errors.Is(err, cause) {
				t.Errorf("%v does not wrap %q and its cause", err, tt.kind)
			}
			first, _, _ := strings.Cut(tt.message, "\n")
			if text := err.Error(); !strings.Contains(text, tt.want) || !strings.HasSuffix(text, " ("+first+")") {
				t.Errorf("%q does not say %q, and the first line of the cause", text, tt.want)
			}
		})
	}
}

func TestExplainLeavesOtherErrorsAlone(t *testing.T) {
	other := errors.New("PJRT error (code=3): dimensions do not agree")
	for _, err := range []error{nil, other} {
		if got := explain(err); got != err {
			t.Errorf("explain(%v) = %v", err, got)
		}
	}
}

func TestOldDriver(t *testing.T) {
	for _, tt := range []struct {
		driver string
		cuda   int64
		want   string
	}{
		{"570.86.15", 13000, "NVIDIA's driver is 570.86.15, and the plugin's CUDA 13 needs 580 or newer: install a newer driver, or a plugin for an older CUDA"},
		{"515.43.04", 12090, "NVIDIA's driver is 515.43.04, and the plugin's CUDA 12 needs 525 or newer: install a newer driver, or a plugin for an older CUDA"},
		{"570.86.15", 12090, ""},
		{"580", 13010, ""},
		{"610.43.02", 13000, ""},
		{"570.86.15", 0, ""},     // the plugin does not say
		{"570.86.15", 14000, ""}, // a CUDA to come
		{"", 13000, ""},
		{"N/A", 13000, ""},
	} {
		if got := oldDriver(tt.driver, tt.cuda); got != tt.want {
			t.Errorf("oldDriver(%q, %d) = %q, want %q", tt.driver, tt.cuda, got, tt.want)
		}
	}
}

// The driver is asked where CUDA does not start, and blamed for nothing else.
func TestExplainOpening(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the stand-in for nvidia-smi is a shell script")
	}
	folder := t.TempDir()
	smi := "#!/bin/sh\necho 570.86.15, 81559, 10, NVIDIA H100\n"
	if err := os.WriteFile(filepath.Join(folder, "nvidia-smi"), []byte(smi), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", folder)
	for _, tt := range []struct {
		label, message string
		cuda           int64
		want           string
	}{
		{"too old", "PJRT error (code=9): No visible GPU devices.", 13000, "NVIDIA's driver is 570.86.15"},
		{"new enough", "PJRT error (code=9): No visible GPU devices.", 12090, "CUDA does not start, or finds no GPU"},
		{"something else", "RESOURCE_EXHAUSTED: Failed to allocate", 13000, "out of device memory"},
	} {
		t.Run(tt.label, func(t *testing.T) {
			cause := errors.New(tt.message)
			err := explainOpening(cause, tt.cuda)
			if !errors.Is(err, cause) || !strings.HasPrefix(err.Error(), tt.want) || !strings.HasSuffix(err.Error(), " ("+tt.message+")") {
				t.Errorf("%v, want %q and the cause", err, tt.want)
			}
		})
	}
}

// XLA reports a result that no machine has the memory for.
func TestOutOfMemory(t *testing.T) {
	d, err := engine.Open(testbackend.XLA(t), engine.Opening{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	on := deviceOf(d)
	p, err := compile(on, "petabytes", []input{whole(dtypes.Float32)}, func(in []*graph.Node) []*graph.Node {
		return []*graph.Node{graph.BroadcastToDims(in[0], math.MaxInt16, math.MaxInt16, math.MaxInt16)}
	})
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	one, err := upload(on, []float32{1}, whole(dtypes.Float32))
	if err != nil {
		t.Fatal(err)
	}
	defer release(one)
	if _, err := p.run(0, one); !errors.Is(err, engine.ErrMemory) || !strings.HasPrefix(err.Error(), "running petabytes: out of device memory: ") {
		t.Errorf("error %v, want engine.ErrMemory", err)
	}
}
