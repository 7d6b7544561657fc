package programs

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// Python returns the Python of a virtual environment that has packages from PyPI, in a folder of the user's cache folder. It is
// made by the Python that system names, unless it is there. A file in it says that the packages are installed: what was
// interrupted goes on.
func Python(name string, system func() (string, error), packages ...string) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	folder := filepath.Join(cache, "fastresnet", name)
	python := filepath.Join(folder, "bin", "python")
	if runtime.GOOS == "windows" {
		python = filepath.Join(folder, "Scripts", "python.exe")
	}
	marker, installed := filepath.Join(folder, "installed"), strings.Join(packages, "\n")+"\n"
	_, missing := os.Stat(python)
	if text, err := os.ReadFile(marker); err == nil && missing == nil && string(text) == installed {
		return python, nil
	}
	if _, err := Output(nil, python, "-m", "pip", "--version"); err != nil { // there is none, or half of one
		from, err := system()
		if err != nil {
			return "", err
		}
		if _, err := Output(nil, from, "-m", "venv", "--clear", folder); err != nil {
			return "", err
		}
	}
	if _, err := Output(nil, python, slices.Concat([]string{"-m", "pip", "install", "-q"}, packages)...); err != nil {
		return "", err
	}
	return python, os.WriteFile(marker, []byte(installed), 0o666)
}
