package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// jsonFile is where -json writes; one without a name is nowhere.
type jsonFile struct {
	name    string
	target  string // with links followed
	regular bool   // unlike /dev/stdout, which is written to rather than replaced
}

// openJSON finds out, before hours of training, whether a report can be written after them. It leaves
// everything as it was.
func openJSON(name string) (*jsonFile, error) {
	f := &jsonFile{name: name, target: name, regular: true}
	if name == "" {
		return f, nil
	}
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, f.failed(err)
	case info.IsDir():
		return nil, f.failed(errors.New("it is a folder"))
	case !info.Mode().IsRegular():
		f.regular = false
		return f, nil
	default:
		if err := f.checkExisting(); err != nil {
			return nil, f.failed(err)
		}
	}
	temporary, err := f.createTemporary()
	if err == nil {
		err = errors.Join(temporary.Close(), os.Remove(temporary.Name()))
	}
	return f, f.failed(err)
}

// checkExisting follows links to the file that is there, and finds out whether it may be written to.
func (f *jsonFile) checkExisting() (err error) {
	if f.target, err = filepath.EvalSymlinks(f.name); err != nil {
		return err
	}
	existing, err := os.OpenFile(f.target, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return existing.Close()
}

// write writes the runs, of so many asked for: one as it is, several as a series. The file is replaced as
// a whole, so that it never holds half a report.
func (f *jsonFile) write(reports []report, runs int) error {
	if f.name == "" {
		return nil
	}
	var content any = newSeries(reports)
	if runs == 1 {
		content = reports[0]
	}
	text, err := json.MarshalIndent(content, "", "  ")
	if err != nil {
		return f.failed(err)
	}
	text = append(text, '\n')
	if !f.regular {
		return f.failed(os.WriteFile(f.target, text, 0o666))
	}
	temporary, err := f.createTemporary()
	if err != nil {
		return f.failed(err)
	}
	_, err = temporary.Write(text)
	if err = errors.Join(err, temporary.Close()); err == nil {
		err = os.Rename(temporary.Name(), f.target)
	}
	if err != nil {
		err = errors.Join(err, os.Remove(temporary.Name()))
	}
	return f.failed(err)
}

// createTemporary makes a file beside the target, with the permissions of any new file.
func (f *jsonFile) createTemporary() (*os.File, error) {
	return os.OpenFile(fmt.Sprintf("%s.%d.tmp", f.target, os.Getpid()), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o666)
}

// failed adds the file's name to an error, in the place of any other.
func (f *jsonFile) failed(err error) error {
	if err == nil {
		return nil
	}
	if path := (*fs.PathError)(nil); errors.As(err, &path) {
		err = path.Err
	}
	return fmt.Errorf("-json %s: %w", f.name, err)
}
