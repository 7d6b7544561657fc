package results

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/fastresnet/fastresnet/internal/atomicfile"
)

// File is what a flag names to write to; one without a name is nowhere.
type File struct {
	flag    string
	name    string
	regular bool // unlike /dev/stdout, which is written to rather than replaced
}

// Open finds out, before hours of training, whether the file that a flag names can be written after them. It
// leaves everything as it was.
func Open(flag, name string) (*File, error) {
	f := &File{flag: flag, name: name, regular: true}
	if name == "" {
		return f, nil
	}
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, f.Failed(err)
	case info.IsDir():
		return nil, f.Failed(errors.New("it is a folder"))
	case !info.Mode().IsRegular():
		f.regular = false
		return f, nil
	}
	return f, f.Failed(f.probe(err == nil))
}

// probe finds out whether the file that is there may be written to, and whether one can be made beside it, or beside what it
// links to.
func (f *File) probe(there bool) error {
	target := f.name
	if there {
		var err error
		if target, err = filepath.EvalSymlinks(f.name); err != nil {
			return err
		}
		existing, err := os.OpenFile(target, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		if err := existing.Close(); err != nil {
			return err
		}
	}
	beside, err := os.CreateTemp(filepath.Dir(target), ".probe-*")
	if err != nil {
		return err
	}
	return errors.Join(beside.Close(), os.Remove(beside.Name()))
}

// Name is what the flag says.
func (f *File) Name() string { return f.name }

// Named says whether there is a file to write to.
func (f *File) Named() bool { return f.name != "" }

// Read is what the file holds, nil if it does not exist. One that is not a regular file cannot be read back.
func (f *File) Read() ([]byte, error) {
	if !f.Named() {
		return nil, nil
	}
	if !f.regular {
		return nil, f.Failed(errors.New("not a regular file"))
	}
	text, err := os.ReadFile(f.name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return text, f.Failed(err)
}

// WriteJSON writes the content as indented JSON, as Write does.
func (f *File) WriteJSON(content any) error {
	text, err := json.MarshalIndent(content, "", "  ")
	if err != nil {
		return f.Failed(err)
	}
	return f.Write(append(text, '\n'))
}

// Write replaces the file as a whole, so that it never holds half of the text.
func (f *File) Write(text []byte) error {
	if !f.Named() {
		return nil
	}
	if !f.regular {
		return f.Failed(os.WriteFile(f.name, text, 0o666))
	}
	return f.Failed(atomicfile.Write(f.name, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	}))
}

// Failed adds the flag and the file's name to an error, in the place of any other name.
func (f *File) Failed(err error) error {
	if err == nil {
		return nil
	}
	if path := (*fs.PathError)(nil); errors.As(err, &path) {
		err = path.Err
	}
	return fmt.Errorf("-%s %s: %w", f.flag, f.name, err)
}
