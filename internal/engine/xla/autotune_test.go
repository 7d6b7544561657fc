//go:build cgo && !noxla && ((linux && (amd64 || arm64)) || (darwin && arm64) || (windows && amd64))

package xla

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet/internal/engine/enginetest"
	"github.com/fastresnet/fastresnet/internal/testbackend"
	"github.com/gomlx/go-xla/pjrt"
)

func testPlugin(t *testing.T) *pjrt.Plugin {
	t.Helper()
	p, err := pjrt.GetPlugin(strings.TrimPrefix(testbackend.XLA(t), "xla:"))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// The flag goes behind the user's own, names a folder that is private to the user and to the version, and is one that
// XLA accepts: it would end the process otherwise, so another one opens the plugin with it.
func TestKeepAutotuning(t *testing.T) {
	if os.Getenv("FASTRESNET_TEST_FLAGS") != "" {
		enginetest.Open(t, testbackend.XLA(t))
		return
	}
	plugin, folder := testPlugin(t), t.TempDir()
	t.Setenv(flagsEnv, "--xla_cpu_multi_thread_eigen=true")
	if err := keepAutotuning(plugin, folder); err != nil {
		t.Fatal(err)
	}
	flags := os.Getenv(flagsEnv)
	own, kept, ok := strings.Cut(flags, " --"+autotuneFlag+"=")
	if !ok || own != "--xla_cpu_multi_thread_eigen=true" || filepath.Dir(kept) != folder || !strings.Contains(filepath.Base(kept), "pjrt-0.") {
		t.Errorf("flags %q", flags)
	}
	info, err := os.Stat(kept)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); os.PathSeparator == '/' && got != 0o700 {
		t.Errorf("the folder has mode %o, want 700", got)
	}
	c := exec.Command(os.Args[0], "-test.run=^TestKeepAutotuning$")
	c.Env = append(os.Environ(), "FASTRESNET_TEST_FLAGS=1")
	if out, err := c.CombinedOutput(); err != nil {
		t.Errorf("opening the plugin with %s: %v\n%s", flags, err, out)
	}

	if err := keepAutotuning(plugin, t.TempDir()); err != nil || os.Getenv(flagsEnv) != flags {
		t.Errorf("a second time: %v, flags %q, want those of before", err, os.Getenv(flagsEnv))
	}
}

func TestKeepAutotuningWhereItCannotBe(t *testing.T) {
	plugin := testPlugin(t)
	t.Setenv(flagsEnv, "")
	if err := keepAutotuning(plugin, ""); err != nil || os.Getenv(flagsEnv) != "" {
		t.Errorf("not asked for: %v, flags %q", err, os.Getenv(flagsEnv))
	}
	if err := keepAutotuning(plugin, filepath.Join(t.TempDir(), "a b")); err == nil {
		t.Error("no error for a path that XLA_FLAGS cannot hold")
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := keepAutotuning(plugin, file); err == nil {
		t.Error("no error for a folder below a file")
	}
	if got := os.Getenv(flagsEnv); got != "" {
		t.Errorf("flags %q after errors", got)
	}
}

func TestMentions(t *testing.T) {
	const text = "needle"
	for name, tt := range map[string]struct {
		content string
		want    bool
	}{
		"empty":                  {"", false},
		"not there":              {strings.Repeat("need", 1<<19), false},
		"alone":                  {text, true},
		"across two windows":     {strings.Repeat("x", 1<<20-3) + text, true},
		"at the end of the file": {strings.Repeat("x", 5<<20) + text, true},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "file")
			if err := os.WriteFile(file, []byte(tt.content), 0o666); err != nil {
				t.Fatal(err)
			}
			if got, err := mentions(file, text); got != tt.want || err != nil {
				t.Errorf("%v, %v; want %v", got, err, tt.want)
			}
		})
	}
}
