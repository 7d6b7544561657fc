package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const (
	programPackage = "github.com/fastresnet/fastresnet/examples/browser/wasm"
	programFile    = "classify.wasm"
	supportFile    = "wasm_exec.js" // Go's own, which belongs to the release that built the program
)

// errTool is wrapped when the go command is missing or fails.
var errTool = errors.New("the program cannot be built")

// build writes the page and its program into a folder. It returns the size of the program, which is written first: a folder
// that has it is one that this program may write over.
func build(ctx context.Context, folder string) (size int, err error) {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return 0, fmt.Errorf("-out: %w", err)
	}
	program := filepath.Join(folder, programFile)
	if _, err := os.Stat(program); errors.Is(err, fs.ErrNotExist) {
		for _, name := range fileNames() {
			if _, err := os.Lstat(filepath.Join(folder, name)); err == nil {
				return 0, fmt.Errorf("-out %s: its %s is not of this page, and would be lost: name another folder", folder, name)
			}
		}
	}
	root, err := tool(ctx, "env", "GOROOT")
	if err != nil {
		return 0, err
	}
	support, err := readSupport(strings.TrimSpace(root))
	if err != nil {
		return 0, err
	}
	// No names for debuggers, and no paths of this machine.
	if _, err := tool(ctx, "build", "-trimpath", "-ldflags=-s -w", "-o", program, programPackage); err != nil {
		return 0, err
	}
	if err := os.WriteFile(filepath.Join(folder, supportFile), support, 0o644); err != nil {
		return 0, err
	}
	info, err := os.Stat(program)
	if err != nil {
		return 0, err
	}
	return int(info.Size()), writePage(folder, int(info.Size()))
}

// tool runs the go command for WebAssembly and returns what it prints.
func tool(ctx context.Context, args ...string) (string, error) {
	command := exec.CommandContext(ctx, "go", args...)
	command.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm", "CGO_ENABLED=0")
	var problems bytes.Buffer
	command.Stderr = &problems
	out, err := command.Output()
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return "", fmt.Errorf("%w: there is no go command: install Go from https://go.dev/dl, or put its folder bin in PATH", errTool)
	case err != nil && problems.Len() > 0:
		return "", fmt.Errorf("%w: go %s: %s", errTool, args[0], strings.TrimSpace(problems.String()))
	case err != nil:
		return "", fmt.Errorf("%w: go %s: %w", errTool, args[0], err)
	}
	return string(out), nil
}

// readSupport reads what Go's programs need in a browser from Go's own folder.
func readSupport(root string) ([]byte, error) {
	from := filepath.Join(root, "lib", "wasm", supportFile)
	content, err := os.ReadFile(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s is missing: some packages of Go leave it out; install Go from https://go.dev/dl", errTool, from)
	}
	return content, err
}
