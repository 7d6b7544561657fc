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
	regular bool     // unlike a pipe or a device, which is written to rather than replaced
	stream  *os.File // standard output or error, whose file is not replaced either, if the name leads there as /dev/stdout does
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
	default:
		f.stream = streamOf(info)
		f.regular = f.stream == nil && info.Mode().IsRegular()
	}
	if !f.regular {
		return f, nil
	}
	return f, f.Failed(f.probe(err == nil))
}

// streamOf is which of standard output and error goes to a file; nil for none.
func streamOf(info fs.FileInfo) *os.File {
	for _, stream := range []*os.File{os.Stdout, os.Stderr} {
		if to, err := stream.Stat(); err == nil && os.SameFile(to, info) {
			return stream
		}
	}
	return nil
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

// Read is what the file holds, nil if it does not exist. One that is not a regular file, or that the program prints to,
// cannot be read back.
func (f *File) Read() ([]byte, error) {
	if !f.Named() {
		return nil, nil
	}
	switch {
	case f.stream != nil:
		return nil, f.Failed(errors.New("the program's output goes there"))
	case !f.regular:
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
	return f.WriteBy(func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}

// WriteBy is Write of what write writes.
func (f *File) WriteBy(write func(io.Writer) error) error {
	if !f.Named() {
		return nil
	}
	if f.regular {
		return f.Failed(atomicfile.Write(f.name, write))
	}
	w, err := f.Create()
	if err != nil {
		return f.Failed(err)
	}
	return f.Failed(errors.Join(write(w), w.Close()))
}

// Create empties the file, or makes it, to be written to bit by bit.
func (f *File) Create() (io.WriteCloser, error) {
	if f.stream != nil {
		return open{f.stream}, nil
	}
	return os.Create(f.name)
}

// open is a stream that stays open for the program.
type open struct{ io.Writer }

func (open) Close() error { return nil }

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
