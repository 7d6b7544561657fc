package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/examples/internal/results"
	"github.com/fastresnet/fastresnet/internal/pathname"
)

// reporter prints what becomes of each picture, as it is known.
type reporter interface {
	classified(file string, p fastresnet.Prediction) error
	failed(file string, why error) error
	// end is called behind the last picture.
	end() error
}

// table is for people: a line a picture. Files that could not be read are not in it.
type table struct {
	w                     io.Writer
	top                   int
	fileWidth, classWidth int
	threshold             float64
	headed, unknown       bool // whether there is a head, and an answer below the threshold
}

const widestFile = 60 // columns; a longer name pushes its own line out only

func newTable(w io.Writer, top int, sources []source, classes []string, threshold float64) *table {
	t := &table{w: w, top: top, threshold: threshold, fileWidth: len("file"), classWidth: len("class")}
	for _, source := range sources {
		t.fileWidth = max(t.fileWidth, min(utf8.RuneCountInString(pathname.Printable(source.name)), widestFile))
	}
	mark := 0
	if threshold > 0 {
		mark = 1 // for a question mark
	}
	for _, class := range classes {
		t.classWidth = max(t.classWidth, utf8.RuneCountInString(pathname.Printable(class))+mark)
	}
	return t
}

func (t *table) classified(file string, p fastresnet.Prediction) error {
	if !t.headed {
		t.headed = true
		next := ""
		if t.top > 1 {
			next = "next"
		}
		if err := t.line("file", "class", "probability", next); err != nil {
			return err
		}
	}
	ranking := results.Ranking(p, t.top)
	var next []string
	for _, c := range ranking[1:] {
		next = append(next, pathname.Printable(c.Label)+" "+percent(c.Probability))
	}
	class := pathname.Printable(ranking[0].Label)
	if p.Unknown { // by the model's threshold
		class += "?"
		t.unknown = true
	}
	return t.line(pathname.Printable(file), class, percent(ranking[0].Probability), strings.Join(next, ", "))
}

func (t *table) line(file, class, probability, next string) error {
	line := fmt.Sprintf("%-*s  %-*s  %11s  %s", t.fileWidth, file, t.classWidth, class, probability, next)
	_, err := fmt.Fprintln(t.w, strings.TrimRight(line, " "))
	return err
}

func (t *table) failed(string, error) error { return nil } // standard error has it

// end explains the question marks, if there are some.
func (t *table) end() error {
	if !t.unknown {
		return nil
	}
	_, err := fmt.Fprintf(t.w, "\n? behind a class: it is less probable than the threshold, %g\n", t.threshold)
	return err
}

func percent(p float32) string { return fmt.Sprintf("%.1f %%", 100*p) }

// lines is for programs: a JSON object a line, in the order in which the pictures are done with.
type lines struct {
	e   *json.Encoder
	top int
}

// outcome is one line. There are classes, or an error.
type outcome struct {
	File    string          `json:"file"`
	Classes []results.Class `json:"classes,omitempty"`
	Unknown bool            `json:"unknown,omitempty"` // by the model's threshold
	Error   string          `json:"error,omitempty"`
}

func newLines(w io.Writer, top int) *lines { return &lines{e: json.NewEncoder(w), top: top} }

func (l *lines) classified(file string, p fastresnet.Prediction) error {
	return l.e.Encode(outcome{File: file, Classes: results.Ranking(p, l.top), Unknown: p.Unknown})
}

func (l *lines) failed(file string, why error) error {
	return l.e.Encode(outcome{File: file, Error: why.Error()})
}

func (l *lines) end() error { return nil }
