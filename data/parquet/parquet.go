// Package parquet makes data sets of Parquet files, in which public hubs such as Hugging Face keep theirs: a row has an
// encoded picture and a label.
package parquet

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/data/picture"
	"github.com/parquet-go/parquet-go"
)

// Columns are the names of those that count.
type Columns struct {
	// Image is a group of which "bytes" are a picture's file and "path", if it is there, its name; or such bytes alone.
	Image string
	// Label is an integer, 0 or more, or a text, which is then the name of the class.
	Label string
}

// Read reads files of the same columns as one set, in their order, with the settings of a [picture.Reader]. The classes
// are those of the Reader, which then has a name for each integer; or else those that the files' metadata name, as those
// of Hugging Face do; or else the texts, sorted, or the integers. All pictures are held as they are encoded until they
// are decoded. Images are named by the files and the numbers of their rows, such as "0000.parquet#12"; where several files
// have that name, by their paths as they are given here.
//
// The error wraps [data.ErrNotFound] if there is no such file or column, and [data.ErrFormat] if a file is damaged, or if
// a label or a picture is missing; besides it is one of [picture.Reader.Pictures].
func Read(ctx context.Context, r picture.Reader, c Columns, files ...string) (*data.Dataset, picture.Report, error) {
	if len(files) == 0 {
		return nil, picture.Report{}, fmt.Errorf("%w: no files", data.ErrNotFound)
	}
	rows := rows{classes: r.Classes, content: memory{}}
	for _, file := range files {
		if err := ctx.Err(); err != nil {
			return nil, picture.Report{}, err
		}
		if err := rows.read(file, nameOf(file, files), c); err != nil {
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

// rows are what has been read.
type rows struct {
	classes []string // nil where none are known
	names   []string // of the rows
	texts   []string // their labels, if they are texts
	numbers []int64  // the same, if they are integers
	content memory
}

// read reads a file, which is called name.
func (r *rows) read(path, name string, c Columns) (err error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: there is no such file", data.ErrNotFound)
	}
	if err != nil {
		return err
	}
	defer file.Close()
	defer func() { // what reads the format was not made for hostile files
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", data.ErrFormat, p)
		}
	}()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	f, err := parquet.OpenFile(file, info.Size(), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return fmt.Errorf("%w: it is no sound Parquet file: %w", data.ErrFormat, err)
	}
	if r.classes == nil {
		r.classes = classes(f, c.Label)
	}
	columns := f.Schema().Columns()
	image := slices.IndexFunc(columns, func(path []string) bool {
		return slices.Equal(path, []string{c.Image, "bytes"}) || slices.Equal(path, []string{c.Image})
	})
	label := slices.IndexFunc(columns, func(path []string) bool { return slices.Equal(path, []string{c.Label}) })
	if image < 0 || label < 0 {
		return fmt.Errorf("%w: need the columns %q and %q, there are %q", data.ErrNotFound, c.Image, c.Label, columns)
	}
	row := 0
	for _, group := range f.RowGroups() {
		chunks := group.ColumnChunks()
		first := row
		err := each(chunks[image], func(v parquet.Value) error {
			name := fmt.Sprintf("%s#%d", name, row)
			if v.Kind() != parquet.ByteArray {
				return fmt.Errorf("%w: row %d has no picture", data.ErrFormat, row)
			}
			r.names = append(r.names, name)
			r.content[name] = bytes.Clone(v.ByteArray())
			row++
			return nil
		})
		if err == nil {
			labelled := first
			err = each(chunks[label], func(v parquet.Value) error {
				labelled++
				return r.label(labelled-1, v)
			})
			if err == nil && labelled != row {
				err = fmt.Errorf("%w: %d labels for %d pictures", data.ErrFormat, labelled-first, row-first)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// label adds a row's.
func (r *rows) label(row int, v parquet.Value) error {
	switch v.Kind() {
	case parquet.Int32:
		r.numbers = append(r.numbers, int64(v.Int32()))
	case parquet.Int64:
		r.numbers = append(r.numbers, v.Int64())
	case parquet.ByteArray:
		r.texts = append(r.texts, string(v.ByteArray()))
	default:
		return fmt.Errorf("%w: row %d has no label that is an integer or a text", data.ErrFormat, row)
	}
	if len(r.numbers) > 0 && len(r.texts) > 0 {
		return fmt.Errorf("%w: row %d: some labels are integers and some texts", data.ErrFormat, row)
	}
	return nil
}

// named are the rows with the names of their classes.
func (r *rows) named() ([]picture.Labelled, error) {
	list := make([]picture.Labelled, len(r.names))
	for i, name := range r.names {
		list[i].Path = name
		if len(r.texts) > 0 {
			list[i].Class = r.texts[i]
		}
	}
	if len(r.numbers) == 0 {
		return list, nil
	}
	const most = 1 << 16 // classes that come from integers alone
	last := slices.Max(r.numbers)
	if r.classes == nil && last >= most {
		return nil, fmt.Errorf("%w: label %d, and no names of classes: those from %d on need some", data.ErrFormat, last, most)
	}
	if r.classes == nil {
		for class := range last + 1 {
			r.classes = append(r.classes, strconv.FormatInt(class, 10))
		}
	}
	for i, n := range r.numbers {
		if n < 0 || n >= int64(len(r.classes)) {
			return nil, fmt.Errorf("%w: %s: label %d is not in 0 to %d", data.ErrFormat, r.names[i], n, len(r.classes)-1)
		}
		list[i].Class = r.classes[n]
	}
	return list, nil
}

// each calls f for the values of a column, one for each row.
func each(column parquet.ColumnChunk, f func(parquet.Value) error) error {
	pages := column.Pages()
	defer pages.Close()
	for {
		page, err := pages.ReadPage()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%w: %w", data.ErrFormat, err)
		}
		values := make([]parquet.Value, page.NumValues())
		n, err := page.Values().ReadValues(values)
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("%w: %w", data.ErrFormat, err)
		}
		for _, v := range values[:n] {
			if err := f(v); err != nil {
				return err
			}
		}
		parquet.Release(page)
	}
}

// classes are the names that the metadata of a file from Hugging Face has for a column of labels; nil for none.
func classes(f *parquet.File, label string) []string {
	text, _ := f.Lookup("huggingface")
	var metadata struct {
		Info struct {
			Features map[string]struct {
				Names []string `json:"names"`
			} `json:"features"`
		} `json:"info"`
	}
	if json.Unmarshal([]byte(text), &metadata) != nil {
		return nil // of another kind, or another version
	}
	return metadata.Info.Features[label].Names
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
