package main

import (
	"cmp"
	"fmt"
	"strings"
	"unicode/utf8"
)

// columns are those of the table.
var columns = []struct {
	group, name string // on a terminal; a group goes on over the columns that follow without one
	markdown    string
	left        bool // aligned so, as numbers are not
}{
	{"", "rung", "#", false},
	{"", "name", "rung", true},
	{"", "what changed", "what changed", true},
	{"accuracy", "series", "published accuracy", false},
	{"", "here", "measured accuracy", false},
	{"", "n", "n", false},
	{"time", "series", "published time", false},
	{"", "here", "measured time", false},
	{"ratio", "series", "published time / rung before", false},
	{"", "here", "measured time / rung before", false},
	{"", "", "note", true},
}

const (
	changeColumn = 2   // the one that may be cut
	gap          = 2   // between columns
	usualWidth   = 129 // of a text that is not for a terminal
)

// text is the table for a terminal of a width, 0 for none. What changed is cut to fit.
func (t table) text(width int) string {
	var heads []string
	for _, c := range columns {
		heads = append(heads, c.name)
	}
	lines := [][]string{heads}
	for _, r := range t.rows {
		lines = append(lines, r.cells())
	}
	widths := fit(lines, cmp.Or(width, usualWidth))

	var text strings.Builder
	text.WriteString(groupLine(widths))
	for _, line := range lines {
		text.WriteString(textLine(line, widths))
	}
	return text.String() + "\n" + t.note
}

// fit is the width of each column, 0 for one that is left out, in a line no longer than total if that can be.
func fit(lines [][]string, total int) []int {
	const narrowest = 12 // a shorter description says nothing
	widths := make([]int, len(columns))
	used := -gap
	for i := range widths {
		for _, line := range lines {
			widths[i] = max(widths[i], utf8.RuneCountInString(line[i]))
		}
		if widths[i] > 0 {
			used += widths[i] + gap
		}
	}
	if used > total {
		widths[changeColumn] -= used - total
		if widths[changeColumn] < narrowest {
			widths[changeColumn] = 0
		}
	}
	return widths
}

// groupLine has the groups' names over their first columns.
func groupLine(widths []int) string {
	line, start := "", 0
	for i, c := range columns {
		if c.group != "" {
			line = fmt.Sprintf("%-*s%s", start, line, c.group)
		}
		if widths[i] > 0 {
			start += widths[i] + gap
		}
	}
	return line + "\n"
}

func textLine(cells []string, widths []int) string {
	var line []string
	for i, c := range columns {
		switch {
		case widths[i] == 0:
		case c.left:
			line = append(line, fmt.Sprintf("%-*s", widths[i], cut(cells[i], widths[i])))
		default:
			line = append(line, fmt.Sprintf("%*s", widths[i], cells[i]))
		}
	}
	return strings.TrimRight(strings.Join(line, strings.Repeat(" ", gap)), " ") + "\n"
}

// cut shortens a text to a width, between words.
func cut(text string, width int) string {
	runes := []rune(text)
	if len(runes) <= width {
		return text
	}
	kept := string(runes[:width]) // a space at its end may go for the ellipsis
	if space := strings.LastIndexByte(kept, ' '); space > 0 {
		kept = kept[:space]
	} else {
		kept = string(runes[:width-1])
	}
	return strings.TrimRight(kept, " ,:") + "…"
}

// markdown is the table and the note below it.
func (t table) markdown() string {
	var heads, rules []string
	for _, c := range columns {
		rule := "---:"
		if c.left {
			rule = "---"
		}
		heads, rules = append(heads, c.markdown), append(rules, rule)
	}
	lines := [][]string{heads, rules}
	for _, r := range t.rows {
		lines = append(lines, r.cells())
	}
	var text strings.Builder
	for _, line := range lines {
		text.WriteString("| " + strings.Join(line, " | ") + " |\n")
	}
	return text.String() + "\n" + t.note
}
