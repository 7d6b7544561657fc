package programs

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// script stands for Python. It writes down what it is called for, makes environments of itself, and installs nothing where that
// is to fail.
const script = `#!/bin/sh
echo "$*" | sed "s|$XDG_CACHE_HOME|CACHE|" >>"$CALLS"
case $3 in
--clear) rm -rf "$4" && mkdir -p "$4/bin" && cp "$0" "$4/bin/python" ;;
install) [ -z "$OFFLINE" ] ;;
esac
`

func TestPython(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the cache folder is XDG_CACHE_HOME on Linux")
	}
	const (
		venv    = "-m venv --clear CACHE/fastresnet/peers"
		version = "-m pip --version"
		install = "-m pip install -q torch numpy"
	)
	for _, test := range []struct {
		name string
		// before is what is in the folder: the text of bin/python and of the file that says what is installed, "" for none.
		python, installed string
		offline           bool
		want              []string
	}{
		{"nothing is there", "", "", false, []string{venv, install}},
		{"all is there", script, "torch\nnumpy\n", false, nil},
		{"interrupted, or of an older version", script, "", false, []string{version, install}},
		{"other packages", script, "torch\n", false, []string{version, install}},
		{"half of an environment", "#!/bin/sh\nexit 1\n", "", false, []string{venv, install}},
		{"its Python is gone", "", "torch\nnumpy\n", false, []string{venv, install}},
		{"it fails", script, "", true, []string{version, install}},
	} {
		t.Run(test.name, func(t *testing.T) {
			cache := t.TempDir()
			calls, system := filepath.Join(cache, "calls"), filepath.Join(cache, "python3")
			folder := filepath.Join(cache, "fastresnet", "peers")
			for file, text := range map[string]string{
				calls: "", system: script, filepath.Join(folder, "bin", "python"): test.python, filepath.Join(folder, "installed"): test.installed,
			} {
				if text == "" && file != calls {
					continue
				}
				if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(text), 0o777); err != nil {
					t.Fatal(err)
				}
			}
			t.Setenv("XDG_CACHE_HOME", cache)
			t.Setenv("CALLS", calls)
			if test.offline {
				t.Setenv("OFFLINE", "yes")
			}
			call := func() (called []string) {
				python, err := Python("peers", func() (string, error) { return system, nil }, "torch", "numpy")
				if (err != nil) != test.offline {
					t.Fatal(err)
				}
				if want := filepath.Join(folder, "bin", "python"); err == nil && python != want {
					t.Errorf("%s, want %s", python, want)
				}
				text, err := os.ReadFile(calls)
				if err != nil {
					t.Fatal(err)
				}
				for line := range strings.Lines(string(text)) {
					called = append(called, strings.TrimSpace(line))
				}
				return called
			}
			if diff := cmp.Diff(test.want, call()); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
			if again := call(); len(again) > len(test.want) != test.offline {
				t.Errorf("once more, which did %q", again)
			}
		})
	}
}
