package fastresnet

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/datafolder"
	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/internal/engine/cpu/kernels"
	"github.com/fastresnet/fastresnet/internal/nvidia"
)

// Diagnosis is what [Diagnose] finds: what a run on this machine would compute on, and what is in the way
// of a better one.
type Diagnosis struct {
	// GoVersion names the experiments that the program was built with, too: "go1.26.0-X:arenas".
	GoVersion string `json:"go_version"`
	OS        string `json:"os"`
	Arch      string `json:"arch"`
	// CPUs are as many as Go computes with at once: runtime.GOMAXPROCS.
	CPUs int `json:"cpus"`
	// XLA says whether this program was built with XLA, which needs cgo.
	XLA bool `json:"xla"`
	// Kernels are the instructions that the pure-Go backend computes with: "AVX-512", "AVX2", "NEON" or "scalar".
	Kernels string `json:"kernels"`

	// Backend is the one that "auto" takes; "" if it fails.
	Backend string `json:"backend"`
	// Backends are those that "auto" considers, in order; first the environment's GOMLX_BACKEND if that
	// names one, which is then the only one that it takes.
	Backends []BackendDiagnosis `json:"backends"`

	// Driver is the version of NVIDIA's driver, "" if none is known, and GPUs what its nvidia-smi lists.
	Driver string `json:"driver"`
	GPUs   []GPU  `json:"gpus"`
	// DriverProblem says why nvidia-smi, which is there, lists nothing.
	DriverProblem string `json:"driver_problem,omitempty"`

	// Environment holds the environment variables that change what happens here, of those that are set.
	Environment map[string]string `json:"environment"`

	// Data is where CIFAR-10 is; "" if it is not found, and DataProblem then says where to put it.
	Data        string `json:"data"`
	DataProblem string `json:"data_problem,omitempty"`
}

// BackendDiagnosis is whether a backend can be had here.
type BackendDiagnosis struct {
	// Name is as in [WithBackend].
	Name      string `json:"name"`
	Available bool   `json:"available"`
	// Problem says why it is not available, and what to do about it.
	Problem string `json:"problem,omitempty"`
	// Devices describes what it computes on; a run takes the first, or as many as [WithDevices] says.
	Devices []string `json:"devices,omitempty"`
	// Plugin and PluginVersion are the file that was loaded, and the version of its PJRT interface.
	Plugin        string `json:"plugin,omitempty"`
	PluginVersion string `json:"plugin_version,omitempty"`
}

// GPU is an NVIDIA GPU.
type GPU struct {
	Name string `json:"name"`
	// MemoryMiB is all of its memory, and UsedMiB what programs use of it now; 0 if unknown.
	MemoryMiB int `json:"memory_mib"`
	UsedMiB   int `json:"used_mib"`
}

// diagnosedVariables are the environment variables of [Diagnosis.Environment].
var diagnosedVariables = []string{
	"GOMLX_BACKEND", datafolder.Variable, "PJRT_PLUGIN_LIBRARY_PATH", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES",
	"XLA_FLAGS", "GOMAXPROCS",
}

// openPatience is how long a backend may take to open: many times what one with eight GPUs takes.
const openPatience = time.Minute

// Diagnose looks at what training needs on this machine, for people and for reports of faults. It trains
// nothing, downloads nothing and writes nothing. Each backend is opened, and closed at once, if what it needs
// is there: CUDA is left alone where there is no GPU. One that has not opened after a minute counts as
// not available, and those of XLA after it are not tried; once ctx, which may be nil, has ended, no further one is
// tried. Plugins that have been opened stay in memory.
//
// XLA ends the whole process over some faults, such as a flag in XLA_FLAGS that it does not know: a program
// that must survive them has a child of its own call Diagnose, as examples/doctor does. The backends named in
// leaveOut are not opened.
func Diagnose(ctx context.Context, leaveOut ...string) Diagnosis {
	if ctx == nil {
		ctx = context.Background()
	}
	ctx, stop := ending(ctx)
	defer stop()
	driver := nvidia.Read(ctx)
	d := Diagnosis{
		GoVersion: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH, CPUs: runtime.GOMAXPROCS(0),
		XLA: engine.Has("xla"), Kernels: kernels.Available()[0].Name,
		Driver: driver.Driver, GPUs: []GPU{}, Environment: map[string]string{},
	}
	switch {
	case driver.Problem != "" && ctx.Err() != nil:
		d.DriverProblem = fmt.Sprintf("nvidia-smi was stopped: %v", ctx.Err())
	case driver.Problem != "":
		d.DriverProblem = "nvidia-smi fails, as CUDA then does: restart the machine if the driver was updated or hangs, else install it again (" + driver.Problem + ")"
	}
	for _, g := range driver.GPUs {
		d.GPUs = append(d.GPUs, GPU(g))
	}
	for _, name := range diagnosedVariables {
		if value, ok := os.LookupEnv(name); ok {
			d.Environment[name] = value
		}
	}
	path, err := data.FindCIFAR10()
	if err != nil {
		d.DataProblem = err.Error()
	}
	d.Data = path

	names := engine.Automatic
	if named := d.named(); named != "" {
		names = append([]string{named}, slices.DeleteFunc(slices.Clone(names), func(s string) bool { return s == named })...)
	}
	stuck := "" // the backend that did not open
	for _, name := range names {
		b := BackendDiagnosis{Name: name}
		switch {
		case slices.Contains(leaveOut, name):
			b.Problem = "left out"
		case driver.Silent && name == "xla:cuda":
			b.Problem = "not tried, as nvidia-smi does not answer: restart the machine"
		case stuck != "" && strings.HasPrefix(name, "xla"):
			b.Problem = "not tried, as " + stuck + " is still opening"
		case !b.open(ctx):
			stuck = name
		}
		d.Backends = append(d.Backends, b)
	}
	d.Backend = d.automatic()
	return d
}

