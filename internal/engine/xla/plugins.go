//go:build cgo && !noxla && ((linux && (amd64 || arm64)) || (darwin && arm64) || (windows && amd64))

package xla

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/gomlx/go-xla/compute/xla"
	"github.com/gomlx/go-xla/installer"
	"github.com/gomlx/go-xla/pjrt"
)

// findPlugin returns the whole name and the path of a plugin, which are one where it was asked for by its path. go-xla is not
// asked for it by name: it lists the plugins that there are once, and would know of none that is downloaded later.
func findPlugin(plugin string, download bool) (name, path string, err error) {
	if filepath.IsAbs(plugin) {
		if _, err := os.Stat(plugin); err != nil {
			return "", "", fmt.Errorf("%w: name the file of a PJRT plugin", err)
		}
		return plugin, plugin, nil
	}
	if strings.ContainsAny(plugin, `/\.`) {
		return "", "", errors.New("the path of a plugin must be absolute")
	}
	if isCUDA(plugin) && !installer.HasNvidiaGPU() {
		return "", "", errors.New(engine.NoGPU + ": it takes Linux on amd64 with NVIDIA's driver, whose nvidia-smi must list one; a container must be started with its GPUs (docker run --gpus all)")
	}
	known := plugin == "" || plugin == "cpu" || isCUDA(plugin)
	name, path, err = installed(plugin)
	if err == nil && path == "" && known && download {
		failure := install(plugin)
		if name, path, err = installed(plugin); path == "" && failure != nil {
			return "", "", fmt.Errorf("downloading the PJRT plugin: %w", failure)
		}
	}
	switch {
	case err != nil:
		return "", "", err
	case path != "":
		return name, path, nil
	case known && !download:
		return "", "", fmt.Errorf("no such PJRT plugin is installed: ask for %s by name and with WithPluginDownload to have it downloaded, or name one by its path, as in xla:/path/to/plugin.so", strings.TrimSuffix("xla:"+plugin, ":"))
	}
	return "", "", errors.New("no such PJRT plugin is installed: name one by its path, as in xla:/path/to/plugin.so")
}

// install downloads a plugin; all that the machine can use, if none is named.
func install(plugin string) error {
	switch {
	case plugin == "":
		return installer.AutoInstall("", true, installer.Quiet)
	case isCUDA(plugin):
		plugin = "cuda"
	}
	return installer.AutoInstallPlugin(plugin, "", true, installer.Quiet)
}

// installed returns the whole name, which may end in a version, and the path of a plugin that is there, or two empty texts.
// If none is named it is the first of those that go-xla prefers, or else of all.
func installed(plugin string) (name, path string, err error) {
	paths, err := available()
	names := slices.Sorted(maps.Keys(paths))
	wanted := []string{plugin}
	if plugin == "" {
		wanted = append(slices.Clone(xla.DefaultPlugins), names...)
	}
	for _, want := range wanted {
		for _, name := range names {
			if name == want || strings.HasPrefix(name, want+"_v") {
				return name, paths[name], nil
			}
		}
	}
	return "", "", err
}

// available are the paths of the plugins that go-xla finds, by name. It loads each to see whether it is one, and
// panics where one cannot be loaded. (To propose upstream: checkPlugin should heed the error of loadPlugin.)
func available() (paths map[string]string, err error) {
	defer func() {
		if recover() != nil {
			err = unloadable()
		}
	}()
	return pjrt.AvailablePlugins(), nil
}

// unloadable says which of the installed plugins cannot be loaded, and why.
func unloadable() error {
	for _, folder := range pluginFolders() {
		files, _ := filepath.Glob(filepath.Join(folder, "pjrt*plugin*"))
		for _, file := range files {
			if isCUDA(file) && !installer.HasNvidiaGPU() {
				continue // go-xla passes it over too
			}
			if _, err := pjrt.GetPlugin(file); err != nil {
				return fmt.Errorf("the PJRT plugin %s cannot be loaded: %w", file, explain(err))
			}
		}
	}
	return errors.New("one of the PJRT plugins on this machine cannot be loaded: name a good one by its path, as in xla:/path/to/plugin.so")
}

// pluginFolders are the usual ones of those where go-xla looks for plugins.
func pluginFolders() []string {
	if paths, ok := os.LookupEnv(pjrt.PJRTPluginPathsEnv); ok {
		return strings.Split(paths, ":")
	}
	var folders []string
	if home, err := installer.DefaultHomeLibPath(); err == nil {
		folders = append(folders, filepath.Join(home, "go-xla"), filepath.Join(home, "go-xla", "nvidia"))
	}
	folders = append(folders, "/usr/local/lib/go-xla", "/usr/local/lib/go-xla/nvidia")
	return append(folders, filepath.SplitList(os.Getenv("LD_LIBRARY_PATH"))...)
}

// load loads a plugin. go-xla warns on standard error where the folder of NVIDIA's libraries is not right beside a CUDA plugin's: in
// the packages of JAX it is one further up, where the plugin finds it well enough.
func load(plugin string) (*pjrt.Plugin, error) {
	const checks = "GOPJRT_CUDA_CHECKS"
	packages := filepath.Join(filepath.Dir(plugin), "..", "..", "nvidia")
	if _, set := os.LookupEnv(checks); !set && filepath.IsAbs(plugin) && isFolder(packages) {
		if err := os.Setenv(checks, "0"); err != nil {
			return nil, err
		}
		defer os.Unsetenv(checks)
	}
	return pjrt.GetPlugin(plugin)
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// isCUDA tells by its file name whether a plugin computes on NVIDIA GPUs.
func isCUDA(plugin string) bool { return pjrt.IsCUDAName(filepath.Base(plugin)) }
