package report_test

import (
	"bytes"
	"encoding/xml"
	"io"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet/report"
)

// element is one of a page.
type element struct {
	name     string
	attrs    map[string]string
	children []*element
	text     string // its own, between its children
}

// written is the page of some runs, as text and parsed.
func written(t testing.TB, runs ...report.Run) (string, *element) {
	t.Helper()
	var b bytes.Buffer
	check(t, report.HTML(&b, runs...))
	return b.String(), parse(t, b.String())
}

// parse reads a page.
func parse(t testing.TB, page string) *element {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(page))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	root := &element{}
	open := []*element{root}
	for {
		token, err := d.Token()
		if err == io.EOF {
			return root
		}
		check(t, err)
		top := open[len(open)-1]
		switch token := token.(type) {
		case xml.StartElement:
			e := &element{name: token.Name.Local, attrs: map[string]string{}}
			for _, a := range token.Attr {
				e.attrs[a.Name.Local] = a.Value
			}
			top.children = append(top.children, e)
			open = append(open, e)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			top.text += string(token)
			top.children = append(top.children, &element{text: string(token)})
		}
	}
}

// all are the elements with a name, in order; any for "".
func (e *element) all(name string) (found []*element) {
	for _, c := range e.children {
		if c.name != "" && (name == "" || c.name == name) {
			found = append(found, c)
		}
		found = append(found, c.all(name)...)
	}
	return found
}

// words are all of its text, with a space where there is any.
func (e *element) words() string {
	var text strings.Builder
	var add func(e *element)
	add = func(e *element) {
		if e.name == "" {
			text.WriteString(e.text)
		}
		if e.name == "style" || e.name == "script" {
			return
		}
		for _, c := range e.children {
			add(c)
		}
		if e.name != "" && e.name != "bdi" {
			text.WriteString(" ")
		}
	}
	for _, c := range e.children {
		add(c)
	}
	return strings.Join(strings.Fields(text.String()), " ")
}
