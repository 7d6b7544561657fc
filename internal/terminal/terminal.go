// Package terminal is what package progress and the example programs share to talk to people: tables, errors on one line,
// and how large a terminal is.
package terminal

import (
	"cmp"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// Size returns the columns and rows of the terminal that w, an *os.File or what else has the method Fd, writes to, 0 and 0 if it
// does not write to one, or to one that can do no more than print ("dumb").
func Size(w io.Writer) (columns, rows int) {
	f, ok := w.(interface{ Fd() uintptr })
	if !ok || !term.IsTerminal(int(f.Fd())) || os.Getenv("TERM") == "dumb" {
		return 0, 0
	}
	columns, rows, err := term.GetSize(int(f.Fd()))
	if err != nil {
		columns, rows = 0, 0
	}
	return cmp.Or(columns, 80), cmp.Or(rows, 24) // those that a terminal has when nobody says otherwise
}

// OneLine is the text of an error on one line, the problems in it separated by semicolons.
func OneLine(err error) string {
	var lines []string
	for line := range strings.Lines(err.Error()) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "; ")
}