// ending is a context that ends when ctx does, until stop is called. It may be handed to other goroutines: whatever a
// caller's context does when it is asked, it does not do it there.
func ending(ctx context.Context) (own context.Context, stop context.CancelFunc) {
	own, stop = context.WithCancel(context.Background())
	ended := ctx.Done()
	select {
	case <-ended:
		stop()
	default:
		go func() {
			select {
			case <-ended:
				stop()
			case <-own.Done():
			}
		}()
	}
	return own, stop
}

// automatic is the backend that "auto" takes.
func (d Diagnosis) automatic() string {
	for _, b := range d.considered() {
		if b.Available {
			return b.Name
		}
	}
	return ""
}

// considered are the backends of which "auto" takes the first that is available.
func (d Diagnosis) considered() []BackendDiagnosis {
	if d.named() != "" {
		return d.Backends[:min(1, len(d.Backends))] // one that was read may have none
	}
	return d.Backends
}

// named is the backend that the environment names, "" for none.
func (d Diagnosis) named() string {
	name := d.Environment["GOMLX_BACKEND"]
	if name == "auto" {
		return ""
	}
	return name
}

// open tries the backend, and closes it. It reports false if it is still opening.
func (b *BackendDiagnosis) open(ctx context.Context) bool {
	if err := ctx.Err(); err != nil {
		b.Problem = fmt.Sprintf("not tried: %v", err)
		return true
	}
	done := make(chan BackendDiagnosis, 1)
	go func() { done <- opened(b.Name) }()
	waiting, cancel := context.WithTimeout(ctx, openPatience)
	defer cancel()
	start := time.Now()
	select {
	case *b = <-done:
		return true
	case <-waiting.Done():
		if err := ctx.Err(); err != nil {
			b.Problem = fmt.Sprintf("stopped: %v", err)
			return false
		}
		b.Problem = fmt.Sprintf("it has not opened after %.0f s: see whether nvidia-smi answers; a driver that hangs needs the machine restarted",
			time.Since(start).Seconds())
		return false
	}
}

// opened is a backend after it was opened and closed.
func opened(name string) (b BackendDiagnosis) {
	b.Name = name
	if err := b.inspect(); err != nil {
		return BackendDiagnosis{Name: name, Problem: strings.TrimPrefix(engine.Reason(err), name+": ")}
	}
	b.Available = true
	return b
}

func (b *BackendDiagnosis) inspect() (err error) {
	defer guard(&err)
	d, err := engine.Open(b.Name, engine.Opening{})
	if err != nil {
		return err
	}
	defer d.Close()
	b.Devices, b.Plugin, b.PluginVersion = d.Units, d.Plugin.Path, d.Plugin.Version
	return nil
}

// Problems says what is in the way of the best run that "auto" could make here, each with what to do about
// it. A missing CIFAR-10 is a problem only where FASTRESNET_DATA is set: otherwise only a run on CIFAR-10 needs it.
func (d Diagnosis) Problems() []string {
	var problems []string
	add := func(what, problem string) {
		if problem != "" {
			problems = append(problems, what+": "+problem)
		}
	}
	for _, b := range d.considered() {
		if b.Name == "xla:cuda" && !b.Available {
			add("NVIDIA's driver", cmp.Or(d.DriverProblem, d.hiddenGPUs()))
		}
		if b.Available {
			break
		}
		add(b.Name, b.Problem)
	}
	if named := d.named(); named != "" && d.Backend == "" {
		add("GOMLX_BACKEND", "it names "+named+", and so no other is taken: unset it, or have it name another backend")
	}
	if d.Backend == "go" && d.Arch == "amd64" && d.Kernels == "scalar" {
		add("pure Go", "its kernels are scalar, and many times slower than others: this CPU has neither AVX2 nor AVX-512")
	}
	if d.Environment[datafolder.Variable] != "" {
		add("data", d.DataProblem)
	}
	return problems
}

// hiddenGPUs notices a driver without GPUs.
func (d Diagnosis) hiddenGPUs() string {
	if d.Driver == "" || len(d.GPUs) > 0 {
		return ""
	}
	return "version " + d.Driver + " is there, but nvidia-smi lists no GPU: put it on the PATH, and run it to see why"
}
