package engine

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/fastresnet/fastresnet/internal/purego"
	"github.com/gomlx/compute"
	_ "github.com/gomlx/compute/gobackend" // registers "go"
)

// ErrBackend is wrapped by the errors of [Open]: a backend that does not exist or cannot be had here.
var ErrBackend = errors.New("backend not available")

// Device is an open backend and what is known of it.
type Device struct {
	// Name is the backend as a user would ask for it: "go", "xla:cuda", "xla:/path/to/plugin.so".
	Name string
	// Description names the hardware or the plugin, for people.
	Description string
	// GPU says whether it computes on an NVIDIA GPU.
	GPU bool
	// PassedOver says, for an automatic choice, why each better backend was not taken.
	PassedOver []string
	// Plugin is XLA's; zero for other backends.
	Plugin Plugin
	// Units describes each of the devices that the backend sees. The first ones are used, see [Device.Use].
	Units []string

	backend compute.Backend
	units   int // in use
	// compiling is what compiling for the device has taken so far, in nanoseconds.
	compiling atomic.Int64
}

// Plugin is a PJRT plugin that has been loaded.
type Plugin struct {
	Name, Path string
	// Version is that of the PJRT interface that it offers, such as "0.90".
	Version string
}

// Automatic are the backends that "auto" tries, the best first, where GOMLX_BACKEND does not name one. On a CPU pure Go
// trains two to three times as fast as XLA's plugin (BENCHMARKS.md), which is there to be asked for.
var Automatic = []string{"xla:cuda", "go"}

// Opening is how a backend is opened.
type Opening struct {
	// Download lets a plugin that is missing be downloaded.
	Download bool
	// AutotuneCache is a folder where XLA keeps its choices for a GPU from one process to the next; "" for none.
	AutotuneCache string
}

// Open opens the named backend: "go", "xla" (any plugin), "xla:cuda", "xla:cpu", "xla:" and the absolute
// path of a PJRT plugin, or whatever a program has registered with GoMLX, with GoMLX's options behind it.
// "auto" and "" take the environment's GOMLX_BACKEND if that is set, and otherwise the first of xla:cuda
// and go that can be had. With Download, a plugin that is missing is first downloaded to where
// GoMLX keeps them, if it was asked for by name or there is an NVIDIA GPU.
//
// Errors wrap [ErrBackend].
func Open(name string, o Opening) (*Device, error) {
	if name != "" && name != "auto" {
		return open(name, o)
	}
	if env := os.Getenv(compute.ConfigEnvVar); env != "" {
		d, err := open(env, o)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", compute.ConfigEnvVar, err)
		}
		return d, nil
	}
	var passedOver []string
	var err error
	for _, candidate := range Automatic {
		var d *Device
		how := o
		how.Download = o.Download && candidate == "xla:cuda"
		if d, err = open(candidate, how); err == nil {
			d.PassedOver = passedOver
			return d, nil
		}
		passedOver = append(passedOver, Reason(err))
	}
	return nil, err
}

// Reason is the text of an error of [Open] without that of [ErrBackend].
func Reason(err error) string { return strings.TrimPrefix(err.Error(), ErrBackend.Error()+": ") }

func open(name string, o Opening) (*Device, error) {
	kind, config, _ := strings.Cut(name, ":")
	switch kind {
	case "go":
		return openGo(config)
	case "xla", "stablehlo", "hlo", "shlo":
		return openXLA(config, o)
	}
	if !slices.Contains(compute.List(), kind) {
		return nil, fmt.Errorf(`%w: %q is unknown, want "auto", "go", "xla:cuda", "xla:cpu" or "xla:/path/to/plugin.so"`, ErrBackend, name)
	}
	backend, err := compute.NewWithConfig(name)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrBackend, name, err)
	}
	description := backend.Description()
	return &Device{Name: name, Description: description, Units: []string{description}, backend: backend, units: 1}, nil
}

// openGo opens GoMLX's pure-Go backend with its operations in sequence. By default it runs independent
// operations at once, each holding a worker while it waits for workers of its own: enough large matrix
// products in one graph then wait for each other for ever. (To propose upstream: a node that waits
// should give its worker back.)
func openGo(config string) (*Device, error) {
	if !strings.Contains(config, "ops_") {
		config = strings.Trim(config+",ops_sequential", ",")
	}
	backend, err := compute.NewWithConfig("go:" + config)
	if err != nil {
		return nil, fmt.Errorf("%w: go: %w", ErrBackend, err)
	}
	description := "CPU, pure Go, " + purego.Kernels() + " kernels"
	return &Device{Name: "go", Description: description, Units: []string{description}, backend: backend, units: 1}, nil
}

// Use has the first n of the units work together, each on its part of a batch. By default the first works alone.
// The error wraps [ErrBackend] if there are fewer.
func (d *Device) Use(n int) error {
	if n > len(d.Units) {
		return fmt.Errorf("%w: %s has %d of the %d devices that are wanted: %s", ErrBackend, d.Name, len(d.Units), n, strings.Join(d.Units, ", "))
	}
	d.units = n
	return nil
}

// Close frees the device. Nothing made from it may be used afterwards.
func (d *Device) Close() { d.backend.Finalize() }

// PureGo says whether this is GoMLX's pure-Go backend, whose buffers are plain Go memory.
func (d *Device) PureGo() bool { return d.Name == "go" }
