package picture

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/fastresnet/fastresnet/data"
)

// List reads the pictures that a file lists, one that [ReadCSV] reads if its name ends in .csv, or [ReadJSONLines] if it
// ends in .jsonl or .ndjson. Paths in it are those of the system, or have the backslashes of Windows; relative ones begin at the
// list's folder. Errors are those of [Reader.Folder].
func (r Reader) List(ctx context.Context, name string) (*data.Dataset, Report, error) {
	list, err := readList(name)
	if err != nil {
		return nil, Report{}, fmt.Errorf("reading %s: %w", name, err)
	}
	open := func(picture string) (fs.File, error) {
		file, err := openListed(filepath.Dir(name), picture)
		if errors.Is(err, fs.ErrNotExist) && strings.Contains(picture, `\`) {
			if windows, err := openListed(filepath.Dir(name), strings.ReplaceAll(picture, `\`, "/")); err == nil {
				return windows, nil
			}
		}
		return file, err
	}
	set, report, err := r.read(ctx, files(ctx, open, list), found{pictures: list})
	if err != nil {
		err = fmt.Errorf("reading the pictures of %s: %w", name, err)
	}
	return set, report, err
}

// openListed opens a picture of a list in a folder.
func openListed(folder, picture string) (fs.File, error) {
	if picture = filepath.FromSlash(picture); !filepath.IsAbs(picture) {
		picture = filepath.Join(folder, picture)
	}
	if err := checkFile(os.Stat(picture)); err != nil {
		return nil, err
	}
	return os.Open(picture)
}

func readList(name string) ([]Labelled, error) {
	read := ReadCSV
	switch strings.ToLower(filepath.Ext(name)) {
	case ".csv":
	case ".jsonl", ".ndjson":
		read = ReadJSONLines
	default:
		return nil, fmt.Errorf("%w: a list's name must end in .csv, .jsonl or .ndjson", data.ErrFormat)
	}
	file, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: there is no such file", data.ErrNotFound)
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return read(file)
}

// ReadCSV reads a list of pictures as comma-separated values (RFC 4180), or with semicolons or tabs between them, as
// spreadsheet programs write them: if a line before the first row says so, "sep=;", or if that has no comma. The first row
// names the columns, of which "path" and "label" count. Spaces around a value are not part of it, and empty rows do not
// count. The error wraps [data.ErrFormat], and names the lines.
func ReadCSV(r io.Reader) ([]Labelled, error) {
	text := withoutMark(r)
	rows := csv.NewReader(text)
	start, _ := text.Peek(text.Size()) // as much as there is
	first, _, _ := bytes.Cut(start, []byte("\n"))
	switch told, says := strings.CutPrefix(strings.TrimRight(string(first), "\r"), "sep="); {
	case says && slices.Contains([]string{",", ";", "\t"}, told): // Excel is told so
		rows.Comma = rune(told[0])
		text.Discard(len(first) + 1)
	case bytes.ContainsRune(first, ','):
	case bytes.ContainsRune(first, ';'):
		rows.Comma = ';'
	case bytes.ContainsRune(first, '\t'):
		rows.Comma = '\t'
	}
	rows.TrimLeadingSpace = rows.Comma != '\t' // which is space, too
	header, err := rows.Read()
	if errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: the list is empty", data.ErrFormat)
	}
	if err != nil {
		return nil, listError(err)
	}
	for i := range header {
		header[i] = strings.ToLower(strings.TrimSpace(header[i]))
	}
	path, label := slices.Index(header, "path"), slices.Index(header, "label")
	if path < 0 || label < 0 {
		advice := ""
		if bytes.ContainsRune(first, 0) {
			advice = "; it looks like UTF-16: save it as UTF-8"
		}
		return nil, fmt.Errorf("%w: the first row is %q: it must name the columns, path and label among them%s", data.ErrFormat, header, advice)
	}
	var list entries
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return list.all()
		}
		if err != nil {
			return nil, list.stopped(listError(err))
		}
		for i := range row {
			row[i] = strings.TrimSpace(row[i])
		}
		if !slices.ContainsFunc(row, func(value string) bool { return value != "" }) {
			continue
		}
		line, _ := rows.FieldPos(0)
		list.add(line, Labelled{row[path], row[label]})
	}
}

// withoutMark is a text without the mark at its start that programs of Windows write, spreadsheets among them.
func withoutMark(r io.Reader) *bufio.Reader {
	text := bufio.NewReader(r)
	if mark, _ := text.Peek(3); bytes.Equal(mark, []byte("\xef\xbb\xbf")) {
		text.Discard(3)
	}
	return text
}

// listError is an error of the file, or of what is in it.
func listError(err error) error {
	if wrong := (*csv.ParseError)(nil); errors.As(err, &wrong) {
		return fmt.Errorf("%w: %w", data.ErrFormat, err)
	}
	return err
}

// entries are what a list has, and what is wrong with others.
type entries struct {
	good []Labelled
	bad  []string
}

// add takes the entry of a line, or notes that it lacks something or is not text as the library has it.
func (e *entries) add(line int, l Labelled) {
	switch {
	case !utf8.ValidString(l.Path + l.Class):
		e.bad = append(e.bad, fmt.Sprintf("line %d: path %q, label %q: not UTF-8: save the list as \"CSV UTF-8\"", line, l.Path, l.Class))
	case l.Path == "" || l.Class == "":
		e.bad = append(e.bad, fmt.Sprintf("line %d: path %q, label %q: need both, or no row at all", line, l.Path, l.Class))
	default:
		e.good = append(e.good, l)
	}
}

// noJSON notes what json.Unmarshal says of a line.
func (e *entries) noJSON(line int, err error) {
	wrong := (*json.UnmarshalTypeError)(nil)
	switch {
	case !errors.As(err, &wrong):
		e.bad = append(e.bad, fmt.Sprintf("line %d: %v", line, err))
	case wrong.Field == "":
		e.bad = append(e.bad, fmt.Sprintf("line %d: need an object with path and label, not %s", line, wrong.Value))
	default:
		e.bad = append(e.bad, fmt.Sprintf("line %d: path and label must be strings: the %s is %s", line, wrong.Field, wrong.Value))
	}
}

// all are the entries, unless something is wrong with one.
func (e *entries) all() ([]Labelled, error) {
	if len(e.bad) > 0 {
		return nil, fmt.Errorf("%w: %s", data.ErrFormat, e.complaints())
	}
	return e.good, nil
}

// stopped is an error behind which the list is not read, with what is wrong before it.
func (e *entries) stopped(err error) error {
	if len(e.bad) > 0 {
		return fmt.Errorf("%w\n%s", err, e.complaints())
	}
	return err
}

// complaints has a line for each of the first entries with which something is wrong.
func (e *entries) complaints() string {
	const named = 10
	text := strings.Join(e.bad[:min(named, len(e.bad))], "\n")
	if more := len(e.bad) - named; more > 0 {
		text += fmt.Sprintf("\nand %d more lines", more)
	}
	return text
}

// ReadJSONLines reads a list of pictures of which each line is a JSON object with the strings "path" and "label".
// Other fields, and empty lines, do not count. The error wraps [data.ErrFormat], and names the lines.
func ReadJSONLines(r io.Reader) ([]Labelled, error) {
	const longest = 1 << 20
	lines := bufio.NewScanner(withoutMark(r))
	lines.Buffer(nil, longest)
	var list entries
	n := 1
	for ; lines.Scan(); n++ {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		var entry struct {
			Path  string `json:"path"`
			Label string `json:"label"`
		}
		if err := json.Unmarshal(lines.Bytes(), &entry); err != nil {
			list.noJSON(n, err)
			continue
		}
		list.add(n, Labelled{entry.Path, entry.Label})
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return nil, list.stopped(fmt.Errorf("%w: line %d has more than %d bytes", data.ErrFormat, n, longest))
	case err != nil:
		return nil, list.stopped(err)
	}
	return list.all()
}
