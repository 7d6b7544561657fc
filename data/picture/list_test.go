package picture_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/data/picture"
	"github.com/fastresnet/fastresnet/internal/testpicture"
	"github.com/google/go-cmp/cmp"
)

// Lists may be as spreadsheets and programs of Windows write them.
func TestLists(t *testing.T) {
	want := []picture.Labelled{{Path: "a.png", Class: "cat"}, {Path: "b, c.png", Class: "black dog"}}
	csv := func(text string) ([]picture.Labelled, error) { return picture.ReadCSV(strings.NewReader(text)) }
	lines := func(text string) ([]picture.Labelled, error) { return picture.ReadJSONLines(strings.NewReader(text)) }
	for _, tt := range []struct {
		name string
		read func(string) ([]picture.Labelled, error)
		text string
	}{
		{"plain", csv, "path,label\na.png,cat\n\"b, c.png\",black dog\n"},
		{"a mark, and lines of Windows", csv, "\ufeffpath,label\r\na.png,cat\r\n\"b, c.png\",black dog\r\n"},
		{"empty rows", csv, "path,label,note\n,,\na.png,cat,\n\"b, c.png\",black dog,\n, ,\n,,\n"},
		{"semicolons", csv, "Label;Path\ncat;a.png\nblack dog;b, c.png\n"},
		{"semicolons, as Excel is told", csv, "sep=;\r\npath;label\r\na.png;cat\r\nb, c.png;black dog\r\n"},
		{"semicolons in spite of a comma in a name, as Excel is told", csv, "sep=;\npath;label;a, b\na.png;cat;\n\"b, c.png\";black dog;\n"},
		{"tabs", csv, "path\tlabel\na.png\tcat\nb, c.png\tblack dog\n"},
		{"spaces", csv, "path, label\na.png, cat\n\"b, c.png\", black dog \n"},
		{"spaces before quotation marks", csv, "path, label\n\"a.png\", \"cat\"\n\"b, c.png\", \"black dog\"\n"},
		{"lines of JSON with a mark", lines, "\ufeff{\"path\": \"a.png\", \"label\": \"cat\"}\r\n{\"path\": \"b, c.png\", \"label\": \"black dog\"}\r\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.read(tt.text)
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("error %v, list (-want +got):\n%s", err, diff)
			}
		})
	}
	refused := func(t *testing.T, read func(string) ([]picture.Labelled, error), text, says string) {
		t.Helper()
		if list, err := read(text); list != nil || !errors.Is(err, data.ErrFormat) || !strings.Contains(err.Error(), says) {
			t.Errorf("%.100q: %d entries, error %v, want ErrFormat that says %s", text, len(list), err, says)
		}
	}
	for _, tt := range []struct{ text, says string }{
		{"path;label\na.png;cat\n;\nb.png;\n", `line 4: path "b.png", label "": need both`},
		{"path,label\na.png,L\xf6ffel\n", `line 2: path "a.png", label "L\xf6ffel": not UTF-8`},
		{"path,label\n" + strings.Repeat("a.png,\n", 12), "line 11: path \"a.png\", label \"\": need both, or no row at all\nand 2 more lines"},
		{"path,label\na.png,\nb.png,cat,3\n", "wrong number of fields\nline 2: path \"a.png\", label \"\": need both"},
		{"\xff\xfep\x00a\x00t\x00h\x00,\x00l\x00a\x00b\x00e\x00l\x00\n\x00", "it looks like UTF-16"},
	} {
		refused(t, csv, tt.text, tt.says)
	}
	const number, empty, good = `{"path": 1, "label": "cat"}` + "\n", `{"path": "a.png"}` + "\n", `{"path": "a.png", "label": "cat"}` + "\n"
	const ofNumber, ofEmpty = "path and label must be strings: the path is number", `path "a.png", label "": need both, or no row at all`
	for _, tt := range []struct{ text, says string }{
		{good + number + good + empty + "{]\n" + `["a.png", "cat"]`, "line 2: " + ofNumber + "\nline 4: " + ofEmpty +
			"\nline 5: invalid character ']' looking for beginning of object key string\nline 6: need an object with path and label, not array"},
		{`{"path": "a.png", "label": true}`, "line 1: path and label must be strings: the label is bool"},
		{strings.Repeat(number, 12), "line 10: " + ofNumber + "\nand 2 more lines"},
		{number + empty + strings.Repeat("x", 2<<20), "line 3 has more than 1048576 bytes\nline 1: " + ofNumber + "\nline 2: " + ofEmpty},
	} {
		refused(t, lines, tt.text, tt.says)
	}
}

// A list that was written on Windows is read elsewhere, and one whose files have backslashes in their names is, too.
func TestListOfWindows(t *testing.T) {
	if filepath.Separator == '\\' {
		t.Skip("backslashes are this system's own")
	}
	folder := t.TempDir()
	if err := os.Mkdir(filepath.Join(folder, "cats"), 0o700); err != nil {
		t.Fatal(err)
	}
	png := testpicture.Encode(t, "png", testpicture.Image(4, 4))
	for name, content := range map[string][]byte{"cats/a.png": png, `dogs\b.png`: png, "list.csv": []byte("path,label\ncats\\a.png,cat\ndogs\\b.png,dog\n")} {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	set, _, err := picture.Reader{}.List(t.Context(), filepath.Join(folder, "list.csv"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{`cats\a.png`, `dogs\b.png`}, []string{set.Name(0), set.Name(1)}); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
}

// Labels that are all different, as of a column that holds something else, take no time that grows with their square.
func TestManyLabels(t *testing.T) {
	list := make([]picture.Labelled, 200_000)
	for i := range list {
		list[i] = picture.Labelled{Path: "a.png", Class: fmt.Sprintf("%09d", i)}
	}
	begun := time.Now()
	_, _, err := picture.Reader{MemoryLimit: 1}.Pictures(t.Context(), fstest.MapFS{}, list) // which is asked for behind the labels
	if !errors.Is(err, picture.ErrMemory) || time.Since(begun) > 5*time.Second {
		t.Errorf("error %v after %v", err, time.Since(begun))
	}
}
