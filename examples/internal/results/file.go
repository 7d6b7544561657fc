package results

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// File is what a flag names to write to; one without a name is nowhere.
type File struct {
	flag    string
	name    string
	target  string // with links followed
	regular bool   // unlike /dev/stdout, which is written to rather than replaced
}

// Open finds out, before hours of training, whether the file that a flag names can be written after them. It
// leaves everything as it was.
func Open(flag, name string) (*File, error) {
	f := &File{flag: flag, name: name, target: name, regular: true}
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
	default:
		if err := f.checkExisting(); err != nil {
			return nil, f.Failed(err)
		}
	}
	temporary, err := f.createTemporary()
	if err == nil {
		err = errors.Join(temporary.Close(), os.Remove(temporary.Name()))
	}
	return f, f.Failed(err)
}

// checkExisting follows links to the file that is there, and finds out whether it may be written to.
func (f *File) checkExisting() (err error) {
	if f.target, err = filepath.EvalSymlinks(f.name); err != nil {
		return err
	}
	existing, err := os.OpenFile(f.target, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return existing.Close()
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
	text, err := os.ReadFile(f.target)
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
		return f.Failed(os.WriteFile(f.target, text, 0o666))
	}
	temporary, err := f.createTemporary()
	if err != nil {
		return f.Failed(err)
	}
	_, err = temporary.Write(text)
	if err = errors.Join(err, temporary.Close()); err == nil {
		err = os.Rename(temporary.Name(), f.target)
	}
	if err != nil {
		err = errors.Join(err, os.Remove(temporary.Name()))
	}
	return f.Failed(err)
}

// createTemporary makes a file beside the target, with the permissions of any new file.
func (f *File) createTemporary() (*os.File, error) {
	return os.OpenFile(fmt.Sprintf("%s.%d.tmp", f.target, os.Getpid()), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o666)
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
