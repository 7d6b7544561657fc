package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The name of a folder, and so of a class, does not steer the terminal.
func TestClassesArePrintable(t *testing.T) {
	folder := draw(t, 20, "disc", "cross")
	if err := os.Rename(filepath.Join(folder, "disc"), filepath.Join(folder, "\x1b[2J")); err != nil {
		t.Skip(err)
	}
	var out bytes.Buffer
	s, err := parse([]string{"-train", folder}, &out)
	if err == nil {
		_, _, err = s.read(t.Context(), &out, &out)
	}
	if err != nil {
		t.Fatal(err)
	}
	if text := out.String(); strings.Contains(text, "\x1b[2J") || !strings.Contains(text, `  "\x1b[2J": 10 pictures`) {
		t.Errorf("%q", text)
	}
}
