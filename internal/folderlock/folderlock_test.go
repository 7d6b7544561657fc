package folderlock_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/fastresnet/fastresnet/internal/folderlock"
)

// Whoever may write the folder's other files may lock it.
func TestPermissions(t *testing.T) {
	folder := t.TempDir()
	lock, err := folderlock.Acquire(folder, ".run")
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Release()
	if lock == nil {
		t.Skip("there are no locks")
	}
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
