// Package checkpoint keeps the checkpoints of a run in a folder: the last two, each there whole or not at all.
package checkpoint

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/fastresnet/fastresnet/internal/atomicfile"
	"github.com/fastresnet/fastresnet/internal/safetensors"
)

// Folder is the folder of one run, which no other may use at the same time.
type Folder struct{ path string }

// Kept is how many checkpoints are: a good one is still there while the next is written, and if that is damaged.
const Kept = 2

// pattern matches the names of checkpoints, which sort by what has been trained.
const pattern, format = "checkpoint-*.safetensors", "checkpoint-%05d-%07d.safetensors"

// Open creates the folder if it is not there, makes sure that files can be created in it, and removes what a process
// that was killed has left half-written.
func Open(path string) (*Folder, error) {
	if err := os.MkdirAll(path, 0o777); err != nil {
		return nil, err
	}
	probe, err := os.CreateTemp(path, atomicfile.Temporary)
	if err != nil {
		return nil, err
	}
	if err := probe.Close(); err != nil {
		return nil, err
	}
	f := &Folder{path}
	leftovers, err := f.matching(atomicfile.Temporary)
	for _, file := range leftovers {
		err = errors.Join(err, os.Remove(file))
	}
	return f, err
}

// Files are the checkpoints there, the oldest first.
func (f *Folder) Files() ([]string, error) { return f.matching(pattern) }

func (f *Folder) matching(pattern string) ([]string, error) {
	entries, err := os.ReadDir(f.path)
	var files []string
	for _, e := range entries { // in the order of their names
		if ok, _ := filepath.Match(pattern, e.Name()); ok {
			files = append(files, filepath.Join(f.path, e.Name()))
		}
	}
	return files, err
}

// Newest reads the newest checkpoint that is whole, and says which file it is: "" if there are no checkpoints at all.
// Damaged ones that are newer get names that end in ".damaged", and are reported to aside. If all are damaged they are
// left as they are, and the error says why of the newest: a run is not to begin anew unasked.
func (f *Folder) Newest(aside func(file string, reason error)) (path string, content safetensors.File, err error) {
	files, err := f.Files()
	if err != nil {
		return "", content, err
	}
	problems := map[string]error{}
	for _, file := range slices.Backward(files) {
		if content, err = read(file); err == nil {
			return file, content, setAside(problems, aside)
		}
		if problems[file] = err; !damaged(err) {
			return "", content, err
		}
	}
	if len(files) > 0 {
		err = fmt.Errorf("all checkpoints are damaged; move them away to begin anew: %w", problems[files[len(files)-1]])
	}
	return "", content, err
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

func read(path string) (content safetensors.File, err error) {
	file, err := os.Open(path)
	if err != nil {
		return content, err
	}
	defer file.Close()
	if content, err = safetensors.Read(file); err != nil {
		err = fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	return content, err
}

// damaged says of an error that the file's content is its reason.
func damaged(err error) bool {
	kinds := []error{safetensors.ErrCorrupt, safetensors.ErrForeign, safetensors.ErrTooLarge, safetensors.ErrTruncated}
	return slices.ContainsFunc(kinds, func(kind error) bool { return errors.Is(err, kind) })
}

// Save writes the checkpoint after so many steps of an epoch and returns its path. All but the last [Kept] are
// removed when it is there; if it cannot be written, none.
func (f *Folder) Save(epoch, steps int, content safetensors.File) (string, error) {
	path := filepath.Join(f.path, fmt.Sprintf(format, epoch, steps))
	if err := atomicfile.Write(path, func(w io.Writer) error { return safetensors.Write(w, content) }); err != nil {
		return "", err
	}
	files, err := f.Files()
	for len(files) > Kept {
		err = errors.Join(err, os.Remove(files[0]))
		files = files[1:]
	}
	return path, err
}
