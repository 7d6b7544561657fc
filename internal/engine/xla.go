//go:build cgo && ((linux && (amd64 || arm64)) || (darwin && arm64) || (windows && amd64))

package engine

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/gomlx/go-xla/compute/xla"
	"github.com/gomlx/go-xla/installer"
	"github.com/gomlx/go-xla/pjrt"
)

// xlaMu guards go-xla's package state: whether it downloads plugins, and standard error, which it
// swaps while a client starts.
var xlaMu sync.Mutex

// openXLA opens a PJRT plugin by name ("cuda", "cpu", "" for the first there is) or absolute path, with
// GoMLX's options after a comma.
func openXLA(config string, download bool) (*Device, error) {
	xlaMu.Lock()
	defer xlaMu.Unlock()
	xla.EnableAutoInstall(false)

	plugin, _, _ := strings.Cut(config, ",")
	name := strings.TrimSuffix("xla:"+plugin, ":")
	if err := findPlugin(plugin, download); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrBackend, name, err)
	}
	backend, err := xla.NewWithOptions(config, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrBackend, name, explain(err))
	}
	d := &Device{Name: name, GPU: isCUDA(backend.PluginName()), backend: backend}
	d.Description = fmt.Sprintf("%s, plugin %s", backend.DeviceDescription(0), filepath.Base(backend.PluginName()))
	return d, nil
}

// findPlugin checks that a plugin is there before go-xla is asked for it, for a clearer error.
func findPlugin(plugin string, download bool) error {
	if filepath.IsAbs(plugin) {
		_, err := os.Stat(plugin)
		return err
	}
	if strings.ContainsAny(plugin, `/\.`) {
		return fmt.Errorf("the path of a plugin must be absolute")
	}
	if isCUDA(plugin) && !installer.HasNvidiaGPU() {
		return fmt.Errorf("no NVIDIA GPU was found")
	}
	known := plugin == "" || plugin == "cpu" || isCUDA(plugin)
	if !installed(plugin) && known && download {
		if err := installer.AutoInstall("", true, installer.Quiet); err != nil {
			return fmt.Errorf("downloading the PJRT plugin: %w", err)
		}
	}
	if !installed(plugin) {
		return fmt.Errorf("no such PJRT plugin is installed")
	}
	return nil
}

func installed(plugin string) bool {
	for name := range pjrt.AvailablePlugins() {
		if plugin == "" || name == plugin || strings.HasPrefix(name, plugin+"_v") {
			return true
		}
	}
	return false
}

// isCUDA tells by its file name whether a plugin computes on NVIDIA GPUs.
func isCUDA(plugin string) bool { return pjrt.IsCUDAName(filepath.Base(plugin)) }
