package results

import (
	"encoding/json"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFile(t *testing.T) {
	folder := t.TempDir()
	write := func(t *testing.T, name string) error {
		t.Helper()
		f, err := Open("json", name)
		if err != nil {
			return err
		}
		return f.WriteJSON(Run{Recipe: "r", TestAccuracy: Number(math.NaN())})
	}
	check := func(t *testing.T, name string) {
		t.Helper()
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var r Run
		if err := json.Unmarshal(text, &r); err != nil || r.Recipe != "r" || !math.IsNaN(float64(r.TestAccuracy)) {
			t.Errorf("the file holds %+v, %v", r, err)
		}
	}
	target := filepath.Join(folder, "out.json")

	t.Run("opening leaves nothing", func(t *testing.T) {
		if _, err := Open("json", target); err != nil {
			t.Fatal(err)
		}
		if entries, err := os.ReadDir(folder); err != nil || len(entries) != 0 {
			t.Errorf("in the folder: %v, %v", entries, err)
		}
	})
	t.Run("a new file, and the same again", func(t *testing.T) {
		for range 2 {
			if err := write(t, target); err != nil {
				t.Fatal(err)
			}
			check(t, target)
		}
	})
	t.Run("a link is followed", func(t *testing.T) {
		link := filepath.Join(t.TempDir(), "link.json")
		if err := os.Symlink(target, link); err != nil {
			t.Skip("no symbolic links here:", err)
		}
		if err := os.WriteFile(target, []byte("{}"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := write(t, link); err != nil {
			t.Fatal(err)
		}
		check(t, target)
		if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
			t.Errorf("the link is no longer one: %v, %v", info, err)
		}
	})
	t.Run("permissions stay", func(t *testing.T) {
		private := filepath.Join(t.TempDir(), "private.json")
		if err := os.WriteFile(private, []byte("{}"), 0o600); err != nil {
			t.Fatal(err)
		}
		before, err := os.Stat(private)
		if err != nil {
			t.Fatal(err)
		}
		if err := write(t, private); err != nil {
			t.Fatal(err)
		}
		if after, err := os.Stat(private); err != nil || after.Mode() != before.Mode() {
			t.Errorf("the mode is %v, %v, was %v", after.Mode(), err, before.Mode())
		}
	})
	t.Run("a device is written to", func(t *testing.T) {
		if err := write(t, os.DevNull); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(os.DevNull); err != nil || info.Mode().IsRegular() {
			t.Errorf("%s is a file now: %v, %v", os.DevNull, info, err)
		}
	})
	t.Run("standard output is written to, not replaced", func(t *testing.T) {
		for _, stream := range []**os.File{&os.Stdout, &os.Stderr} {
			notes := filepath.Join(t.TempDir(), "notes.md") // to which the shell has led it, with >>
			if err := os.WriteFile(notes, []byte("earlier\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			to, err := os.OpenFile(notes, os.O_WRONLY|os.O_APPEND, 0)
			if err != nil {
				t.Fatal(err)
			}
			usual := *stream
			*stream = to
			f, err := Open("markdown", notes)
			if err == nil {
				err = f.Write([]byte("text\n"))
			}
			*stream = usual
			if _, failed := to.WriteString("later\n"); errors.Join(err, failed, to.Close()) != nil {
				t.Error(err, failed)
			}
			if text, err := os.ReadFile(notes); string(text) != "earlier\ntext\nlater\n" || err != nil {
				t.Errorf("the file holds %q, %v", text, err)
			}
		}
	})
	t.Run("what is written is read", func(t *testing.T) {
		f, err := Open("json", target)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Write([]byte("text")); err != nil {
			t.Fatal(err)
		}
		if text, err := f.Read(); string(text) != "text" || err != nil {
			t.Errorf("Read = %q, %v", text, err)
		}
	})
	t.Run("what is not there reads as nil", func(t *testing.T) {
		for _, name := range []string{"", filepath.Join(folder, "absent.json")} {
			f, err := Open("json", name)
			if err != nil {
				t.Fatal(err)
			}
			if text, err := f.Read(); text != nil || err != nil {
				t.Errorf("%q: Read = %q, %v", name, text, err)
			}
		}
	})
	t.Run("a device is not read", func(t *testing.T) {
		f, err := Open("json", os.DevNull)
		if err != nil {
			t.Fatal(err)
		}
		const want = "-json " + os.DevNull + ": not a regular file"
		if _, err := f.Read(); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	})
	t.Run("a folder is none", func(t *testing.T) {
		if _, err := Open("json", folder); err == nil || !strings.Contains(err.Error(), "it is a folder") {
			t.Errorf("error %v", err)
		}
	})
	t.Run("a folder that cannot be written to", func(t *testing.T) {
		locked := t.TempDir()
		if err := os.Chmod(locked, 0o500); err != nil {
			t.Fatal(err)
		}
		if os.WriteFile(filepath.Join(locked, "probe"), nil, 0o600) == nil {
			t.Skip("permissions do not bind this user")
		}
		if _, err := Open("json", filepath.Join(locked, "out.json")); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("error %v, want %v", err, fs.ErrPermission)
		}
	})
	t.Run("nothing is left over", func(t *testing.T) {
		if entries, err := os.ReadDir(folder); err != nil || len(entries) != 1 {
			t.Errorf("in the folder: %v, %v", entries, err)
		}
	})
}
