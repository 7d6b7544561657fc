package main

import "github.com/fastresnet/fastresnet/internal/terminal"

// columns are the columns of the table.
var columns = []terminal.Column{
	{Name: "rung", Markdown: "#"},
	{Name: "name", Markdown: "rung", Left: true},
	{Name: "what changed", Left: true, Cut: true},
	{Group: "accuracy", Name: "series", Markdown: "published accuracy"},
	{Name: "here", Markdown: "measured accuracy"},
	{Name: "n"},
	{Group: "time", Name: "series", Markdown: "published time"},
	{Name: "here", Markdown: "measured time"},
	{Group: "ratio", Name: "series", Markdown: "published time / rung before"},
	{Name: "here", Markdown: "measured time / rung before"},
	{Markdown: "note", Left: true},
}

// cells are the table's, with its columns.
func (t table) cells() terminal.Table {
	cells := terminal.Table{Columns: columns}
	for _, r := range t.rows {
		cells.Rows = append(cells.Rows, r.cells())
	}
	return cells
}

// text is the table for a terminal of a width, 0 for none, and the note below it.
func (t table) text(width int) string { return t.cells().Text(width) + "\n" + t.note }

// markdown is the table and the note below it.
func (t table) markdown() string { return t.cells().Markdown() + "\n" + t.note }
