//go:build cgo && !noxla && ((linux && (amd64 || arm64)) || (darwin && arm64) || (windows && amd64))

package xla

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/gomlx/go-xla/pjrt"
)

// autotuneFlag names the folder where XLA keeps what it has found to be the fastest way of each operation on a GPU.
const autotuneFlag, flagsEnv = "xla_gpu_per_fusion_autotune_cache_dir", "XLA_FLAGS"

// keepAutotuning has a plugin keep its choices below a folder, by the version of its interface, PJRT's, as XLA has none of its own;
// by device it does so itself. What XLA_FLAGS says already stays. XLA reads it once in a process, when the first client starts.
//
// An executable cannot be kept: go-xla does not write or read them. (To propose upstream.)
func keepAutotuning(plugin *pjrt.Plugin, folder string) error {
	flags := os.Getenv(flagsEnv)
	if folder == "" || strings.Contains(flags, autotuneFlag) {
		return nil
	}
	// XLA ends the process when it does not know a flag.
	if known, err := mentions(plugin.Path(), autotuneFlag); err != nil || !known {
		return err
	}
	major, minor := plugin.Version()
	folder, err := filepath.Abs(filepath.Join(folder, fmt.Sprintf("autotune-pjrt-%d.%d", major, minor)))
	if err != nil {
		return err
	}
	if strings.ContainsAny(folder, "\"' \t\n") {
		return fmt.Errorf("the folder %q has spaces or quotation marks in its path, which cannot be written in %s", folder, flagsEnv)
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	return os.Setenv(flagsEnv, strings.TrimSpace(flags+" --"+autotuneFlag+"="+folder))
}

// mentions says whether a file holds a text, at most a kilobyte of it.
func mentions(path, text string) (bool, error) {
	file, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer file.Close()
	const window, overlap = 1 << 20, 1 << 10
	r := bufio.NewReaderSize(file, window)
	for {
		part, err := r.Peek(window)
		if strings.Contains(string(part), text) {
			return true, nil
		}
		if errors.Is(err, io.EOF) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if _, err := r.Discard(window - overlap); err != nil {
			return false, err
		}
	}
}
