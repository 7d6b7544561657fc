package terminal

import (
	"cmp"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Column is one of a [Table].
type Column struct {
	// Group and Name are its heads on a terminal. A group goes on over the columns that follow without one; a
	// table without groups has no line for them.
	Group, Name string
	// Markdown is its head there; Name if it is empty.
	Markdown string
	// Left aligns texts; numbers are on the right.
	Left bool
	// Cut says that it may be cut to fit, and be left out. One column of a table may.
	Cut bool
}

// Table is rows of texts, one a column.
type Table struct {
	Columns []Column
	Rows    [][]string
}

// UsualWidth is the width of a text that is not for a terminal, in columns.
const UsualWidth = 129

const gap = 2 // between columns

// Text is the table for a terminal of a width, 0 for none. A column without any text is left out.
func (t Table) Text(width int) string {
	var heads []string
	for _, c := range t.Columns {
		heads = append(heads, c.Name)
	}
	lines := append([][]string{heads}, t.Rows...)
	widths := t.fit(lines, cmp.Or(width, UsualWidth))

	text := t.groupLine(widths)
	for _, line := range lines {
		text += t.textLine(line, widths)
	}
	return text
}

// fit is the width of each column, 0 for one that is left out, in a line no longer than total if that can be.
func (t Table) fit(lines [][]string, total int) []int {
	const narrowest = 12 // a shorter text says nothing
	widths := make([]int, len(t.Columns))
	used, cut := -gap, -1
	for i, c := range t.Columns {
		if c.Cut {
			cut = i
		}
		for _, line := range lines {
			widths[i] = max(widths[i], utf8.RuneCountInString(line[i]))
		}
		if widths[i] > 0 {
			used += widths[i] + gap
		}
	}
	if used > total && cut >= 0 {
		widths[cut] -= used - total
		if widths[cut] < narrowest {
			widths[cut] = 0
		}
	}
	return widths
}

// groupLine has the groups' names over their first columns; nothing if there are no groups.
func (t Table) groupLine(widths []int) string {
	line, start := "", 0
	for i, c := range t.Columns {
		if c.Group != "" {
			line = fmt.Sprintf("%-*s%s", start, line, c.Group)
		}
		if widths[i] > 0 {
			start += widths[i] + gap
		}
	}
	if line == "" {
		return ""
	}
	return line + "\n"
}

func (t Table) textLine(cells []string, widths []int) string {
	var line []string
	for i, c := range t.Columns {
		switch {
		case widths[i] == 0:
		case c.Left:
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

// inCell has a text be one cell of a table in Markdown.
var inCell = strings.NewReplacer(`\`, `\\`, "|", `\|`, "\r\n", " ", "\n", " ", "\r", " ")

// Markdown is the table as Markdown.
func (t Table) Markdown() string {
	var heads, rules []string
	for _, c := range t.Columns {
		rule := "---:"
		if c.Left {
			rule = "---"
		}
		heads, rules = append(heads, cmp.Or(c.Markdown, c.Name)), append(rules, rule)
	}
	var text strings.Builder
	for _, line := range append([][]string{heads, rules}, t.Rows...) {
		for _, cell := range line {
			text.WriteString("| " + inCell.Replace(cell) + " ")
		}
		text.WriteString("|\n")
	}
	return text.String()
}
