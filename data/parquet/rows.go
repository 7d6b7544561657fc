package parquet

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/data/picture"
	"github.com/parquet-go/parquet-go"
)

// rows are what has been read.
type rows struct {
	given   bool     // whether the classes are the caller's
	classes []string // nil where none are known
	names   []string // of the rows
	texts   []string // their labels, if they are texts
	numbers []int64  // the same, if they are integers
	content memory
	held    int64 // bytes that they take
	limit   int64 // and how many they may; 0 for any number
}

// take counts bytes that are to be held.
func (r *rows) take(bytes int) error {
	if r.held += int64(bytes); r.limit > 0 && r.held > r.limit {
		return fmt.Errorf("%w: encoded, those up to row %d take more than the %d MiB that are free or allowed: read fewer files", picture.ErrMemory, len(r.names), r.limit>>20)
	}
	return nil
}

// read reads a file, which is called name, until ctx ends.
func (r *rows) read(ctx context.Context, path, name string, c Columns) (err error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: there is no such file", data.ErrNotFound)
	case err != nil:
		return err
	case !info.Mode().IsRegular(): // to open a pipe would wait for somebody who writes to it
		return fmt.Errorf("%w: it is not a regular file", data.ErrFormat)
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	defer func() { // what reads the format was not made for hostile files
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", data.ErrFormat, p)
		}
	}()
	if err := checkFooter(file, info.Size()); err != nil {
		return err
	}
	f, err := parquet.OpenFile(file, info.Size(), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return fmt.Errorf("%w: it is no sound Parquet file: %w", data.ErrFormat, err)
	}
	switch names := classes(f, c.Label); {
	case r.given || names == nil:
	case r.classes == nil:
		r.classes = names
	case !slices.Equal(names, r.classes):
		return fmt.Errorf("%w: its metadata name the classes %q, those of a file before it %q: need the same, in one order",
			data.ErrFormat, names, r.classes)
	}
	columns := f.Schema().Columns()
	image := slices.IndexFunc(columns, func(path []string) bool {
		return slices.Equal(path, []string{c.Image, "bytes"}) || slices.Equal(path, []string{c.Image})
	})
	label := slices.IndexFunc(columns, func(path []string) bool { return slices.Equal(path, []string{c.Label}) })
	switch {
	case c.Image == "" || c.Label == "":
		return fmt.Errorf("%w: Columns must name those of Image and Label: there are %s", data.ErrNotFound, listed(f.Schema().Fields()))
	case image < 0 || label < 0:
		return fmt.Errorf("%w: need the columns %q and %q, there are %s", data.ErrNotFound, c.Image, c.Label, listed(f.Schema().Fields()))
	}
	row := 0
	for _, group := range f.RowGroups() {
		chunks, labelled := group.ColumnChunks(), row
		err := each(ctx, chunks[image], group.NumRows(), func(v parquet.Value) error {
			const beside = 256 // bytes that a row takes beside its picture and its label's text
			name := fmt.Sprintf("%s#%d", name, row)
			if v.Kind() != parquet.ByteArray {
				return fmt.Errorf("%w: row %d has no picture", data.ErrFormat, row)
			}
			if err := r.take(len(v.ByteArray()) + beside); err != nil {
				return err
			}
			r.names = append(r.names, name)
			r.content[name] = bytes.Clone(v.ByteArray())
			row++
			return nil
		})
		if err != nil {
			return err
		}
		err = each(ctx, chunks[label], group.NumRows(), func(v parquet.Value) error {
			labelled++
			return r.label(labelled-1, v)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// listed are columns in a message, a group with what it is of.
func listed(columns []parquet.Field) string {
	var all []string
	for _, c := range columns {
		one := strconv.Quote(c.Name())
		if !c.Leaf() {
			one += " (a group of " + listed(c.Fields()) + ")"
		}
		all = append(all, one)
	}
	return strings.Join(all, ", ")
}

// checkFooter reports a file whose footer is longer than the file, by the length that is at its end: as much memory would be
// taken.
func checkFooter(file io.ReaderAt, size int64) error {
	end := make([]byte, 8) // the footer's length, and the format's name
	if _, err := file.ReadAt(end, max(0, size-int64(len(end)))); err != nil {
		return fmt.Errorf("%w: it has %d bytes, and is no Parquet file: %w", data.ErrFormat, size, err)
	}
	if footer := int64(binary.LittleEndian.Uint32(end)); footer > size-int64(len(end)) {
		return fmt.Errorf("%w: it has %d bytes, and says that its footer alone has %d", data.ErrFormat, size, footer)
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
		if err := r.take(len(v.ByteArray())); err != nil {
			return err
		}
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
		if n < 0 {
			return nil, fmt.Errorf("%w: %s: label %d: labels count from 0", data.ErrFormat, r.names[i], n)
		}
		if n >= int64(len(r.classes)) {
			return nil, fmt.Errorf("%w: %s: label %d is not in 0 to %d", data.ErrFormat, r.names[i], n, len(r.classes)-1)
		}
		list[i].Class = r.classes[n]
	}
	return list, nil
}

// each calls f for the values of a group's column, one for each of its rows, until ctx ends. How many values a page claims to
// have does not matter.
func each(ctx context.Context, column parquet.ColumnChunk, rows int64, f func(parquet.Value) error) error {
	pages := column.Pages()
	defer pages.Close()
	buffer := make([]parquet.Value, 1024)
	for row := int64(0); row < rows; {
		page, err := pages.ReadPage()
		if errors.Is(err, io.EOF) {
			return fmt.Errorf("%w: a group of %d rows has %d values in a column", data.ErrFormat, rows, row)
		}
		if err != nil {
			return fmt.Errorf("%w: %w", data.ErrFormat, err)
		}
		for values := page.Values(); err == nil && row < rows; {
			if err := ctx.Err(); err != nil {
				return err
			}
			var n int
			n, err = values.ReadValues(buffer[:min(int64(len(buffer)), rows-row)])
			for _, v := range buffer[:n] {
				if err := f(v); err != nil {
					return err
				}
			}
			row += int64(n)
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("%w: %w", data.ErrFormat, err)
		}
		parquet.Release(page)
	}
	return nil
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
