//go:build cgo && !noxla && ((linux && (amd64 || arm64)) || (darwin && arm64) || (windows && amd64))

package xla

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"

	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/internal/quiet"
	"github.com/gomlx/compute"
	"github.com/gomlx/go-xla/compute/xla"
	"github.com/gomlx/go-xla/pjrt"
)

// mu guards go-xla's package state: whether it downloads plugins, and standard error, which it
// swaps while a client starts.
var mu sync.Mutex

func init() { quiet.End() } // go-xla is initialised

func init() { engine.Register(open, "xla", "stablehlo", "hlo", "shlo") }

// open opens a PJRT plugin by name ("cuda", "cpu", "" for the first there is) or absolute path, with
// GoMLX's options after a comma.
func open(_, config string, o engine.Opening) (*engine.Device, error) {
	mu.Lock()
	defer mu.Unlock()
	xla.EnableAutoInstall(false)

	asked, options, _ := strings.Cut(config, ",")
	name := strings.TrimSuffix("xla:"+asked, ":")
	plugin, path, err := findPlugin(asked, o.Download)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", engine.ErrBackend, name, err)
	}
	// By its whole name or path, as go-xla guesses by that what it is. If it does not load, the next step says why.
	var cuda int64 // the plugin's version of CUDA, 13000 for 13.0; 0 if it has none, or does not say
	if p, err := load(plugin); err == nil && pjrt.IsCUDAName(plugin) {
		cuda, _ = p.Attributes()["cuda_version"].(int64)
		if err := keepAutotuning(p, o.AutotuneCache); err != nil {
			return nil, fmt.Errorf("%w: %s: autotuning's cache: %w", engine.ErrBackend, name, err)
		}
	}
	backend, err := xla.NewWithOptions(path+","+options, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", engine.ErrBackend, name, explainOpening(err, cuda))
	}
	d := opened(name, backend)
	device := backend.DeviceDescription(0)
	d.GPU = backend.IsCUDA() && !strings.Contains(device, "CPU") // a CPU's plugin may lie in a folder called cuda
	d.Description, d.Units = fmt.Sprintf("%s, plugin %s", device, filepath.Base(plugin)), nil
	for i := range backend.NumDevices() {
		d.Units = append(d.Units, backend.DeviceDescription(compute.DeviceNum(i)))
	}
	if p, err := pjrt.GetPlugin(path); err == nil { // it is loaded already
		major, minor := p.Version()
		d.Plugin = engine.Plugin{Name: p.Name(), Path: p.Path(), Version: fmt.Sprintf("%d.%d", major, minor)}
	}
	return d, nil
}
