// Package folderlock has one process at a time, of any machine that sees a folder, work in it.
package folderlock

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// ErrInUse is wrapped by the errors of [Acquire] for a folder that another has locked.
var ErrInUse = errors.New("in use")

// Lock is a folder's, which the operating system also ends with the process. It is nil where there are no locks.
type Lock struct{ file *flock.Flock }

// Acquire locks a folder, or fails at once with [ErrInUse]. The lock is on the file name.lock, and the file name.owner says
// who has it: two files, because Windows lets nobody read what is locked. Both stay. Locks of other names are others.
func Acquire(folder, name string) (*Lock, error) {
	// For all who may write the folder, as its other files. To be written, because NFS locks nothing else.
	file := flock.New(filepath.Join(folder, name+".lock"), flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o666))
	ok, err := file.TryLock()
	if errors.Is(err, errors.ErrUnsupported) { // of the platform or the file system
		return nil, nil
	}
	owner := filepath.Join(folder, name+".owner")
	switch {
	case err != nil:
		return nil, err
	case !ok:
		who, _ := os.ReadFile(owner)
		return nil, fmt.Errorf("%w by %s: let it end, or use another folder", ErrInUse, describe(string(who)))
	}
	host, _ := os.Hostname()
	who := fmt.Sprintf("process %d on %q, since %s", os.Getpid(), host, time.Now().Format(time.DateTime))
	if err := os.WriteFile(owner, []byte(who), 0o666); err != nil {
		return nil, errors.Join(err, file.Unlock())
	}
	return &Lock{file}, nil
}

// describe is what an owner has written of itself, as far as it may be shown.
func describe(who string) string {
	const most = 200
	if who = strings.TrimSpace(who); who == "" || len(who) > most || strings.ContainsFunc(who, func(r rune) bool { return r < ' ' || r > '~' }) {
		return "another run"
	}
	return who
}

// Release lets others have the folder.
func (l *Lock) Release() error {
	if l == nil {
		return nil
	}
	return l.file.Unlock()
}
