//go:build cgo && !noxla && ((linux && (amd64 || arm64)) || (darwin && arm64) || (windows && amd64))

package xla

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/internal/testbackend"
	"github.com/gomlx/go-xla/pjrt"
)

func TestOpenedPlugin(t *testing.T) {
	name := testbackend.XLA(t)
	d, err := engine.Open(name, engine.Opening{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if path := strings.TrimPrefix(name, "xla:"); d.Plugin.Path != path || !strings.HasPrefix(d.Plugin.Version, "0.") {
		t.Errorf("plugin %+v, want %s and a version", d.Plugin, path)
	}
	if len(d.Units) == 0 || !strings.HasPrefix(d.Description, d.Units[0]) {
		t.Errorf("units %q of %q", d.Units, d.Description)
	}
}

// A plugin for CPUs is one wherever it lies, though go-xla guesses by the path; and nothing is said of NVIDIA's libraries
// where the packages of JAX have them. It starts itself anew, to see what is printed.
func TestPluginAmongThePackagesOfJAX(t *testing.T) {
	const openEnv = "FASTRESNET_TEST_JAX"
	if path := os.Getenv(openEnv); path != "" {
		d, err := engine.Open("xla:"+path, engine.Opening{})
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		if d.GPU {
			t.Errorf("%s counts as a GPU", d.Description)
		}
		return
	}
	packages := t.TempDir()
	plugin := filepath.Join(packages, "jax_plugins", "xla_cuda13", "plugin.so")
	for _, folder := range []string{filepath.Dir(plugin), filepath.Join(packages, "nvidia")} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(strings.TrimPrefix(testbackend.XLA(t), "xla:"), plugin); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), openEnv+"="+plugin)
	if out, err := cmd.CombinedOutput(); err != nil || string(out) != "PASS\n" {
		t.Errorf("%v, and it printed:\n%s", err, out)
	}
}

// A plugin that comes after another was opened is found, and each is called by its name. It starts itself anew, as go-xla
// reads its search path once.
func TestPluginsByName(t *testing.T) {
	const folderEnv = "FASTRESNET_TEST_BY_NAME"
	open := func(name, want string) {
		t.Helper()
		d, err := engine.Open(name, engine.Opening{})
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		if d.Plugin.Name != want || !strings.HasSuffix(d.Description, ", plugin "+want) || d.GPU {
			t.Errorf("%s: opened %q, %+v; want %s", name, d.Description, d.Plugin, want)
		}
	}
	link := func(folder, name string) {
		if err := os.Symlink(strings.TrimPrefix(testbackend.XLA(t), "xla:"), filepath.Join(folder, "pjrt_c_api_"+name+"_plugin.so")); err != nil {
			t.Fatal(err)
		}
	}
	if folder := os.Getenv(folderEnv); folder != "" {
		open("xla:abacus", "abacus")
		link(folder, "cpu_v1.2.3")
		open("xla:cpu", "cpu_v1.2.3")
		open("xla", "cpu_v1.2.3")
		return
	}
	folder := t.TempDir()
	link(folder, "abacus")
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), folderEnv+"="+folder, pjrt.PJRTPluginPathsEnv+"="+folder)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v, and it printed:\n%s", err, out)
	}
}

// TestPluginsThatCannotBeOpened starts itself anew for each case: go-xla reads its search path once.
func TestPluginsThatCannotBeOpened(t *testing.T) {
	const caseEnv = "FASTRESNET_TEST_OPEN"
	if name := os.Getenv(caseEnv); name != "" {
		d, err := engine.Open(name, engine.Opening{})
		if !errors.Is(err, engine.ErrBackend) {
			t.Fatalf("opened %v, error %v", d, err)
		}
		t.Log(engine.Reason(err))
		return
	}
	folder := t.TempDir()
	file := filepath.Join(folder, "pjrt_c_api_cpu_plugin.so")
	tests := []struct{ label, content, open, want string }{
		{"none", "", "xla:cpu", "xla:cpu: no such PJRT plugin is installed: ask for xla:cpu by name and with WithPluginDownload"},
		{"none of any name", "", "xla", "xla: no such PJRT plugin is installed: ask for xla by name and with WithPluginDownload"},
		{"none that could be downloaded", "", "xla:abacus", "xla:abacus: no such PJRT plugin is installed: name one by its path"},
		{"not a library", "no library", "xla:cpu", "xla:cpu: the PJRT plugin " + file + " cannot be loaded: "},
		{"not a library, by its path", "no library", "xla:" + file, "xla:" + file + ": "},
	}
	for _, tt := range tests {
		t.Run(tt.label, func(t *testing.T) {
			if tt.content != "" {
				if err := os.WriteFile(file, []byte(tt.content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()[:strings.Index(t.Name(), "/")]+"$", "-test.v")
			cmd.Env = append(os.Environ(), caseEnv+"="+tt.open, pjrt.PJRTPluginPathsEnv+"="+folder)
			out, err := cmd.CombinedOutput()
			if err != nil || !strings.Contains(string(out), ": "+tt.want) {
				t.Errorf("%v; want %q in:\n%s", err, tt.want, out)
			}
		})
	}
}
