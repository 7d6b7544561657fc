package checkpoint

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// ErrInUse is wrapped by the errors of [Open] for a folder that another run has open.
var ErrInUse = errors.New("in use")

// The lock is on lockName, and ownerName says who has it. They are two files because Windows lets nobody read what is
// locked.
const lockName, ownerName = ".checkpoint.lock", ".checkpoint.owner"

// lock is a folder's, which the operating system also ends with the process. It is nil where there are no locks.
type lock struct{ file *flock.Flock }

// acquire locks a folder, or fails at once with [ErrInUse].
func acquire(folder string) (*lock, error) {
	file := flock.New(filepath.Join(folder, lockName))
	ok, err := file.TryLock()
	if errors.Is(err, errors.ErrUnsupported) { // of the platform or the file system
		return nil, nil
	}
	owner := filepath.Join(folder, ownerName)
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
	return &lock{file}, nil
}

// describe is what an owner has written of itself, as far as it may be shown.
func describe(who string) string {
	const most = 200
	if who = strings.TrimSpace(who); who == "" || len(who) > most || strings.ContainsFunc(who, func(r rune) bool { return r < ' ' || r > '~' }) {
		return "another run"
	}
	return who
}

func (l *lock) release() error {
	if l == nil {
		return nil
	}
	return l.file.Unlock()
}
