package main

import (
	"context"
	"os"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/fastresnet/fastresnet/internal/nvidia"
)

// machine is the hardware, as far as the system tells. What is not known is empty.
type machine struct {
	System string `json:"system"` // as Go names it: linux/amd64
	CPU    string `json:"cpu"`
	Cores  int    `json:"cores"`
	GPU    string `json:"gpu,omitempty"` // of the first card
	Driver string `json:"driver,omitempty"`
}

func thisMachine(ctx context.Context) machine {
	m := machine{System: runtime.GOOS + "/" + runtime.GOARCH, Cores: runtime.NumCPU()}
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		m.CPU = cpuModel(string(text))
	}
	if s := nvidia.Read(ctx); len(s.GPUs) > 0 {
		m.GPU, m.Driver = s.GPUs[0].Name, s.Driver
	}
	return m
}

// cpuModel is the first processor's in the text of /proc/cpuinfo.
func cpuModel(text string) string {
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// versions are the versions of the program's parts, by name; its own is the commit that it was built from.
func versions() map[string]string {
	v := map[string]string{"go": strings.TrimPrefix(runtime.Version(), "go")}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	for _, module := range info.Deps {
		switch name := strings.TrimPrefix(module.Path, "github.com/gomlx/"); name {
		case "gomlx", "compute", "go-xla":
			v[name] = strings.TrimPrefix(module.Version, "v")
		}
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	if commit := settings["vcs.revision"]; commit != "" {
		v["fastresnet"] = commit[:min(12, len(commit))]
		if settings["vcs.modified"] == "true" {
			v["fastresnet"] += ", changed"
		}
	}
	return v
}
