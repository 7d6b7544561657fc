package main

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/template"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/scripts/internal/programs"
)

// card is a GPU: what it can do at most, in a second.
type card struct {
	Name     string
	Capacity float64 // of its memory, bytes
	Memory   float64 // bytes
	Products float64 // floating point operations of matrix products in bfloat16: of a large one, measured
}

var (
	h100 = card{"NVIDIA H100 80GB HBM3", 84942979072, 3.35232e12, 790e12}
	h200 = card{"NVIDIA H200 141GB HBM3e", 151397597184, 4.8e12, 790e12}
)

// file is how a card is called in the names of files.
func (c card) file() string { return strings.ReplaceAll(c.Name, " ", "-") }

//go:embed hopper.txtpb
var hopper string

//go:embed compile.py
var compilePy string

// pluginEnv names the environment variable by which a process is told to emit a program.
const pluginEnv = "FASTRESNET_EMIT_PLUGIN"

// maxDevices is how many devices the plugin for CPUs shows.
const maxDevices = 4

// compiler has programs compiled by the CUDA plugin of JAX.
type compiler struct {
	python, versions, folder, plugin string
	kept                             bool
}

func newCompiler(python, keep string) (c *compiler, err error) {
	if python == "" {
		if python, err = install(); err != nil {
			return nil, err
		}
	}
	c = &compiler{python: python, folder: keep, kept: keep != ""}
	if c.versions, err = programs.Output(nil, python, "-c", "import jax, jaxlib; print('jax', jax.__version__)"); err != nil {
		return nil, err
	}
	cpu, err := programs.Output(nil, python, "-c", "import importlib.util as u, pathlib; print(next(pathlib.Path(u.find_spec('xla_plugins').submodule_search_locations[0]).glob('*/*.so')))")
	if err != nil {
		return nil, err
	}
	if keep == "" {
		if c.folder, err = os.MkdirTemp("", "gpu-compile"); err != nil {
			return nil, err
		}
	}
	if c.folder, err = filepath.Abs(c.folder); err != nil {
		return nil, err
	}
	// GoMLX tells plugins by their paths, and writes other programs for NVIDIA's: cuda, and no cpu, must be in it.
	c.plugin = filepath.Join(c.folder, "cuda", "plugin.so")
	if err := os.MkdirAll(filepath.Dir(c.plugin), 0o777); err != nil {
		return nil, err
	}
	if err := os.Symlink(cpu, c.plugin); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, err
	}
	return c, os.WriteFile(filepath.Join(c.folder, "compile.py"), []byte(compilePy), 0o666)
}

func (c *compiler) close() error {
	if c.kept {
		return nil
	}
	return os.RemoveAll(c.folder)
}

// program compiles and counts a recipe's program.
func (c *compiler) program(on card, r fastresnet.Recipe, program string, devices int) (p compiled, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("%s of %s for %s: %w", program, r.Name, on.Name, err)
		}
	}()
	self, err := os.Executable()
	if err != nil {
		return p, err
	}
	name := filepath.Join(c.folder, fmt.Sprintf("%s-%s-%d-%s", r.Name, program, devices, on.file()))
	shown := min(devices, maxDevices)
	if _, err := programs.Output([]string{pluginEnv + "=" + c.plugin}, self, r.Name, program, strconv.Itoa(shown), name+".mlir"); err != nil {
		return p, err
	}
	if shown < devices { // the mesh is all that says how many there are
		if err := replace(name+".mlir", fmt.Sprintf(`["units"=%d]`, shown), fmt.Sprintf(`["units"=%d]`, devices)); err != nil {
			return p, err
		}
	}
	var target bytes.Buffer
	if err := template.Must(template.New("").Parse(hopper)).Execute(&target, on); err != nil {
		return p, err
	}
	targetFile := filepath.Join(c.folder, on.file()+".txtpb")
	if err := os.WriteFile(targetFile, target.Bytes(), 0o666); err != nil {
		return p, err
	}
	memory, err := programs.Output(nil, c.python, filepath.Join(c.folder, "compile.py"), targetFile, strconv.Itoa(devices), name+".mlir", name+".hlo")
	if err != nil {
		return p, err
	}
	if _, err := fmt.Sscan(memory, &p.arguments, &p.results, &p.temporary); err != nil {
		return p, err
	}
	text, err := os.ReadFile(name + ".hlo")
	if err != nil {
		return p, err
	}
	m, err := parse(string(text))
	if err != nil {
		return p, err
	}
	p.counts, p.all, err = on.count(m)
	return p, err
}

// replace replaces a text in a file, where it must be.
func replace(file, old, with string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if !bytes.Contains(text, []byte(old)) {
		return fmt.Errorf("%s has no %s", file, old)
	}
	return os.WriteFile(file, bytes.ReplaceAll(text, []byte(old), []byte(with)), 0o666)
}

// install is the Python of a virtual environment with JAX and its CUDA plugin, and XLA's plugin for CPUs.
func install() (string, error) {
	return programs.Python("gpu-compile", newPython, "jax[cuda13]==0.12.0.1", "xla-cpu-pjrt==0.0.1")
}

// newPython is a Python of this machine that is new enough for JAX.
func newPython() (string, error) {
	names := []string{"python3", "python3.14", "python3.13", "python3.12"}
	for _, name := range names {
		if _, err := programs.Output(nil, name, "-c", "import sys; sys.exit(sys.version_info < (3, 12))"); err == nil {
			return name, nil
		}
	}
	return "", fmt.Errorf("JAX needs Python 3.12 or later, and none of %s in PATH is one that runs (with pyenv, PYENV_VERSION names which does)", strings.Join(names, ", "))
}
