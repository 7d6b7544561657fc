package parquet_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/data/parquet"
	"github.com/fastresnet/fastresnet/data/picture"
	"github.com/fastresnet/fastresnet/internal/testpicture"
	"github.com/google/go-cmp/cmp"
	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// row is one as Hugging Face has it.
type row struct {
	Image struct {
		Bytes []byte  `parquet:"bytes,optional"`
		Path  *string `parquet:"path,optional"`
	} `parquet:"image"`
	Label int64 `parquet:"label"`
}

// plain is a row with the bytes alone, and a text for a label.
type plain struct {
	Image []byte `parquet:"image"`
	Label string `parquet:"label"`
}

// grey is a picture of one shade.
func grey(t testing.TB, shade uint8) []byte {
	img := image.NewGray(image.Rect(0, 0, 2, 2))
	for i := range img.Pix {
		img.Pix[i] = shade
	}
	img.Set(0, 0, color.Gray{Y: shade})
	return testpicture.Encode(t, "png", img)
}

// write writes rows as a file, in groups of two, with metadata of that name.
func write[T any](t testing.TB, name string, rows []T, metadata ...string) string {
	t.Helper()
	options := []pq.WriterOption{pq.MaxRowsPerRowGroup(2)}
	if len(metadata) > 0 {
		options = append(options, pq.KeyValueMetadata("huggingface", metadata[0]))
	}
	return writeAs(t, name, rows, options...)
}

// writeAs writes rows as a file, as options have it.
func writeAs[T any](t testing.TB, name string, rows []T, options ...pq.WriterOption) string {
	t.Helper()
	var b bytes.Buffer
	w := pq.NewGenericWriter[T](&b, options...)
	if _, err := w.Write(rows); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func rows(t testing.TB, labels ...int64) []row {
	all := make([]row, len(labels))
	path := "path.png" // which is no image's name
	for i, label := range labels {
		all[i].Image.Bytes, all[i].Image.Path, all[i].Label = grey(t, uint8(10*i)), &path, label
	}
	return all
}

const names = `{"info": {"features": {"image": {"_type": "Image"}, "label": {"names": ["cat", "dog", "owl"], "_type": "ClassLabel"}}}}`

var columns = parquet.Columns{Image: "image", Label: "label"}

func TestRead(t *testing.T) {
	tiny := picture.Reader{Shape: data.Shape{Height: 1, Width: 1, Channels: 1}}
	named := tiny
	named.Classes = []string{"a", "b", "c", "d"}
	texts := []plain{{grey(t, 0), "dog"}, {grey(t, 10), "cat"}, {grey(t, 20), "dog"}}
	for _, tt := range []struct {
		name    string
		reader  picture.Reader
		files   []string
		labels  []int
		classes []string
	}{
		{"names in the metadata", tiny, []string{write(t, "a.parquet", rows(t, 2, 0, 1), names)}, []int{2, 0, 1}, []string{"cat", "dog", "owl"}},
		{"no names", tiny, []string{write(t, "a.parquet", rows(t, 2, 0, 2))}, []int{2, 0, 2}, []string{"0", "1", "2"}},
		{"names of the reader", named, []string{write(t, "a.parquet", rows(t, 3, 0, 1), names)}, []int{3, 0, 1}, []string{"a", "b", "c", "d"}},
		{"metadata of another kind", tiny, []string{write(t, "a.parquet", rows(t, 1, 0, 1), "[]")}, []int{1, 0, 1}, []string{"0", "1"}},
		{"texts", tiny, []string{write(t, "a.parquet", texts)}, []int{1, 0, 1}, []string{"cat", "dog"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			set, _, err := parquet.Read(context.Background(), tt.reader, columns, tt.files...)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.labels, set.Labels()); diff != "" {
				t.Errorf("labels (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.classes, set.Classes()); diff != "" {
				t.Errorf("classes (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]uint8{0, 10, 20}, set.Pixels()); diff != "" {
				t.Errorf("pixels (-want +got):\n%s", diff)
			}
			if set.Name(2) != "a.parquet#2" {
				t.Errorf("the last is called %s", set.Name(2))
			}
		})
	}

	// Two files are one set.
	set, _, err := parquet.Read(context.Background(), tiny, columns, write(t, "a.parquet", rows(t, 0, 1), names), write(t, "b.parquet", rows(t, 2), names))
	if err != nil || set.Len() != 3 || set.Name(2) != "b.parquet#0" || set.Label(2) != 2 {
		t.Errorf("two files: %v, %v", set, err)
	}

	// So are two of one name.
	first, second := write(t, "a.parquet", rows(t, 0, 1), names), write(t, "a.parquet", rows(t, 2, 1, 0)[1:], names)
	set, _, err = parquet.Read(context.Background(), tiny, columns, first, second)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]uint8{0, 10, 10, 20}, set.Pixels()); diff != "" {
		t.Errorf("two files of one name: pixels (-want +got):\n%s", diff)
	}
	if want := filepath.ToSlash(second) + "#0"; set.Name(2) != want {
		t.Errorf("two files of one name: the third image is called %s, want %s", set.Name(2), want)
	}

	// But not those in which an integer means different classes; the Reader's classes go before both.
	others := strings.Replace(names, `"cat", "dog"`, `"dog", "cat"`, 1)
	files := []string{write(t, "a.parquet", rows(t, 0, 1), names), write(t, "b.parquet", rows(t, 0, 1)), write(t, "c.parquet", rows(t, 0, 1), others)}
	if set, _, err := parquet.Read(context.Background(), tiny, columns, files...); !errors.Is(err, data.ErrFormat) ||
		!strings.Contains(err.Error(), `c.parquet: invalid data: its metadata name the classes ["dog" "cat" "owl"], those of a file before it ["cat" "dog" "owl"]`) {
		t.Errorf("files that differ in the names of classes: %v, %v", set, err)
	}
	if set, _, err := parquet.Read(context.Background(), named, columns, files...); err != nil || set.Len() != 6 {
		t.Errorf("the same with the Reader's: %v, %v", set, err)
	}
	if set, _, err := parquet.Read(context.Background(), tiny, columns, files[:2]...); err != nil || !slices.Equal(set.Classes(), []string{"cat", "dog", "owl"}) {
		t.Errorf("with a file that has no names: %v, %v", set, err)
	}
}

