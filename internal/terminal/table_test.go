package terminal

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTable(t *testing.T) {
	named := []Column{{Name: "name", Left: true}, {Name: "what it is", Left: true, Cut: true}, {Name: "n"}}
	grouped := []Column{{Name: "name", Left: true}, {Group: "time", Name: "cold"}, {Name: "warm"}}
	for _, test := range []struct {
		name  string
		table Table
		width int
		want  string
	}{
		{"no terminal", Table{named, [][]string{{"one", "the first of them", "1"}, {"two", "the second", "10"}}}, 0,
			"name  what it is          n\none   the first of them   1\ntwo   the second         10\n"},
		{"a text is cut", Table{named, [][]string{{"one", "the first of them", "1"}}}, 22,
			"name  what it is     n\none   the first of…  1\n"},
		{"a text is left out", Table{named, [][]string{{"one", "the first of them", "1"}}}, 15,
			"name  n\none   1\n"},
		{"groups", Table{grouped, [][]string{{"one", "12 s", "3 s"}}}, 0,
			"      time\nname  cold  warm\none   12 s   3 s\n"},
		{"no room, and nothing to cut", Table{grouped[:2], [][]string{{"one", "12 s"}}}, 5,
			"      time\nname  cold\none   12 s\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, test.table.Text(test.width)); diff != "" {
				t.Errorf("text (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMarkdown(t *testing.T) {
	columns := []Column{{Name: "name", Left: true}, {Name: "what it is", Left: true, Cut: true}, {Name: "n", Markdown: "number"}}
	const head = "| name | what it is | number |\n| --- | --- | ---: |\n"
	for _, test := range []struct {
		name string
		row  []string
		want string
	}{
		{"plain", []string{"one", "the first", "1"}, "| one | the first | 1 |\n"},
		{"an end of a cell", []string{"a|b", "|", ""}, `| a\|b | \| |  |` + "\n"},
		{"one that is escaped already", []string{`a\|b`, `\`, "1"}, `| a\\\|b | \\ | 1 |` + "\n"},
		{"lines", []string{"one\ntwo", "one\r\ntwo\rthree", "1"}, "| one two | one two three | 1 |\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(head+test.want, Table{columns, [][]string{test.row}}.Markdown()); diff != "" {
				t.Errorf("Markdown (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCut(t *testing.T) {
	for _, test := range []struct {
		name, text string
		width      int
		want       string
	}{
		{"it fits", "one two", 7, "one two"},
		{"within a word", "one two three", 10, "one two…"},
		{"at a word's end", "one two three", 8, "one two…"},
		{"a word too long by the ellipsis", "one two three", 7, "one…"},
		{"no punctuation before the ellipsis", "one: two", 6, "one…"},
		{"no space", "onetwothree", 4, "one…"},
		{"characters, not bytes", "éééé", 4, "éééé"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := cut(test.text, test.width); got != test.want {
				t.Errorf("cut = %q, want %q", got, test.want)
			}
		})
	}
}
