//go:build cgo && ((linux && (amd64 || arm64)) || (darwin && arm64))

package engine

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// A file that is no plugin is an error and nothing else, though go-xla logs it too.
func TestOpeningNoPluginIsQuiet(t *testing.T) {
	file := filepath.Join(t.TempDir(), "plugin.so")
	if err := os.WriteFile(file, []byte("not a library"), 0o600); err != nil {
		t.Fatal(err)
	}
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	stderr := os.Stderr
	os.Stderr = write
	_, openErr := Open("xla:"+file, false)
	os.Stderr = stderr
	write.Close()
	printed, err := io.ReadAll(read)
	if err != nil {
		t.Fatal(err)
	}
	if !errors.Is(openErr, ErrBackend) {
		t.Errorf("error %v, want ErrBackend", openErr)
	}
	if len(printed) > 0 {
		t.Errorf("printed %q", printed)
	}
}
