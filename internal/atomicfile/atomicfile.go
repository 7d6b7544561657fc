// Package atomicfile writes files whole or not at all.
package atomicfile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
)

// Temporary matches the name of a temporary file, and in its first group the name of the file that it was to become,
// or the beginning of a long one.
var Temporary = regexp.MustCompile(`^\.(.*)-[0-9a-f]{16}\.tmp$`)

// temporaryFor is a new name for a file that is to become another.
func temporaryFor(name string) string {
	const most = 64 // the whole must not be too long
	if len(name) > most {
		name = strings.ToValidUTF8(name[:most], "")
	}
	return fmt.Sprintf(".%s-%016x.tmp", name, rand.Uint64())
}

// Write makes what write writes the content of the file at path, new or in place of the one that is there, whose
// permissions it takes over. The content goes to a temporary file in the same folder, which is renamed when it is
// safe on the disk. If anything fails, or write panics, the temporary file is removed and what was at path before
// is untouched; only the last thing, telling the disk about the folder, can fail with the new content in place.
// A process that is killed leaves the temporary file behind, whose name matches [Temporary].
//
// The writer is buffered. A link is followed, to a file that is not there yet, too, and what is at path but not a regular
// file is an error.
func Write(path string, write func(io.Writer) error) error {
	return replace(path, write, func(f *os.File) file { return f })
}

// file is what Write needs of an os.File.
type file interface {
	io.Writer
	Sync() error
	Close() error
}

// buffered is enough to make system calls few.
const buffered = 1 << 18

// replace is Write, with every use of the temporary file through what through makes of it.
func replace(path string, write func(io.Writer) error, through func(*os.File) file) error {
	path = followed(path)
	old, err := os.Stat(path)
	if err == nil && !old.Mode().IsRegular() {
		return fmt.Errorf("writing %s: it is there and not a regular file", path)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("writing a file: %w", err)
	}
	folder := filepath.Dir(path)
	// os.CreateTemp would make the file readable for its owner alone, whatever the umask is.
	temporary := filepath.Join(folder, temporaryFor(filepath.Base(path)))
	opened, err := os.OpenFile(temporary, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
	if err != nil {
		return fmt.Errorf("writing %s: creating a temporary file beside it: %w", path, err)
	}
	f, renamed := through(opened), false
	defer func() {
		if !renamed {
			f.Close() // a second time, mostly: Windows removes no open file
			os.Remove(temporary)
		}
	}()
	if old != nil {
		if err := opened.Chmod(old.Mode().Perm()); err != nil {
			return fmt.Errorf("writing %s: taking over its permissions: %w", path, err)
		}
	}
	buffer := bufio.NewWriterSize(f, buffered)
	if err := write(buffer); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	for _, step := range []struct {
		name string
		do   func() error
	}{{"writing", buffer.Flush}, {"flushing to the disk", f.Sync}, {"closing", f.Close}} {
		if err := step.do(); err != nil {
			return fmt.Errorf("writing %s: %s the temporary file: %w", path, step.name, err)
		}
	}
	if err := os.Rename(temporary, path); err != nil {
		return fmt.Errorf("writing %s: putting it in place: %w", path, err)
	}
	renamed = true
	if err := syncFolder(folder); err != nil {
		return fmt.Errorf("writing %s: flushing its folder to the disk: %w", path, err)
	}
	return nil
}

// followed is where links lead from a path. The last may lead to what is not there. Of links that lead round in a circle it
// is one, which cannot be opened.
func followed(path string) string {
	const most = 40 // links, as on Linux
	for range most {
		if target, err := filepath.EvalSymlinks(path); err == nil {
			return target
		}
		target, err := os.Readlink(path)
		if err != nil {
			return path // it is not there, and no link
		}
		if !filepath.IsAbs(target) {
			folder, err := filepath.EvalSymlinks(filepath.Dir(path))
			if err != nil {
				return path
			}
			target = filepath.Join(folder, target)
		}
		path = target
	}
	return path
}

// syncFolder makes a rename last through a power cut, where the operating system, the file system and the
// folder's permissions let it.
func syncFolder(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	folder, err := os.Open(path)
	if errors.Is(err, fs.ErrPermission) {
		return nil
	}
	if err != nil {
		return err
	}
	defer folder.Close()
	err = folder.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	return err
}
