// Command gpu-compile compiles the programs of the recipes for NVIDIA's H100 and H200, without a GPU, and counts what they
// would make it do: the tables of BENCHMARKS.md.
//
//	go run ./scripts/gpu-compile [-recipes NAME,...] [-kernels N] [-python FILE] [-keep FOLDER]
//
// Times are estimates: each kernel takes as long as its bytes or its products do at least, whichever is longer, and nothing
// takes time between kernels. Nothing has been timed. Without -python it makes a virtual environment in the user's cache folder, with the CUDA
// plugin of JAX from PyPI (4.4 GB), which takes a Python of 3.12 or later.
//
// It exits with status 1 if a program has what it should not: a convolution in float32, arrays that are brought into
// another order (of more than 2 % of the bytes), or a scatter.
package main

import (
	"bytes"
	"cmp"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"github.com/fastresnet/fastresnet"
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

//go:embed hopper.txtpb
var hopper string

//go:embed compile.py
var compilePy string

func main() {
	log.SetFlags(0)
	recipes := flag.String("recipes", "", "recipes by name or number, separated by commas; default all")
	kernels := flag.Int("kernels", 0, "print the kernels of each training step that take the longest, this many")
	python := flag.String("python", "", "Python with JAX, its CUDA plugin, and xla-cpu-pjrt")
	keep := flag.String("keep", "", "keep the programs in this folder")
	flag.Parse()
	if err := run(*recipes, *kernels, *python, *keep); err != nil {
		log.Fatal(err)
	}
}

func run(names string, kernels int, python, keep string) error {
	if plugin := os.Getenv(pluginEnv); plugin != "" { // the process that emits a program
		a := flag.Args()
		devices, err := strconv.Atoi(a[2])
		if err != nil {
			return err
		}
		return emit(plugin, a[0], a[1], devices, a[3])
	}
	var recipes []fastresnet.Recipe
	for name := range strings.SplitSeq(names, ",") {
		if name == "" {
			recipes = fastresnet.Recipes()
			continue
		}
		r, err := fastresnet.RecipeByName(name)
		if err != nil {
			return err
		}
		recipes = append(recipes, r)
	}
	c, err := newCompiler(python, keep)
	if err != nil {
		return err
	}
	return errors.Join(c.tables(recipes, kernels), c.close())
}

// tables prints them all.
func (c *compiler) tables(recipes []fastresnet.Recipe, kernels int) error {
	var faults []error
	fmt.Printf("%s, %s; estimates, not timings\n\n", c.versions, strings.Join([]string{h200.Name, h100.Name}, " and "))
	fmt.Println("| training step | batch | kernels | convolutions | GFLOP | GB | reordered MB | device memory, MB | ms | images/s | a run, s | H100: ms |")
	fmt.Println("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
	var details strings.Builder
	for _, r := range recipes {
		at, err := c.program(h200, r, trainingStep, 1)
		if err != nil {
			return err
		}
		older, err := c.program(h100, r, trainingStep, 1)
		if err != nil {
			return err
		}
		steps := r.Epochs * (50_000 / r.BatchSize)
		fmt.Printf("| %s | %d | %d | %d | %.0f | %.2f | %d | %d | %.2f | %.0f | %.2f | %.2f |\n", r.Name, r.BatchSize, at.kernels, at.convolutions,
			float64(at.flops)/1e9, float64(at.bytes)/1e9, at.reorderedBytes/1e6, (at.arguments+at.results+at.temporary)/1e6, at.seconds*1e3,
			float64(r.BatchSize)/at.seconds, float64(steps)*at.seconds, older.seconds*1e3)
		faults = append(faults, at.faults(r.Name))
		at.describe(&details, r.Name, h200, kernels)
	}
	fmt.Println("\n| evaluation of a batch | kernels | convolutions | GFLOP | GB | ms |\n| --- | --- | --- | --- | --- | --- |")
	for _, r := range recipes {
		at, err := c.program(h200, r, evaluationStep, 1)
		if err != nil {
			return err
		}
		fmt.Printf("| %s | %d | %d | %.0f | %.2f | %.2f |\n", r.Name, at.kernels, at.convolutions, float64(at.flops)/1e9, float64(at.bytes)/1e9, at.seconds*1e3)
		faults = append(faults, at.faults(r.Name+", evaluation"))
	}
	fmt.Printf("\n| several devices, or steps in a loop | devices | steps | kernels | GB | ms a step | all-reduces | their MB |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n")
	for _, r := range recipes {
		if r.Name != fastresnet.ResNet9Epochs24().Name && r.Name != fastresnet.Airbench94Muon().Name {
			continue
		}
		for _, way := range []struct {
			program        string
			devices, steps int
		}{{trainingSteps, 1, loop}, {trainingStep, 2, 1}, {trainingStep, 8, 1}} {
			at, err := c.program(h200, r, way.program, way.devices)
			if err != nil {
				return err
			}
			fmt.Printf("| %s | %d | %d | %d | %.2f | %.2f | %d | %.1f |\n", r.Name, way.devices, way.steps, at.kernels, float64(at.bytes)/1e9,
				at.seconds*1e3/float64(way.steps), at.reduced, float64(at.reducedBytes)/1e6)
		}
	}
	fmt.Print(details.String())
	return errors.Join(faults...)
}

// compiled is a program as it was compiled for a card.
type compiled struct {
	counts
	all []kernel
	// arguments, results and temporary are the bytes that it needs on the device.
	arguments, results, temporary int64
}

// faults are what a program should not have.
func (p compiled) faults(name string) error {
	var all []error
	if p.scatters > 0 {
		all = append(all, fmt.Errorf("%s has %d scatters", name, p.scatters))
	}
	const tolerated = 0.02 // of all bytes: XLA turns the gradient of filters as large as their images into a convolution that reorders both
	if share := float64(p.reorderedBytes) / float64(p.bytes); share > tolerated {
		all = append(all, fmt.Errorf("%s reorders arrays, which takes %.0f %% of its bytes", name, 100*share))
	}
	for _, k := range p.all {
		if strings.HasPrefix(k.kind, "convolution") && strings.HasSuffix(k.kind, "float32") {
			all = append(all, fmt.Errorf("%s has a convolution in float32: %s", name, k.name))
		}
	}
	return errors.Join(all...)
}

// describe lists the kernels that take the longest, and the kinds of them all.
func (p compiled) describe(to *strings.Builder, name string, c card, n int) {
	if n == 0 {
		return
	}
	byKind := map[string]kernel{}
	for _, k := range p.all {
		sum := byKind[k.kind]
		byKind[k.kind] = kernel{kind: k.kind, times: sum.times + k.times, bytes: sum.bytes + k.bytes, flops: sum.flops + k.flops}
	}
	kinds := slices.SortedFunc(func(yield func(kernel) bool) {
		for _, k := range byKind {
			if !yield(k) {
				return
			}
		}
	}, func(a, b kernel) int { return cmp.Compare(c.seconds(b), c.seconds(a)) })
	fmt.Fprintf(to, "\n%s:\n", name)
	for _, k := range kinds {
		fmt.Fprintf(to, "%6d %-40s %9.1f MB %8.1f GFLOP\n", k.times, k.kind, float64(k.bytes)/1e6, float64(k.flops)/1e9)
	}
	longest := slices.SortedFunc(slices.Values(p.all), func(a, b kernel) int { return cmp.Compare(c.seconds(b), c.seconds(a)) })
	for _, k := range longest[:min(n, len(longest))] {
		fmt.Fprintf(to, "%6.1f us %-34s %-40s %9.1f MB %s%v\n", c.seconds(k)*1e6, k.kind, k.name, float64(k.bytes)/1e6, k.result.element, k.result.dims)
	}
}

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
	if c.versions, err = output(nil, python, "-c", "import jax, jaxlib; print('jax', jax.__version__)"); err != nil {
		return nil, err
	}
	cpu, err := output(nil, python, "-c", "import importlib.util as u, pathlib; print(next(pathlib.Path(u.find_spec('xla_plugins').submodule_search_locations[0]).glob('*/*.so')))")
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
	name := filepath.Join(c.folder, fmt.Sprintf("%s-%s-%d", r.Name, program, devices))
	shown := min(devices, maxDevices)
	if _, err := output([]string{pluginEnv + "=" + c.plugin}, self, r.Name, program, strconv.Itoa(shown), name+".mlir"); err != nil {
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
	targetFile := filepath.Join(c.folder, strings.ReplaceAll(on.Name, " ", "-")+".txtpb")
	if err := os.WriteFile(targetFile, target.Bytes(), 0o666); err != nil {
		return p, err
	}
	memory, err := output(nil, c.python, filepath.Join(c.folder, "compile.py"), targetFile, strconv.Itoa(devices), name+".mlir", name+".hlo")
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

// install makes a virtual environment, and returns its Python.
func install() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	folder := filepath.Join(cache, "fastresnet", "gpu-compile")
	python := filepath.Join(folder, "bin", "python")
	if _, err := os.Stat(python); err == nil {
		return python, nil
	}
	system := ""
	for _, name := range []string{"python3", "python3.14", "python3.13", "python3.12"} {
		if _, err := output(nil, name, "-c", "import sys; sys.exit(sys.version_info < (3, 12))"); err == nil {
			system = name
			break
		}
	}
	if system == "" {
		return "", errors.New("no Python of 3.12 or later in PATH")
	}
	if _, err := output(nil, system, "-m", "venv", folder); err != nil {
		return "", err
	}
	if _, err := output(nil, python, "-m", "pip", "install", "-q", "jax[cuda13]==0.12.0.1", "xla-cpu-pjrt==0.0.1"); err != nil {
		return "", errors.Join(err, os.RemoveAll(folder))
	}
	return python, nil
}

// output is what a program prints to standard output.
func output(environment []string, program string, arguments ...string) (string, error) {
	var stderr bytes.Buffer
	cmd := exec.Command(program, arguments...)
	cmd.Env, cmd.Stderr = append(os.Environ(), environment...), &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s", program, strings.Join(arguments, " "), err, stderr.String())
	}
	return strings.TrimSpace(string(out)), nil
}