// A file that PyArrow has written: ../testdata/make.py.
func TestPyArrowsOwnFile(t *testing.T) {
	shape := data.Shape{Height: 4, Width: 3, Channels: 3}
	set, _, err := parquet.Read(context.Background(), picture.Reader{Shape: shape}, columns, "testdata/pyarrow.parquet")
	if err != nil {
		t.Fatal(err)
	}
	var pixels []uint8
	for i := range uint8(72) {
		pixels = append(pixels, i)
	}
	if diff := cmp.Diff(pixels, set.Pixels()); diff != "" {
		t.Errorf("pixels (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"dog", "cat"}, []string{set.Classes()[set.Label(0)], set.Classes()[set.Label(1)]}); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
}

func TestReadRefuses(t *testing.T) {
	none := rows(t, 0, 1)
	none[1].Image.Bytes = nil
	broken := rows(t, 0, 1)
	broken[1].Image.Bytes = broken[1].Image.Bytes[:20]
	sound := write(t, "sound.parquet", rows(t, 0, 1, 2), names)
	content, err := os.ReadFile(sound)
	if err != nil {
		t.Fatal(err)
	}
	spoil := func(name string, change func([]byte) []byte) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, change(bytes.Clone(content)), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, tt := range []struct {
		name    string
		file    string
		columns parquet.Columns
		want    error
		says    string
	}{
		{"no file", "nowhere.parquet", columns, data.ErrNotFound, "nowhere.parquet"},
		{"text", spoil("text.parquet", func([]byte) []byte { return []byte("hello, this is text") }), columns, data.ErrFormat, "text.parquet"},
		{"cut", spoil("cut.parquet", func(b []byte) []byte { return b[:len(b)/2] }), columns, data.ErrFormat, "cut.parquet"},
		{"empty", spoil("empty.parquet", func([]byte) []byte { return nil }), columns, data.ErrFormat, "empty.parquet"},
		{"a column that there is not", sound, parquet.Columns{Image: "img", Label: "label"}, data.ErrNotFound,
			`need the columns "img" and "label", there are "image" (a group of "bytes", "path"), "label"`},
		{"no names of columns", sound, parquet.Columns{}, data.ErrNotFound, `Columns must name those of Image and Label: there are "image" (a`},
		{"no name of the labels", sound, parquet.Columns{Image: "image"}, data.ErrNotFound, "Columns must name"},
		{"no picture in a row", write(t, "none.parquet", none, names), columns, data.ErrFormat, "row 1"},
		{"a broken picture", write(t, "broken.parquet", broken, names), columns, picture.ErrBroken, "broken.parquet#1"},
		{"a label without a name", write(t, "label.parquet", rows(t, 0, 3), names), columns, data.ErrFormat, "label 3"},
		{"a label below 0", write(t, "below.parquet", rows(t, 0, -1)), columns, data.ErrFormat, "below.parquet#1: label -1: labels count from 0"},
		{"a huge label", write(t, "huge.parquet", rows(t, 0, 1<<40)), columns, data.ErrFormat, "label 1099511627776"},
		{"pictures for labels", sound, parquet.Columns{Image: "label", Label: "label"}, data.ErrFormat, "no picture"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			set, _, err := parquet.Read(context.Background(), picture.Reader{}, tt.columns, tt.file)
			if set != nil || !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("set %v, error %v; want %v that says %q", set, err, tt.want, tt.says)
			}
		})
	}
	if _, _, err := parquet.Read(context.Background(), picture.Reader{}, columns); !errors.Is(err, data.ErrNotFound) {
		t.Errorf("no files: %v", err)
	}
	// Bytes that are flipped anywhere are an error, or pictures that can be read, and no panic.
	for i := 0; i < len(content); i += 7 {
		file := spoil("flipped.parquet", func(b []byte) []byte { b[i] ^= 0x55; return b })
		if set, _, err := parquet.Read(context.Background(), picture.Reader{}, columns, file); (set == nil) == (err == nil) {
			t.Errorf("byte %d: set %v, error %v", i, set, err)
		}
	}
}

