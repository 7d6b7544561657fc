// Package checkpoint keeps the checkpoints of a run in a folder: the last two, each there whole or not at all.
package checkpoint

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"

	"github.com/fastresnet/fastresnet/internal/atomicfile"
	"github.com/fastresnet/fastresnet/internal/folderlock"
	"github.com/fastresnet/fastresnet/internal/safetensors"
)

// Folder is the folder of one run. While it is open no other process, nor a second run of this one, can open it.
//
// Its files are those whose names it makes: nothing else there is read, renamed or removed.
type Folder struct {
	path string
	lock *folderlock.Lock
}

// Kept is how many checkpoints are: a good one is still there while the next is written, and if that is damaged.
const Kept = 2

// name is the form of a checkpoint's: the epoch, and how many of its steps have been taken.
const name = "checkpoint-%05d-%07d.safetensors"

// own matches the names that name makes, and some others, which parse tells apart.
var own = regexp.MustCompile(`^checkpoint-(\d{5,9})-(\d{7,9})\.safetensors$`)

// place is where in a run a checkpoint was written.
type place struct{ epoch, steps int }

func (p place) name() string { return fmt.Sprintf(name, p.epoch, p.steps) }

func (p place) compare(q place) int {
	return cmp.Or(cmp.Compare(p.epoch, q.epoch), cmp.Compare(p.steps, q.steps))
}

// parse reads the name of a file, and says whether it is a checkpoint's.
func parse(file string) (p place, ok bool) {
	if m := own.FindStringSubmatch(file); m != nil {
		p.epoch, _ = strconv.Atoi(m[1])
		p.steps, _ = strconv.Atoi(m[2])
		ok = p.name() == file
	}
	return p, ok
}

// Open creates the folder if it is not there, makes sure that files can be created in it, and locks it until
// [Folder.Close]. The error wraps [folderlock.ErrInUse] where another has it.
func Open(path string) (*Folder, error) {
	if err := os.MkdirAll(path, 0o777); err != nil {
		return nil, err
	}
	lock, err := folderlock.Acquire(path, ".checkpoint")
	if err != nil {
		return nil, err
	}
	f := &Folder{path, lock}
	probe, err := os.CreateTemp(path, ".checkpoint-probe-*")
	if err == nil {
		err = errors.Join(probe.Close(), os.Remove(probe.Name()))
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// Close lets others open the folder.
func (f *Folder) Close() error { return f.lock.Release() }

// Files are the checkpoints in a folder, the oldest first. What has the name of one and is no file is an error: the folder may come
// from a stranger, a pipe never ends, and through a link the run would write elsewhere.
func Files(folder string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	var places []place
	for _, e := range entries {
		switch p, ok := parse(e.Name()); {
		case ok && e.Type().IsRegular():
			places = append(places, p)
		case ok:
			err = errors.Join(err, fmt.Errorf("%s is not a regular file", e.Name()))
		}
	}
	slices.SortFunc(places, place.compare)
	files := make([]string, len(places))
	for i, p := range places {
		files[i] = filepath.Join(folder, p.name())
	}
	return files, err
}

// Newest has read read the newest checkpoint that is whole, and says which file it is: "" if there are no checkpoints at
// all. An error of package safetensors tells that a file is damaged; after another one no older file is looked at.
// Once one has been read, damaged ones that are newer get names that end in ".damaged", and are reported to aside.
// If all are damaged they are left as they are, and the error says why of the newest: a run is not to begin anew
// unasked.
func (f *Folder) Newest(read func(io.Reader) error, aside func(file string, reason error)) (path string, err error) {
	files, err := Files(f.path)
	if err != nil {
		return "", err
	}
	problems := map[string]error{}
	for _, file := range slices.Backward(files) {
		err := open(file, read)
		if err == nil {
			return file, setAside(problems, aside)
		}
		if problems[file] = err; !damaged(err) {
			return "", err
		}
	}
	if len(files) > 0 {
		err = fmt.Errorf("all checkpoints are damaged; move them away to begin anew: %w", problems[files[len(files)-1]])
	}
	return "", err
}

// setAside renames damaged files.
func setAside(problems map[string]error, aside func(file string, reason error)) error {
	for _, file := range slices.Sorted(maps.Keys(problems)) {
		if err := os.Rename(file, file+".damaged"); err != nil {
			return err
		}
		aside(file, problems[file])
	}
	return nil
}

// open has read read a file.
func open(path string, read func(io.Reader) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := read(file); err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	return nil
}

// damaged says of an error that the file's content is its reason.
func damaged(err error) bool {
	kinds := []error{safetensors.ErrCorrupt, safetensors.ErrForeign, safetensors.ErrTooLarge, safetensors.ErrTruncated}
	return slices.ContainsFunc(kinds, func(kind error) bool { return errors.Is(err, kind) })
}

// Save writes the checkpoint after a number of steps of an epoch and returns its path. It removes nothing: see [Folder.Prune].
func (f *Folder) Save(epoch, steps int, content safetensors.File) (string, error) {
	path := filepath.Join(f.path, place{epoch, steps}.name())
	if err := atomicfile.Write(path, func(w io.Writer) error { return safetensors.Write(w, content) }); err != nil {
		return "", err
	}
	return path, nil
}

// Prune keeps a checkpoint, and the last of all others so that there are [Kept], and removes the older ones and what a process
// that was killed has left half-written. The error says what is still there, which the next call tries to remove again.
func (f *Folder) Prune(keep string) error {
	others, err := Files(f.path)
	others = slices.DeleteFunc(others, func(file string) bool { return file == keep })
	for len(others) > Kept-1 {
		err = errors.Join(err, remove(others[0]))
		others = others[1:]
	}
	return errors.Join(err, f.removeLeftovers())
}

// remove removes a file, which need not be there any more.
func remove(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// removeLeftovers removes the temporary files of checkpoints: as the folder is locked, nobody is writing them.
func (f *Folder) removeLeftovers() error {
	entries, err := os.ReadDir(f.path)
	for _, e := range entries {
		m := atomicfile.Temporary.FindStringSubmatch(e.Name())
		if m == nil {
			continue
		}
		if _, ok := parse(m[1]); ok {
			err = errors.Join(err, remove(filepath.Join(f.path, e.Name())))
		}
	}
	return err
}
