package folderlock_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet/internal/folderlock"
)

// acquire locks a folder until the test ends.
func acquire(t *testing.T, folder string) {
	t.Helper()
	lock, err := folderlock.Acquire(folder, ".run")
	if err != nil {
		t.Fatal(err)
	}
	if lock == nil {
		t.Skip("there are no locks")
	}
	t.Cleanup(func() { lock.Release() })
}

// Whoever may write the folder's other files may lock it.
func TestPermissions(t *testing.T) {
	folder := t.TempDir()
	acquire(t, folder)
	mode := func(name string) os.FileMode {
		info, err := os.Stat(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		return info.Mode()
	}
	if lock, owner := mode(".run.lock"), mode(".run.owner"); lock != owner {
		t.Errorf("the lock is %v, and who has it %v", lock, owner)
	}
}

// A folder may come from a stranger: nothing is written through what it has under the names of the lock and its owner.
func TestAcquireWritesNowhereElse(t *testing.T) {
	const content = "somebody's file"
	for _, tt := range []struct {
		label   string
		prepare func(elsewhere, folder string) error
		refused bool
	}{
		{"a link for an owner", func(elsewhere, folder string) error {
			return os.Symlink(elsewhere, filepath.Join(folder, ".run.owner"))
		}, false},
		{"a link to nothing for an owner", func(elsewhere, folder string) error {
			return os.Symlink(elsewhere+" more", filepath.Join(folder, ".run.owner"))
		}, false},
		{"another name of a file for an owner", func(elsewhere, folder string) error { return os.Link(elsewhere, filepath.Join(folder, ".run.owner")) }, false},
		{"an owner from before", func(_, folder string) error {
			return os.WriteFile(filepath.Join(folder, ".run.owner"), []byte(strings.Repeat("a", 1000)), 0o666)
		}, false},
		{"a folder for an owner", func(_, folder string) error { return os.MkdirAll(filepath.Join(folder, ".run.owner", "inside"), 0o777) }, true},
		{"a link for a lock", func(elsewhere, folder string) error { return os.Symlink(elsewhere, filepath.Join(folder, ".run.lock")) }, true},
		{"a link to nothing for a lock", func(elsewhere, folder string) error {
			return os.Symlink(elsewhere+" more", filepath.Join(folder, ".run.lock"))
		}, true},
		{"a folder for a lock", func(_, folder string) error { return os.Mkdir(filepath.Join(folder, ".run.lock"), 0o777) }, true},
	} {
		t.Run(tt.label, func(t *testing.T) {
			outside, folder := t.TempDir(), t.TempDir()
			elsewhere := filepath.Join(outside, "file")
			if err := os.WriteFile(elsewhere, []byte(content), 0o666); err != nil {
				t.Fatal(err)
			}
			if err := tt.prepare(elsewhere, folder); err != nil {
				t.Skip("no links here:", err)
			}
			lock, err := folderlock.Acquire(folder, ".run")
			if (err != nil) != tt.refused {
				t.Errorf("error %v, want one: %t", err, tt.refused)
			}
			if text, err := os.ReadFile(elsewhere); err != nil || string(text) != content {
				t.Errorf("the file elsewhere holds %q, %v; want %q", text, err, content)
			}
			if all, err := os.ReadDir(outside); err != nil || len(all) != 1 {
				t.Errorf("%d files elsewhere, %v; want 1", len(all), err)
			}
			if lock == nil {
				return
			}
			defer lock.Release()
			// Who has it can be read.
			if _, err := folderlock.Acquire(folder, ".run"); !errors.Is(err, folderlock.ErrInUse) || !strings.Contains(err.Error(), "process") {
				t.Errorf("error %v, want %v that says by which process", err, folderlock.ErrInUse)
			}
		})
	}
}

// What a stranger's owner says, or leads to, is neither waited for nor shown.
func TestOwnersThatAreNone(t *testing.T) {
	for _, tt := range []struct {
		label   string
		prepare func(owner string) error
	}{
		{"none", os.Remove},
		{"a folder", func(owner string) error { return errors.Join(os.Remove(owner), os.Mkdir(owner, 0o777)) }},
		{"a link", func(owner string) error {
			return errors.Join(os.Rename(owner, owner+"2"), os.Symlink(owner+"2", owner))
		}},
		{"a long one", func(owner string) error { return os.WriteFile(owner, []byte(strings.Repeat("a", 201)), 0o666) }},
		{"one that steers a terminal", func(owner string) error { return os.WriteFile(owner, []byte("\x1b[2J"), 0o666) }},
	} {
		t.Run(tt.label, func(t *testing.T) {
			folder := t.TempDir()
			acquire(t, folder)
			if err := tt.prepare(filepath.Join(folder, ".run.owner")); err != nil {
				t.Skip("no links here:", err)
			}
			if _, err := folderlock.Acquire(folder, ".run"); !errors.Is(err, folderlock.ErrInUse) || !strings.Contains(err.Error(), "by another run:") {
				t.Errorf("error %v, want %v by another run", err, folderlock.ErrInUse)
			}
		})
	}
}
