package atomicfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// content is what a folder holds: text by name.
func content(t *testing.T, folder string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(folder, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = string(text)
	}
	return files
}

func text(s string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, s)
		return err
	}
}

func TestWrite(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "file")
	long := strings.Repeat("long", buffered)
	for _, want := range []string{"first", "", long, "last"} {
		if err := Write(path, text(want)); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[string]string{"file": want}, content(t, folder)); diff != "" {
			t.Fatalf("the folder (-want +got):\n%.500s", diff)
		}
	}
}

func TestWriteTakesOverPermissions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := Write(path, text("new")); err != nil {
		t.Fatal(err)
	}
	after, err := os.Stat(path)
	if err != nil || after.Mode() != before.Mode() {
		t.Errorf("mode %v, %v; want %v", after.Mode(), err, before.Mode())
	}
}

func TestWriteFollowsLinks(t *testing.T) {
	tests := []struct {
		label string
		there string            // the file that is there; "" for none
		links map[string]string // targets by name
		want  string            // the file that is written; "" for an error
	}{
		{"to a file", "elsewhere/file", map[string]string{"link": "elsewhere/file"}, "elsewhere/file"},
		{"to a file that is not there", "", map[string]string{"link": "elsewhere/file"}, "elsewhere/file"},
		{"to a link to a file that is not there", "", map[string]string{"link": "elsewhere/link", "elsewhere/link": "../file"}, "file"},
		{"through a link to a folder", "", map[string]string{"link": "folder/link", "folder": "elsewhere/deep", "elsewhere/deep/link": "../file"}, "elsewhere/file"},
		{"to a folder that is not there", "", map[string]string{"link": "missing/file"}, ""},
		{"in a circle", "", map[string]string{"link": "other", "other": "link"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.label, func(t *testing.T) {
			root := t.TempDir()
			in := func(name string) string { return filepath.Join(root, filepath.FromSlash(name)) }
			if err := os.MkdirAll(in("elsewhere/deep"), 0o777); err != nil {
				t.Fatal(err)
			}
			for name, target := range tt.links {
				if err := os.Symlink(filepath.FromSlash(target), in(name)); err != nil {
					t.Skip("no symbolic links here:", err)
				}
			}
			if tt.there != "" {
				if err := os.WriteFile(in(tt.there), []byte("old"), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			err := Write(in("link"), text("new"))
			if (err == nil) != (tt.want != "") {
				t.Fatalf("error %v, want one: %t", err, tt.want == "")
			}
			if info, err := os.Lstat(in("link")); err != nil || info.Mode()&fs.ModeSymlink == 0 {
				t.Errorf("the link is now %v, %v", info, err)
			}
			if tt.want == "" {
				return
			}
			if info, err := os.Lstat(in(tt.want)); err != nil || !info.Mode().IsRegular() {
				t.Errorf("%s is %v, %v", tt.want, info, err)
			}
			if got, err := os.ReadFile(in(tt.want)); err != nil || string(got) != "new" {
				t.Errorf("%s holds %q, %v", tt.want, got, err)
			}
		})
	}
}

// failing fails where its fields are set. A full disk takes a part of a write.
type failing struct {
	file        *os.File // not embedded: it has more ways to write
	room        int      // bytes, if full
	full        bool
	sync, close error
}

func (f *failing) Write(p []byte) (int, error) {
	if !f.full || len(p) <= f.room {
		f.room -= len(p)
		return f.file.Write(p)
	}
	n, _ := f.file.Write(p[:f.room])
	f.room = 0
	return n, syscall.ENOSPC
}

func (f *failing) Sync() error {
	if f.sync != nil {
		return f.sync
	}
	return f.file.Sync()
}

func (f *failing) Close() error {
	err := f.file.Close()
	if f.close != nil {
		return f.close
	}
	return err
}

func TestFailedWriteChangesNothing(t *testing.T) {
	callback := errors.New("the callback's error")
	tests := []struct {
		label   string
		write   func(io.Writer) error
		failing failing
		want    error
		text    string
	}{
		{"callback", func(w io.Writer) error { return errors.Join(text("part")(w), callback) }, failing{}, callback, "callback's"},
		{"disk full at once", text("new"), failing{full: true}, syscall.ENOSPC, "temporary file"},
		{"disk full later", text(strings.Repeat("new", buffered)), failing{full: true, room: buffered + 5}, syscall.ENOSPC, "file"},
		{"disk full that the callback ignores", func(w io.Writer) error { text(strings.Repeat("new", buffered))(w); return nil },
			failing{full: true}, syscall.ENOSPC, "temporary file"},
		{"flush", text("new"), failing{sync: syscall.EIO}, syscall.EIO, "flushing to the disk"},
		{"close", text("new"), failing{close: syscall.EIO}, syscall.EIO, "closing"},
	}
	for _, there := range []map[string]string{{}, {"file": "old"}} {
		for _, tt := range tests {
			t.Run(tt.label, func(t *testing.T) {
				folder := t.TempDir()
				path := filepath.Join(folder, "file")
				for _, old := range there {
					if err := os.WriteFile(path, []byte(old), 0o666); err != nil {
						t.Fatal(err)
					}
				}
				through := tt.failing
				err := replace(path, tt.write, func(f *os.File) file { through.file = f; return &through })
				if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), tt.text) {
					t.Errorf("error %v, want %v about %s that says %q", err, tt.want, path, tt.text)
				}
				if diff := cmp.Diff(there, content(t, folder)); diff != "" {
					t.Errorf("the folder (-before +after):\n%s", diff)
				}
			})
		}
	}
}

func TestPanicLeavesNothing(t *testing.T) {
	folder := t.TempDir()
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the callback's panic did not come through")
			}
		}()
		Write(filepath.Join(folder, "file"), func(io.Writer) error { panic("no") })
	}()
	if diff := cmp.Diff(map[string]string{}, content(t, folder)); diff != "" {
		t.Errorf("the folder (-before +after):\n%s", diff)
	}
}

func TestWriteWhereNoFileCanBe(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "file"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ label, path, want string }{
		{"a folder that is missing", filepath.Join(folder, "missing", "file"), "missing"},
		{"a folder that is a file", filepath.Join(folder, "file", "file"), "file"},
		{"a folder itself", folder, "not a regular file"},
		{"a device", os.DevNull, "not a regular file"},
	}
	for _, tt := range tests {
		t.Run(tt.label, func(t *testing.T) {
			called := false
			err := Write(tt.path, func(io.Writer) error { called = true; return nil })
			if err == nil || !strings.Contains(err.Error(), tt.want) || called {
				t.Errorf("error %v, called %v; want one that says %q before anything is written", err, called, tt.want)
			}
		})
	}
}

func TestWriteToAFolderThatCannotBeWritten(t *testing.T) {
	if os.Getuid() <= 0 {
		t.Skip("root, and whoever is on Windows, writes to any folder")
	}
	folder := t.TempDir()
	path := filepath.Join(folder, "file")
	if err := os.WriteFile(path, []byte("old"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(folder, 0o555); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(folder, 0o755) }) // or nobody could remove it
	if err := Write(path, text("new")); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("error %v, want fs.ErrPermission", err)
	}
	if diff := cmp.Diff(map[string]string{"file": "old"}, content(t, folder)); diff != "" {
		t.Errorf("the folder (-before +after):\n%s", diff)
	}
}