// What a file claims, or says once for many rows, takes no memory.
func TestReadTakesNoMemoryByNumbers(t *testing.T) {
	short := filepath.Join(t.TempDir(), "12.parquet")
	if err := os.WriteFile(short, []byte("PAR1\xff\xff\xff\xffPAR1"), 0o644); err != nil {
		t.Fatal(err)
	}
	type dictionary struct {
		Image []byte `parquet:"image,dict"`
		Label string `parquet:"label,dict"`
	}
	const many = 1000
	large := bytes.Repeat([]byte{'x'}, 20<<10)
	for _, tt := range []struct {
		name, file string
		want       error
		says       string
	}{
		{"a footer longer than the file", short, data.ErrFormat, "footer"},
		{"a page of ten million values", claiming(t, write(t, "claiming.parquet", []plain{{grey(t, 0), "cat"}, {grey(t, 1), "dog"}}), 10_000_000), nil, ""},
		{"one picture for all rows", writeAs(t, "pictures.parquet", slices.Repeat([]dictionary{{large, "a"}}, many)), picture.ErrMemory, "row"},
		{"one text for all rows", writeAs(t, "texts.parquet", slices.Repeat([]dictionary{{large[:1], string(large)}}, many)), picture.ErrMemory, "row"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, _, err := parquet.Read(context.Background(), picture.Reader{MemoryLimit: 5 << 20}, columns, tt.file)
			runtime.ReadMemStats(&after)
			if !errors.Is(err, tt.want) || err != nil && !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error %v, want %v that says %q", err, tt.want, tt.says)
			}
			if took := (after.TotalAlloc - before.TotalAlloc) >> 20; took > 60 {
				t.Errorf("it took %d MiB", took)
			}
		})
	}
}

// Reading a file ends with its context, and needs one.
func TestReadEnds(t *testing.T) {
	var none context.Context
	if _, _, err := parquet.Read(none, picture.Reader{}, columns, "a.parquet"); err == nil || !strings.Contains(err.Error(), "context is nil") {
		t.Errorf("no context: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := parquet.Read(ctx, picture.Reader{}, columns, write(t, "a.parquet", rows(t, 0, 1))); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
}

// claiming is a file whose first page of pictures claims a number of values.
func claiming(t testing.TB, path string, values int32) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := pq.OpenFile(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	metadata := f.Metadata()
	column := &metadata.RowGroups[0].Columns[0].MetaData
	pages := content[column.DataPageOffset:][:column.TotalCompressedSize]
	var protocol thrift.CompactProtocol
	reader := protocol.NewReaderFromBytes(pages)
	var header format.PageHeader
	if err := thrift.NewDecoder(reader).Decode(&header); err != nil {
		t.Fatal(err)
	}
	header.DataPageHeader.V.NumValues, header.DataPageHeaderV2.V.NumValues = values, values
	changed, err := thrift.Marshal(&protocol, &header)
	if err != nil {
		t.Fatal(err)
	}
	changed = append(changed, pages[reader.BytesRead():]...)
	// The page comes behind all others, and the footer behind it.
	end := len(content) - 8
	content = content[:end-int(binary.LittleEndian.Uint32(content[end:]))]
	column.DataPageOffset, column.TotalCompressedSize = int64(len(content)), int64(len(changed))
	footer, err := thrift.Marshal(&protocol, metadata)
	if err != nil {
		t.Fatal(err)
	}
	content = slices.Concat(content, changed, footer, binary.LittleEndian.AppendUint32(nil, uint32(len(footer))), []byte("PAR1"))
	path = filepath.Join(t.TempDir(), filepath.Base(path))
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}
