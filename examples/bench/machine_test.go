package main

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/fastresnet/fastresnet"
)

// fakeCard puts a program in the place of nvidia-smi: two cards, and memory that fills and empties until the shell has done what
// comes last.
func fakeCard(t *testing.T, last string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the program that stands for nvidia-smi is a shell script")
	}
	script := `#!/bin/sh
case "$1" in
--query-gpu=driver_version,*) echo "580.1, 143771, 10, NVIDIA H200"; echo "580.1, 81559, 10, NVIDIA H100" ;;
--query-gpu=memory.used) for mib in 10 3000 20; do echo $mib; done; echo "[N/A]"; ` + last + ` ;;
esac
`
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "nvidia-smi"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", folder+string(os.PathListSeparator)+os.Getenv("PATH"))
}

func TestMachine(t *testing.T) {
	fakeCard(t, "exec sleep 60")
	m := thisMachine(t.Context())
	m.CPU, m.Cores = "", 1
	compare(t, "machine", machine{System: runtime.GOOS + "/" + runtime.GOARCH, Cores: 1, GPU: "NVIDIA H200", Driver: "580.1"}, m)
	compare(t, "text", "1 core, NVIDIA H200, driver 580.1, "+m.System, m.String())
}

func TestCPUModel(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"two processors", "processor\t: 0\nmodel\t\t: 1\nmodel name\t: AMD EPYC 9654\nmodel name\t: another\n", "AMD EPYC 9654"},
		{"no name, as on arm64", "processor\t: 0\nBogoMIPS\t: 50\n", ""},
	} {
		t.Run(test.name, func(t *testing.T) { compare(t, "model", test.want, cpuModel(test.text)) })
	}
}

func TestMemory(t *testing.T) {
	t.Run("of a card", func(t *testing.T) {
		fakeCard(t, "exec sleep 60")
		w := &memoryWatch{}
		w.start(t.Context(), "xla:/plugins/xla_cuda_plugin.so")
		time.Sleep(200 * time.Millisecond) // for a few lines
		w.stop()
		bytes, of := w.peak()
		compare(t, "memory", int64(3000<<20), bytes)
		compare(t, "of", memoryOfGPU, of)
	})
	t.Run("of a card whose driver hangs", func(t *testing.T) {
		fakeCard(t, "sleep 10; exit") // which outlives the shell, and keeps its output open
		w := &memoryWatch{}
		w.start(t.Context(), "xla:cuda")
		time.Sleep(200 * time.Millisecond)
		start := time.Now()
		w.stop()
		if took := time.Since(start); took > 2*farewell {
			t.Errorf("it took %v to end", took)
		}
		if bytes, of := w.peak(); bytes != 0 || of != "" {
			t.Errorf("%d bytes of %q", bytes, of)
		}
	})
	t.Run("of a card without nvidia-smi", func(t *testing.T) {
		t.Setenv("PATH", t.TempDir())
		w := &memoryWatch{}
		w.start(t.Context(), "xla:cuda")
		w.stop()
		bytes, of := w.peak()
		compare(t, "memory", int64(0), bytes)
		compare(t, "of", "", of)
	})
	t.Run("of the process", func(t *testing.T) {
		if runtime.GOOS != "linux" {
			t.Skip("only Linux tells")
		}
		w := &memoryWatch{}
		w.start(t.Context(), "go")
		w.stop()
		if bytes, of := w.peak(); bytes < 1<<20 || bytes > 1<<40 || of != memoryOfProcess {
			t.Errorf("%d bytes, %s", bytes, of)
		}
	})
}

func TestVersions(t *testing.T) {
	v, xla := versions(), fastresnet.Diagnose(t.Context(), "xla:cuda").XLA
	if v["go"] == "" || (v["gomlx"] != "") != xla {
		t.Errorf("versions %v, want those of Go, and of GoMLX where XLA is built in (%t)", v, xla)
	}
}
