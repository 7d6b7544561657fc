// Package parquet makes data sets of Parquet files, in which public hubs such as Hugging Face keep theirs: a row has an
// encoded picture and a label.
//
// Files that are damaged, or whose rows take more memory than there is, are errors. But package parquet-go, which reads the
// format, takes memory by numbers in a file's metadata and before its pages, and decompresses a page whole: a small file that is
// made for it can take gigabytes, and end the process. Read files of strangers in a process whose memory is limited.
package parquet

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/data/picture"
	"github.com/fastresnet/fastresnet/internal/argument"
	"github.com/fastresnet/fastresnet/internal/hostmemory"
)

// Columns are the names of those that count, both to be given: in files from Hugging Face often "image" or "img", and "label".
type Columns struct {
	// Image is a group, such as "image", of which "bytes" are a picture's file, or a column of such bytes alone. What else is in
	// the group, such as "path", is not read.
	Image string
	// Label is an integer, 0 or more, or a text, which is then the name of the class.
	Label string
}

// Read reads files of the same columns as one set, in their order, with the settings of a [picture.Reader]. The classes
// are those of the Reader, which then has a name for each integer; or else those that the files' metadata name, as those
// of Hugging Face do; or else the texts, sorted, or the integers. All pictures are held as they are encoded until they
// are decoded, and may take no more than [picture.Reader.MemoryLimit] as such, too. Images are named by the files and the
// numbers of their rows from 0, such as "0000.parquet#12"; where several files have that name, by their paths as they are
// given here.
//
// The error wraps [data.ErrNotFound] if there is no such file or column, and [data.ErrFormat] if a file is damaged, if
// a label or a picture is missing, or if the metadata of two files name different classes, or in another order; besides it is
// one of [picture.Reader.Pictures].
func Read(ctx context.Context, r picture.Reader, c Columns, files ...string) (*data.Dataset, picture.Report, error) {
	if err := argument.Context(ctx); err != nil {
		return nil, picture.Report{}, err
	}
	if len(files) == 0 {
		return nil, picture.Report{}, fmt.Errorf("%w: no files", data.ErrNotFound)
	}
	rows := rows{given: r.Classes != nil, classes: r.Classes, content: memory{}, limit: cmp.Or(r.MemoryLimit, hostmemory.Free())}
	for _, file := range files {
		if err := ctx.Err(); err != nil {
			return nil, picture.Report{}, err
		}
		if err := rows.read(ctx, file, nameOf(file, files), c); err != nil {
			return nil, picture.Report{}, fmt.Errorf("reading %s: %w", file, err)
		}
	}
	pictures, err := rows.named()
	if err != nil {
		return nil, picture.Report{}, err
	}
	r.Classes = rows.classes
	return r.Pictures(ctx, rows.content, pictures)
}

// nameOf is what a file is called among others: its last element, or all of its path if others have that, too.
func nameOf(file string, files []string) string {
	base := filepath.Base(file)
	for _, other := range files {
		if other != file && filepath.Base(other) == base {
			return filepath.ToSlash(file)
		}
	}
	return base
}

// memory is a file system of files that are held.
type memory map[string][]byte

// Open implements [fs.FS].
func (m memory) Open(name string) (fs.File, error) {
	content, is := m[name]
	if !is {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return file{bytes.NewReader(content)}, nil
}

// file is one that is held.
type file struct{ *bytes.Reader }

// Stat implements [fs.File], and is of no use.
func (file) Stat() (fs.FileInfo, error) { return nil, errors.ErrUnsupported }

// Close implements [fs.File].
func (file) Close() error { return nil }
