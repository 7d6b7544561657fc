// Package folderlock has one process at a time, of any machine that sees a folder, work in it.
package folderlock

import (
	"errors"
	"fmt"
	"io/fs"
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
//
// The folder may come from a stranger: a lock that is a link, which may lead anywhere, is an error, and an owner that is one is
// replaced.
func Acquire(folder, name string) (*Lock, error) {
	path, owner := filepath.Join(folder, name+".lock"), filepath.Join(folder, name+".owner")
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is there and not a regular file", path)
	}
	// For all who may write the folder, as its other files. To be written, because NFS locks nothing else.
	file := flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o666))
	ok, err := file.TryLock()
	if errors.Is(err, errors.ErrUnsupported) { // of the platform or the file system
		return nil, nil
	}
	switch {
	case err != nil:
		return nil, err
	case !ok:
		return nil, fmt.Errorf("%w by %s: let it end, or use another folder", ErrInUse, read(owner))
	}
	host, _ := os.Hostname()
	who := fmt.Sprintf("process %d on %q, since %s", os.Getpid(), host, time.Now().Format(time.DateTime))
	if err := write(owner, who); err != nil {
		return nil, errors.Join(err, file.Unlock())
	}
	return &Lock{file}, nil
}

// write writes a file anew: what is there under its name, a link or one more name of a file elsewhere, is not written to.
func write(path, text string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	return errors.Join(err, file.Close())
}

// read is what an owner has written of itself, as far as it may be shown.
func read(path string) string {
	const most, unknown = 200, "another run"
	if info, err := os.Lstat(path); err != nil || !info.Mode().IsRegular() || info.Size() > most {
		return unknown
	}
	text, _ := os.ReadFile(path)
	who := strings.TrimSpace(string(text))
	if who == "" || strings.ContainsFunc(who, func(r rune) bool { return r < ' ' || r > '~' }) {
		return unknown
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
