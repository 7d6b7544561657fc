package main

import (
	"bytes"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet/examples/internal/program"
	"github.com/google/go-cmp/cmp"
)

// TestMistakes has one clear line and exit status 1 for everything that a user can get wrong.
func TestMistakes(t *testing.T) {
	file := write(t, namedContent{"file", nil})[0]
	other := write(t, namedContent{"style.css", nil})[0]
	taken, err := net.Listen("tcp", "localhost:0")
	check(t, err)
	defer taken.Close()
	for _, test := range []struct {
		name string
		args []string
		want string // in the line
	}{
		{"nothing", nil, "nothing to do: need -serve to try the page, or -out and a folder for its files"},
		{"several", []string{"-addr", "8080"}, "nothing to do"},
		{"no port", []string{"-serve", "-addr", "8080"}, "-addr 8080: need a host and a port, as in localhost:8080"},
		{"an argument", []string{"-serve", "folder"}, `unexpected argument "folder"`},
		{"an address that is taken, and nothing built for it", []string{"-serve", "-addr", taken.Addr().String()}, "-addr: listen tcp"},
		{"an address without a server", []string{"-out", "x", "-addr", ":9"}, "-addr :9: need -serve, to serve the page there"},
		{"a folder with another page", []string{"-out", filepath.Dir(other)}, "its style.css is not of this page, and would be lost: name another folder"},
		{"a file for a folder", []string{"-out", file}, "-out: "},
	} {
		t.Run(test.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			status := run(t.Context(), test.args, &stdout, &stderr)
			if status != program.ExitFailed || stdout.Len() > 0 {
				t.Errorf("exit status %d, stdout %q", status, &stdout)
			}
			if text := stderr.String(); strings.Count(text, "\n") != 1 || !strings.HasPrefix(text, "browser: ") || !strings.Contains(text, test.want) {
				t.Errorf("stderr is not one line about %s:\n%s", test.want, text)
			}
		})
	}
}

func TestNoTool(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := build(t.Context(), t.TempDir())
	if !errors.Is(err, errTool) || !strings.Contains(err.Error(), "there is no go command: install Go") {
		t.Errorf("error %v", err)
	}
}

func TestNoSupport(t *testing.T) {
	root := t.TempDir()
	_, err := readSupport(root)
	if !errors.Is(err, errTool) || !strings.Contains(err.Error(), filepath.Join(root, "lib", "wasm", supportFile)+" is missing") {
		t.Errorf("error %v", err)
	}
}

// The page needs nothing but the files beside it.
func TestFiles(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: it builds a program for WebAssembly")
	}
	folder, err := built()
	check(t, err)
	entries, err := os.ReadDir(folder)
	check(t, err)
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	want := []string{"card.js", "classifier.js", "classify.wasm", "index.html", "missing.js", "page.js", "style.css", "wasm_exec.js", "worker.js"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	for _, name := range slices.DeleteFunc(names, func(name string) bool { return name == programFile || name == supportFile }) {
		content, err := os.ReadFile(filepath.Join(folder, name))
		check(t, err)
		if bytes.Contains(content, []byte("http:")) || bytes.Contains(content, []byte("https:")) || bytes.Contains(content, []byte("{{")) {
			t.Errorf("%s names another site, or is a template still:\n%s", name, content)
		}
	}
}

// TestServe asks for the program, for what is not there, and for what is, but is not of the page.
func TestServe(t *testing.T) {
	url := site(t, nil)
	hidden := filepath.Join(folder, ".git", "config")
	check(t, os.MkdirAll(filepath.Dir(hidden), 0o700))
	defer os.RemoveAll(filepath.Dir(hidden))
	check(t, os.WriteFile(hidden, []byte("secret"), 0o600))
	for path, want := range map[string]struct {
		status int
		kind   string
	}{
		"/":              {http.StatusOK, "text/html; charset=utf-8"},
		"/classify.wasm": {http.StatusOK, "application/wasm"},
		"/worker.js":     {http.StatusOK, "text/javascript; charset=utf-8"},
		"/else":          {http.StatusNotFound, "text/plain; charset=utf-8"},
		"/.git/config":   {http.StatusNotFound, "text/plain; charset=utf-8"},
		"/.git/":         {http.StatusNotFound, "text/plain; charset=utf-8"},
	} {
		response, err := http.Get(url + path)
		check(t, err)
		response.Body.Close()
		if kind := response.Header.Get("Content-Type"); response.StatusCode != want.status || kind != want.kind {
			t.Errorf("%s: status %d and %s, want %+v", path, response.StatusCode, kind, want)
		}
		if got := response.Header.Get("Content-Security-Policy"); got != policy {
			t.Errorf("%s: policy %q", path, got)
		}
	}
}
